// The house's limits that no linter knows: file length, import direction, doors of folders, who may spawn,
// read the environment or delete trees, reasons for disabled rules, tests that mirror the sources.
// Prints every violation and exits with 1 when there is one. `check-shape.mjs [ROOT]`
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { fileURLToPath } from "node:url";

const root = process.argv[2] ?? fileURLToPath(new URL("..", import.meta.url));

const MOST_LINES = 250;
const USUAL_LINES = 150;

/** What holds modules of our own. Parts know nothing of each other. */
const PARTS = ["config", "providers", "boxes", "network", "machines", "connections"];
/** Parts of rooms with a door each, so that a command loads only those that it needs. */
const ROOMS = ["boxes"];
/** Types that any layer may know. */
const CONTRACT = "providers/provider.ts";

/** layer -> the layers that its files may import; `types` only as `import type`. */
const DIRECTION = {
  entry: { values: ["entry", "commands", "operations", "part", "ui", "system", "errors"], types: [] },
  commands: { values: ["entry", "commands", "operations", "ui", "system", "errors"], types: ["part"] },
  operations: { values: ["operations", "part", "system", "errors"], types: [] },
  ui: { values: ["ui", "system", "errors"], types: ["operations"] },
  part: { values: ["system", "libvirt", "errors"], types: [] },
  system: { values: ["system", "errors"], types: [] },
  libvirt: { values: ["libvirt"], types: [] },
  errors: { values: [], types: [] },
};

/** What only a few files may do; a trailing slash means a folder. */
const CONFINED = [
  {
    what: "runs processes",
    pattern: /import (?!type\b)[^;]*["'](?:node:)?child_process["']/,
    where: ["system/process.ts", "libvirt/transport/ssh.ts"],
  },
  {
    what: "reads process.env",
    pattern: /\bprocess\s*\.\s*env\b|import [^;]*\benv\b[^;]*["'](?:node:)?process["']/,
    where: ["system/environment.ts", "system/process.ts"],
  },
  {
    what: "deletes trees",
    pattern: /\b(?:rm|rmdir)(?:Sync)?\([^;]*?\brecursive:\s*true/,
    where: ["system/files.ts"],
  },
  {
    what: "imports zod as `{ z }`, which puts half a megabyte of it into the bundle (20 ms); write `import * as z`",
    pattern: /import \{[^}]*\bz\b[^}]*\} from "zod"/,
    where: [],
  },
];

/** Sources that have no unit test of their own, and why; a trailing slash means a folder. */
const UNTESTED = {
  "failure.ts": "test/cli sees every shape of it",
  "main.ts": "starts oclif; test/cli runs it",
  "base-command.ts": "test/cli runs every command through it",
  "passthrough-command.ts": "test/cli runs `ssh` and `exec` through it",
  "commands/": "thin; test/cli runs each of them",
  "operations/await-ready.ts": "test/e2e waits for real machines through it",
  "operations/box-build.ts": "test/cli and test/e2e/boxes run `box build`",
  "operations/box-repair.ts": "test/unit/operations/box-verify.test.ts and test/contract/store",
  "operations/box-source.ts": "test/unit/operations/box-outdated.test.ts and test/contract/store",
  "operations/bring-up.ts": "test/unit/operations/up.test.ts and test/e2e",
  "operations/create-machine.ts": "test/unit/operations/up.test.ts and test/e2e/crash",
  "operations/doctor.ts": "test/cli runs it on the real host",
  "operations/images.ts": "test/unit/operations/up.test.ts",
  "operations/init.ts": "test/cli",
  "operations/lock-machine.ts": "test/e2e/crash: two at once",
  "operations/network.ts": "test/e2e/mixed",
  "operations/own-project.ts": "test/e2e/misfortune: moved and copied folders",
  "operations/project.ts": "test/cli: validate, config",
  "operations/pump.ts": "test/unit/operations/commands-inside.test.ts",
  "operations/remove-machine.ts": "test/unit/operations/going-away.test.ts",
  "operations/run-spec.ts": "test/unit/operations/up.test.ts",
  "operations/running.ts": "test/unit/operations/commands-inside.test.ts",
  "operations/ssh-target.ts": "test/e2e/life",
  "operations/ssh.ts": "test/e2e/life",
  "operations/stop.ts": "test/unit/operations/going-away.test.ts",
  "operations/tidy-projects.ts": "test/e2e/crash counts what it leaves",
  "boxes/repair.ts": "test/contract/store repairs images of a real registry",
  "connections/channel.ts": "session.test.ts and test/unit/providers/libvirt/ssh.test.ts drive it",
  "providers/registry.ts": "a table of two",
  "system/assets.ts": "every template and recipe is found by it",
  "system/clock.ts": "the real clock; tests put in their own",
  "system/environment.ts": "a list of names",
  "system/log.ts": "three lines",
  "ui/question.ts": "needs a terminal",
  "operations/health.ts": "reads from a machine: test/e2e/images",
  "operations/own-system.ts": "needs a machine with a system of its own: test/e2e/own-disk",
  "network/bridge.ts": "the kernel's side: test/contract/network, in namespaces of its own",
  "network/check.ts": "the kernel's side: test/contract/network, in namespaces of its own",
  "network/dnsmasq.ts": "the kernel's side: test/contract/network, in namespaces of its own",
  "network/links.ts": "the kernel's side: test/contract/network, in namespaces of its own",
  "network/names.ts": "the kernel's side: test/contract/network, in namespaces of its own",
  "network/network.ts": "the kernel's side: test/contract/network, in namespaces of its own",
  "network/owner.ts": "the kernel's side: test/contract/network, in namespaces of its own",
  "network/sweep.ts": "the kernel's side: test/contract/network, in namespaces of its own",
};

/** Tests that mirror no source: of what is generated and of the scripts. */
const OTHER_TESTS = ["docs/"];

const problems = [];
const remarks = [];
const sources = filesIn("src", /\.ts$/).map(readSource);
const known = new Set(sources.map(({ path }) => path));

for (const source of sources) {
  checkLength(source);
  checkImports(source);
  checkConfined(source);
  checkReleases(source);
}
for (const folder of ["src", "test", "scripts", "bin"]) checkIgnores(folder);
checkMirror();

for (const remark of remarks) console.error(`note: ${remark}`);
for (const problem of problems) console.error(problem);
if (problems.length > 0)
  console.error(`${problems.length} violations of the house's shape (CONTRIBUTING.md)`);
process.exitCode = problems.length > 0 ? 1 : 0;

function filesIn(folder, pattern) {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && pattern.test(entry.name))
    .map((entry) => posix.relative(posix.join(root, folder), posix.join(entry.parentPath, entry.name)))
    .sort();
}

function readSource(path) {
  const text = readFileSync(join(root, "src", path), "utf8");
  return { path, text, code: withoutComments(text) };
}

/** Strings keep what looks like a comment in them: a URL is no comment. */
function withoutComments(text) {
  return text.replace(
    /("(?:\\.|[^"\\\n])*"|`(?:\\[\s\S]|[^`\\])*`)|\/\*[\s\S]*?\*\/|\/\/.*$/gm,
    (_, string) => string ?? "",
  );
}

function checkLength({ path, text }) {
  const lines = text.split("\n").length - 1;
  if (lines > MOST_LINES) problems.push(`src/${path}: ${lines} lines; ${MOST_LINES} is the most`);
  else if (lines > USUAL_LINES) remarks.push(`src/${path} has ${lines} lines; ${USUAL_LINES} is usual`);
}

function checkImports({ path, code }) {
  if (!(layerOf(path) in DIRECTION)) {
    problems.push(`src/${path}: no layer of ARCHITECTURE.md; add its folder to PARTS or DIRECTION`);
    return;
  }
  for (const { target, typeOnly, late } of importsOf(path, code)) {
    const complain = (why) => problems.push(`src/${path}: imports ${target}: ${why}`);
    if (target === CONTRACT) {
      if (!typeOnly) complain("the contract holds types; write `import type`");
      if (["libvirt", "errors", "system"].includes(layerOf(path))) complain("it is above this layer");
      continue;
    }
    const direction = directionFault(path, target, typeOnly);
    if (direction) complain(direction);
    const door = late ? undefined : doorFault(path, target); // a door would load at once what is loaded late
    if (door) complain(door);
  }
}

/** The files of ours that a file imports, relative to src. */
function importsOf(path, code) {
  const found = code.matchAll(
    /\b(?:import|export)\s+(type\s)?([^"'`;]*?from\s*)?["'](\.[^"']+)["']|\bimport\(\s*["'](\.[^"']+)["']/g,
  );
  return [...found].map(([, type, names = "", fixed, late]) => ({
    target: posix.join(posix.dirname(path), fixed ?? late),
    typeOnly: late === undefined && (Boolean(type) || onlyTypes(names)),
    late: late !== undefined,
  }));
}

function onlyTypes(names) {
  const inside = /^\{([^}]*)\}\s*from\s*$/.exec(names.trim() ? `${names.trim()} ` : "")?.[1];
  const words = (inside ?? "")
    .split(",")
    .map((word) => word.trim())
    .filter(Boolean);
  return words.length > 0 && words.every((word) => word.startsWith("type "));
}

function directionFault(from, to, typeOnly) {
  const [layer, other] = [layerOf(from), layerOf(to)];
  if (layer === "part" && other === "part") {
    const [part, otherPart] = [partOf(from), partOf(to)];
    if (part === otherPart || isRegistry(from)) return undefined;
    // Every provider needs a way in, and what all of them share lies beside the contract.
    const isForProviders = otherPart === "connections" || (otherPart === "providers" && !isRegistry(to));
    return part.startsWith("providers") && isForProviders ? undefined : "parts do not know each other";
  }
  const allowed = DIRECTION[layer];
  if (allowed.values.includes(other) || (typeOnly && allowed.types.includes(other))) return undefined;
  if (allowed.types.includes(other)) return `${layer} may import only types of ${other}`;
  return `${layer} may not import ${other}`;
}

function layerOf(path) {
  if (path === "errors.ts") return "errors";
  if (!path.includes("/")) return "entry";
  const folder = path.split("/")[0];
  return PARTS.includes(folder) ? "part" : folder;
}

/** Each provider is a part of its own. */
function partOf(path) {
  const [folder, inner] = path.split("/");
  return folder === "providers" && !inner.endsWith(".ts") ? `${folder}/${inner}` : folder;
}

function isRegistry(path) {
  return path === "providers/registry.ts";
}

/** A folder that has a door is entered through it, by everyone outside; one of rooms also through theirs. */
function doorFault(from, to) {
  if (ROOMS.includes(posix.dirname(posix.dirname(to))) && posix.basename(to) === "index.ts") return undefined;
  for (let folder = posix.dirname(to); folder !== "."; folder = posix.dirname(folder)) {
    const door = `${folder}/index.ts`;
    if (known.has(door) && to !== door && !from.startsWith(`${folder}/`)) return `enter through ${door}`;
  }
  return undefined;
}

function checkConfined({ path, code }) {
  for (const { what, pattern, where } of CONFINED) {
    if (pattern.test(code) && !where.some((place) => isAt(path, place))) {
      problems.push(`src/${path}: ${what}${where.length > 0 ? `; only ${where.join(", ")} may` : ""}`);
    }
  }
}

/** What `await using` holds is released when the function returns, also when that hands on a promise. */
function checkReleases({ path, code }) {
  let depth; // of the block that holds something
  for (const [index, line] of code.split("\n").entries()) {
    const indent = line.search(/\S/);
    if (/^\s*await using /.test(line)) depth = indent;
    if (depth === undefined || indent < 0) continue;
    if (indent < depth) depth = undefined;
    else if (/^\s*return \w+\(.*\);$/.test(line) && !line.includes("=>")) {
      problems.push(
        `src/${path}:${index + 1}: hands on what may be a promise, and releases before it ends: return await`,
      );
    }
  }
}

function checkIgnores(folder) {
  for (const path of filesIn(folder, /\.(ts|mjs|js)$/)) {
    const lines = readFileSync(join(root, folder, path), "utf8").split("\n");
    for (const [index, line] of lines.entries()) {
      const rest = /^\s*(?:\/\/|\/\*)\s*biome-ignore[\w-]*\s+[\w/]+(.*)/.exec(line)?.[1];
      if (rest === undefined || /^(?:\([^)]*\))?:\s*(?!<)\w.{7}/.test(rest)) continue;
      problems.push(`${folder}/${path}:${index + 1}: biome-ignore without a reason`);
    }
  }
}

/** A source is tested by a file of its name, by one for its folder, or by one beside that place which imports it. */
function checkMirror() {
  const tests = filesIn("test/unit", /\.test\.ts$/).map(readTest);
  for (const { path, code } of sources) {
    const excused = Object.keys(UNTESTED).some((place) => isAt(path, place));
    const own = path.replace(/\.ts$/, "");
    const tested = tests.some(
      ({ name, imports }) =>
        name === own || name === dirname(path) || (dirname(name) === dirname(path) && imports.has(path)),
    );
    if (!tested && !excused && doesSomething(code)) {
      problems.push(`src/${path}: no test/unit/${own}.test.ts (or a reason in UNTESTED)`);
    }
  }
  for (const { name } of tests) checkTestPlace(name);
  for (const place of Object.keys(UNTESTED)) {
    if (![...known].some((path) => isAt(path, place)) && existsSync(join(root, "scripts/check-shape.mjs"))) {
      problems.push(`scripts/check-shape.mjs: UNTESTED names src/${place}, which is not there`);
    }
  }
}

function readTest(path) {
  const code = withoutComments(readFileSync(join(root, "test/unit", path), "utf8"));
  const found = code.matchAll(/["'](?:\.\.\/)+src\/([^"']+\.ts)["']/g);
  return { name: path.replace(/\.test\.ts$/, ""), imports: new Set([...found].map(([, source]) => source)) };
}

function checkTestPlace(name) {
  const folder = dirname(name) === "." ? name : dirname(name);
  const mirrored = known.has(`${name}.ts`) || [...known].some((path) => path.startsWith(`${folder}/`));
  if (!mirrored && !OTHER_TESTS.some((place) => isAt(name, place))) {
    problems.push(`test/unit/${name}.test.ts: there is no src/${name}.ts and no src/${folder}/`);
  }
}

/** Types, constants and re-exports need no test. */
function doesSomething(code) {
  return /\b(?:function\b|class\b)|=>\s*[^;]*[;,)}]/.test(
    code.replace(/^export (?:type|interface) [\s\S]*?\n\}?;?$/gm, ""),
  );
}

function isAt(path, place) {
  return place.endsWith("/") ? path.startsWith(place) : path === place;
}
