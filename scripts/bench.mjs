/**
 * `npm run bench [RUNS]`: the numbers we promise, measured on this host with the built program. Medians over runs with
 * the spread; ratios are taken within one run. Nothing here passes or fails.
 */
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { benchImages } from "./bench-images.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const program = join(root, "bin/run.js");
const runs = Number(process.argv[2] ?? 5);
const rows = [];

/** Runs bothy in a project folder; returns its JSON and the seconds it took. */
function bothy(cwd, ...args) {
  const startedAt = performance.now();
  const { status, stdout, stderr } = spawnSync("node", [program, ...args, "--json", "--cwd", cwd], {
    encoding: "utf8",
  });
  const seconds = (performance.now() - startedAt) / 1000;
  if (status !== 0) throw new Error(`bothy ${args.join(" ")}: ${stdout}${stderr}`);
  return { seconds, value: JSON.parse(stdout) };
}

function project(machines) {
  const folder = mkdtempSync("/var/tmp/bothy-bench-");
  writeFileSync(join(folder, "bothy.yaml"), `defaults: { box: debian/12 }\nmachines:\n${machines}`);
  return {
    folder,
    [Symbol.dispose]: () => {
      spawnSync("node", [program, "destroy", "-f", "-q", "--cwd", folder]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function withProject(machines, measure) {
  const place = project(machines);
  try {
    return measure(place.folder);
  } finally {
    place[Symbol.dispose]();
  }
}

function report(what, reach, samples, unit = "s") {
  const sorted = samples.toSorted((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)];
  const digits = unit === "s" ? 2 : 1;
  const [low, high] = [sorted[0], sorted.at(-1)];
  rows.push([
    what,
    reach,
    `${median.toFixed(digits)} ${unit}`,
    `${low.toFixed(digits)}-${high.toFixed(digits)}`,
    String(samples.length),
  ]);
  console.error(
    `${what}: ${median.toFixed(digits)} ${unit} (${low.toFixed(digits)}-${high.toFixed(digits)})`,
  );
}

const repeat = (count, measure) => Array.from({ length: count }, (_, index) => measure(index));

/** Seconds until a freshly started `up` lets `exec` answer, asked from a second process all the time. */
async function untilExec(folder, isolation) {
  const startedAt = performance.now();
  const up = spawn("node", [program, "up", "--isolation", isolation, "-q", "--cwd", folder], {
    stdio: "ignore",
  });
  const ended = new Promise((resolve) => up.once("close", resolve));
  let seconds;
  while (seconds === undefined && up.exitCode === null) {
    const { status } = spawnSync(
      "node",
      [program, "exec", "m", "--cwd", folder, "--", "/.bothy/bin/busybox", "true"],
      { stdio: "ignore" },
    );
    if (status === 0) seconds = (performance.now() - startedAt) / 1000;
  }
  await ended;
  return seconds ?? (performance.now() - startedAt) / 1000;
}

function life(isolation, count) {
  const taken = { up: [], again: [], halt: [], destroyRunning: [], destroyHalted: [], disk: [] };
  for (let index = 0; index < count; index++) {
    withProject(`  m: { isolation: ${isolation} }\n`, (folder) => {
      taken.up.push(bothy(folder, "up").seconds);
      taken.halt.push(bothy(folder, "halt").seconds);
      taken.again.push(bothy(folder, "up").seconds);
      taken.disk.push(bothy(folder, "status").value.machines[0].diskUsedMiB);
      taken.destroyRunning.push(bothy(folder, "destroy", "-f").seconds);
    });
  }
  return taken;
}

function sixAtOnce() {
  const both = (name, isolation) => `  ${name}: { isolation: ${isolation} }\n`;
  const alone = ["container", "vm"].map((isolation) =>
    withProject(both("m", isolation), (folder) => bothy(folder, "up").seconds),
  );
  const names = ["a", "b", "c"];
  const all = names.map((name) => both(`c${name}`, "container") + both(`v${name}`, "vm")).join("");
  const together = withProject(all, (folder) => bothy(folder, "up", "--parallel", "6").seconds);
  return { together, slowest: Math.max(...alone) };
}

console.error(`bothy bench: ${runs} runs; medians (least-most)`);
const node = repeat(runs * 2, () => {
  const startedAt = performance.now();
  spawnSync("node", ["-e", "0"]);
  return (performance.now() - startedAt) / 1000;
});
withProject("  a: {}\n  b: { isolation: vm }\n", (folder) => {
  bothy(folder, "up");
  const status = repeat(runs * 2, () => bothy(folder, "status").seconds);
  report("node -e 0", "", node);
  report("status, two machines running", "", status);
  report(
    "  in times node -e 0",
    "4",
    status.map((seconds, index) => seconds / node[index]),
    "x",
  );
});

const container = life("container", runs);
report("container: up, new machine, until ssh answers", "1.5", container.up);
const exec = [];
for (let index = 0; index < runs; index++) {
  const place = project("  m: {}\n");
  exec.push(await untilExec(place.folder, "container"));
  place[Symbol.dispose]();
}
report("container: up, new machine, until exec answers", "0.8", exec);
report("container: up again after halt", "1.2", container.again);
report("container: halt", "1.5", container.halt);
report("container: destroy while running", "1.0", container.destroyRunning);
report("container: disk of a new machine", "8", container.disk, "MiB");

const vm = life("vm", Math.max(3, Math.ceil(runs / 2)));
report("VM: up, new machine, until ssh answers", "16", vm.up);
report("VM: up again after halt", "", vm.again);
report("VM: halt", "8", vm.halt);
report("VM: destroy while running", "2", vm.destroyRunning);
report("VM: disk of a new machine", "8", vm.disk, "MiB");

const six = repeat(Math.max(1, Math.floor(runs / 3)), sixAtOnce);
report(
  "six machines at once (3 + 3)",
  "",
  six.map(({ together }) => together),
);
report(
  "  in times the slowest alone",
  "2",
  six.map(({ together, slowest }) => together / slowest),
  "x",
);

await benchImages({ program, runs, report });

const store = process.env.BOTHY_HOME ?? "/var/lib/bothy";
console.error(`store ${store}: ${statSync(store).isDirectory() ? "shared by all runs" : ""}`);
const header = ["what", "reach", "median", "least-most", "runs"];
const widths = header.map((_, column) => Math.max(...[header, ...rows].map((row) => row[column].length)));
for (const row of [header, ...rows])
  console.log(
    row
      .map((cell, column) => cell.padEnd(widths[column]))
      .join("  ")
      .trimEnd(),
  );
