/**
 * The numbers of pulled images: a 100 MB image of five layers from Debian's docker-registry on loopback, against
 * `skopeo copy` to a folder, `tar` and `mkfs.erofs` of the same. Layers are files of this host, as Debian packed them.
 */
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const MEBIBYTE = 1024 * 1024;
const LAYERS = 5;
const LAYER_MIB = 20;
const NAME = "bench/image";

/** Measures with `bothy(home, ...argv)` and tells `report(what, reach, samples, unit)`. */
export async function benchImages({ program, runs, report }) {
  const folder = mkdtempSync("/var/tmp/bothy-bench-images-");
  const registry = await startRegistry(folder);
  try {
    makeImages(folder, registry.host);
    const taken = { pull: [], ratio: [], second: [] };
    for (let index = 0; index < runs; index++) measure(folder, registry.host, program, taken);
    report("pull of a 100 MB image of five layers", "", taken.pull);
    report("  in times skopeo copy, tar and mkfs.erofs", "1.3", taken.ratio, "x");
    report("pull of another that shares four of them", "", taken.second);
  } finally {
    registry.child.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  }
}

function measure(folder, host, program, taken) {
  const home = join(folder, "home");
  const foreign = join(folder, "foreign");
  for (const place of [home, foreign]) {
    rmSync(place, { recursive: true, force: true });
    mkdirSync(place);
  }
  const add = (tag) =>
    timed(["node", program, "box", "add", `${host}/${NAME}:${tag}`, "--quiet"], { BOTHY_HOME: home });
  const pull = add("one");
  taken.pull.push(pull);
  taken.ratio.push(pull / timed(["sh", "-ec", FOREIGN, "sh", `docker://${host}/${NAME}:one`, foreign]));
  taken.second.push(add("two"));
}

const FOREIGN = `
skopeo copy --quiet --src-tls-verify=false "$1" "dir:$2/image"
for blob in "$2"/image/*; do
  case $blob in *.json | */version) continue ;; esac
  mkdir "$2/tree"
  if tar -xzf "$blob" -C "$2/tree" 2>/dev/null; then
    mkfs.erofs --quiet -zlz4 "$2/$(basename "$blob").erofs" "$2/tree"
  fi
  rm -r "$2/tree"
done
`;

/** Two images: of the first five and of the first four and the last of six layers, each of files of about 20 MiB. */
function makeImages(folder, host) {
  const files = spawnSync("find", ["/usr/lib", "/usr/share", "-xdev", "-type", "f", "-size", "-4M"], {
    encoding: "utf8",
    maxBuffer: 1 << 28,
  }).stdout.split("\n");
  const layout = join(folder, "layout");
  succeed(["umoci", "init", "--layout", layout]);
  for (const tag of ["one", "two"]) succeed(["umoci", "new", "--image", `${layout}:${tag}`]);
  const names = files.filter(Boolean).sort();
  for (let index = 0; index <= LAYERS; index++) {
    const tar = join(folder, "layer.tar");
    makeLayer(tar, names);
    const tags = index < LAYERS - 1 ? ["one", "two"] : index === LAYERS - 1 ? ["one"] : ["two"];
    for (const tag of tags) succeed(["umoci", "raw", "add-layer", "--image", `${layout}:${tag}`, tar]);
  }
  for (const tag of ["one", "two"]) {
    succeed([
      "skopeo",
      "copy",
      "--quiet",
      "--dest-tls-verify=false",
      `oci:${layout}:${tag}`,
      `docker://${host}/${NAME}:${tag}`,
    ]);
  }
}

/** Takes the first names off the list until they make a layer. */
function makeLayer(tar, names) {
  const taken = [];
  let bytes = 0;
  while (bytes < LAYER_MIB * MEBIBYTE && names.length > 0) {
    const name = names.shift();
    bytes += statSync(name).size;
    taken.push(name.slice(1));
  }
  succeed(["tar", "-C", "/", "-cf", tar, "--no-recursion", "-T", "-"], taken.join("\n"));
}

async function startRegistry(folder) {
  const log = join(folder, "registry.log");
  const config = join(folder, "registry.json");
  const storage = { filesystem: { rootdirectory: join(folder, "registry") } };
  writeFileSync(config, JSON.stringify({ version: "0.1", storage, http: { addr: "127.0.0.1:0" } }));
  const out = openSync(log, "w");
  const child = spawn("docker-registry", ["serve", config], {
    stdio: ["ignore", out, out],
    env: { ...process.env, OTEL_TRACES_EXPORTER: "none" },
  });
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    const port = /listening on 127\.0\.0\.1:(\d+)/.exec(readFileSync(log, "utf8"))?.[1];
    if (port) return { child, host: `127.0.0.1:${port}` };
    if (child.exitCode !== null) throw new Error(readFileSync(log, "utf8"));
  }
}

function timed(argv, env = {}) {
  const startedAt = performance.now();
  succeed(argv, "", env);
  return (performance.now() - startedAt) / 1000;
}

function succeed([file, ...args], input = "", env = {}) {
  const { status, stdout, stderr } = spawnSync(file, args, {
    input,
    encoding: "utf8",
    env: { ...process.env, ...env },
  });
  if (status !== 0) throw new Error(`${file} ${args.join(" ")}: ${stdout}${stderr}`);
  return stdout;
}
