/**
 * `npm test`: on a fresh clone sets up everything (packages, build, host, boxes), then runs every check and test and
 * looks for residue. Arguments go to vitest, and then only vitest runs.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

function step(title, argv) {
  console.error(`\n== ${title}`);
  const { status } = spawnSync(argv[0], argv.slice(1), { cwd: root, stdio: "inherit" });
  if (status !== 0) {
    console.error(`\n${title}: failed`);
    process.exit(status ?? 1);
  }
}

/** Runs vitest and closes with one plain line of counts, for people and for CI. */
function vitest(...args) {
  const folder = mkdtempSync(join(tmpdir(), "bothy-results-"));
  const file = join(folder, "results.json");
  const argv = [
    "vitest",
    "run",
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${file}`,
    ...args,
  ];
  const { status } = spawnSync("npx", argv, { cwd: root, stdio: "inherit" });
  const results = JSON.parse(readFileSync(file, "utf8"));
  rmSync(folder, { recursive: true });
  return { ok: status === 0, line: `${results.numPassedTests} passed, ${results.numFailedTests} failed` };
}

const extra = process.argv.slice(2);
step("prepare", ["bash", "-eu", "scripts/prepare.sh"]);
step("programs that only tests use", ["bash", "-eu", "scripts/test-tools.sh"]);
if (extra.length > 0) {
  const { ok, line } = vitest(...extra);
  console.log(line);
  process.exitCode = ok ? 0 : 1;
} else {
  step("check", ["npm", "run", "--silent", "check"]);
  step("boxes", ["node", "bin/run.js", "box", "build", "debian/12"]);
  step("boxes", ["node", "bin/run.js", "box", "build", "debian/12-slim"]);
  console.error("\n== tests");
  const { ok, line } = vitest();
  step("residue", ["node", "scripts/residue.mjs"]);
  console.log(line);
  process.exitCode = ok ? 0 : 1;
}
