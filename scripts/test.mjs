/**
 * `npm test`: on a fresh clone sets up everything (packages, build, host, boxes), then runs every check and test and
 * looks for residue. Arguments go to vitest, and then only vitest runs.
 */
import { spawnSync } from "node:child_process";
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

const extra = process.argv.slice(2);
step("prepare", ["bash", "-eu", "scripts/prepare.sh"]);
if (extra.length > 0) {
  step("tests", ["npx", "vitest", "run", ...extra]);
} else {
  step("check", ["npm", "run", "--silent", "check"]);
  step("boxes", ["node", "bin/run.js", "box", "build", "debian/12"]);
  step("boxes", ["node", "bin/run.js", "box", "build", "debian/12-slim"]);
  step("tests", ["npx", "vitest", "run"]);
  step("residue", ["node", "scripts/residue.mjs"]);
}
