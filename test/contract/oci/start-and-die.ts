/** Starts a machine and kills itself with SIGKILL some time after a step of the start was reported. */
import { ociProvider } from "../../../src/providers/oci/index.ts";
import { layout } from "../../../src/system/index.ts";

const [, , home, spec = "{}", step, delayMs] = process.argv;
const die = () => process.kill(process.pid, "SIGKILL");
let steps = 0;
const report = () => {
  steps += 1;
  if (steps !== Number(step)) return;
  if (Number(delayMs) === 0) die();
  setTimeout(die, Number(delayMs));
};
await ociProvider({ layout: layout(home) }).start(JSON.parse(spec), { report });
die();
