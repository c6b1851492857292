var __knownSymbol = (name, symbol) => (symbol = Symbol[name]) ? symbol : /* @__PURE__ */ Symbol.for("Symbol." + name);
var __typeError = (msg) => {
  throw TypeError(msg);
};
var __using = (stack, value, async) => {
  if (value != null) {
    if (typeof value !== "object" && typeof value !== "function") __typeError("Object expected");
    var dispose, inner;
    if (async) dispose = value[__knownSymbol("asyncDispose")];
    if (dispose === void 0) {
      dispose = value[__knownSymbol("dispose")];
      if (async) inner = dispose;
    }
    if (typeof dispose !== "function") __typeError("Object not disposable");
    if (inner) dispose = function() {
      try {
        inner.call(this);
      } catch (e) {
        return Promise.reject(e);
      }
    };
    stack.push([async, dispose, value]);
  } else if (async) {
    stack.push([async]);
  }
  return value;
};
var __callDispose = (stack, error, hasError) => {
  var E = typeof SuppressedError === "function" ? SuppressedError : function(e, s, m, _) {
    return _ = Error(m), _.name = "SuppressedError", _.error = e, _.suppressed = s, _;
  };
  var fail = (e) => error = hasError ? new E(e, error, "An error was suppressed during disposal") : (hasError = true, e);
  var next = (it) => {
    while (it = stack.pop()) {
      try {
        var result = it[1] && it[1].call(it[2]);
        if (it[0]) return Promise.resolve(result).then(next, (e) => (fail(e), next()));
      } catch (e) {
        fail(e);
      }
    }
    if (hasError) throw error;
  };
  return next();
};

// src/boxes/build.ts
import { stat } from "node:fs/promises";
import { join as join9 } from "node:path";

// src/errors.ts
var EXIT = { failed: 1, usage: 2, notFound: 3, host: 4, execFailed: 125, interrupted: 130 };
var ERROR_CODES = {
  FAILED: [EXIT.failed, "Something went wrong that has no code of its own."],
  BUG: [EXIT.failed, "A defect of bothy: please report it with the output of `--debug`."],
  INTERRUPTED: [EXIT.interrupted, "The command was interrupted; what it had begun was undone."],
  COMMAND_FAILED: [EXIT.failed, "A tool of the host that bothy ran returned an error."],
  TIMEOUT: [EXIT.failed, "A wait ended without what it waited for; the message shows the evidence."],
  LOCKED: [EXIT.failed, "Another bothy process works on the same thing and did not finish in time."],
  USAGE: [EXIT.usage, "Wrong arguments."],
  CONFIG_MISSING: [EXIT.usage, "No bothy.yaml in this folder or above it."],
  CONFIG_INVALID: [EXIT.usage, "The project file has problems; all of them are listed with line and column."],
  FILE_EXISTS: [EXIT.usage, "A file that the command would write is there already."],
  MACHINE_UNKNOWN: [EXIT.notFound, "No machine of that name, pattern or id."],
  MACHINE_AMBIGUOUS: [EXIT.usage, "The command needs one machine and several match."],
  MACHINE_STATE: [EXIT.notFound, "The machine is not in a state for this."],
  MACHINE_BROKEN: [EXIT.failed, "The machine's own files are missing, damaged or of a newer version."],
  START_FAILED: [EXIT.failed, "The machine could not be started; what was made for it is gone again."],
  MACHINE_STOPPED_EARLY: [EXIT.failed, "The machine stopped while bothy waited for it."],
  STATE_INVALID: [EXIT.failed, "A state file is damaged or was written by a newer bothy."],
  BOX_UNKNOWN: [EXIT.notFound, "No box of that name in the store and no recipe for it."],
  BOX_IN_USE: [EXIT.notFound, "The box cannot be removed: machines stand on it."],
  BOX_BUILD_FAILED: [EXIT.failed, "Building a box or an artefact failed; nothing of it was kept."],
  LAYER_DAMAGED: [EXIT.failed, "A layer's file is missing or its content has changed."],
  DISK_FULL: [EXIT.failed, "The file system of the store has no room left."],
  DISK_BUSY: [EXIT.failed, "A machine's data disk is attached somewhere else."],
  DISK_DAMAGED: [EXIT.failed, "A data disk's file system has errors that need a decision."],
  COPY_FAILED: [EXIT.failed, "Copying between host and machine failed."],
  CONNECT_FAILED: [EXIT.failed, "The machine could not be reached."],
  NETWORK_EXHAUSTED: [EXIT.failed, "No free subnet or address is left."],
  NETWORK_CONFLICT: [EXIT.failed, "A link, subnet or rule that bothy needs belongs to something else."],
  NOT_ROOT: [EXIT.host, "bothy needs root for now."],
  TOOL_MISSING: [EXIT.host, "A program that bothy needs is not installed."],
  NAME_TAKEN: [EXIT.failed, "A name that bothy needs on this host belongs to something else."],
  DAEMON_UNREACHABLE: [EXIT.host, "No libvirt daemon answers and none could be started."],
  DAEMON_FAILED: [EXIT.failed, "The libvirt daemon refused or failed."],
  DAEMON_LOST: [EXIT.failed, "The libvirt daemon went away during the command."],
  KVM_MODE: [EXIT.host, "/dev/kvm has an owner or mode that libvirt's QEMU cannot use."],
  RUNTIME_UNUSABLE: [EXIT.host, "No OCI runtime works on this host."],
  STORE_UNREACHABLE: [EXIT.host, "QEMU's user cannot reach the store's folder."],
  KERNEL_FEATURE: [EXIT.host, "The host's kernel lacks something that bothy needs."]
};
var BothyError = class extends Error {
  name = "BothyError";
  code;
  hints;
  /** Where this code is explained. */
  ref;
  exit;
  constructor(code, message, details = {}) {
    super(message, details.cause === void 0 ? void 0 : { cause: details.cause });
    this.code = code;
    this.hints = details.hints ?? [];
    this.ref = `docs/errors.md#${code.toLowerCase()}`;
    this.exit = details.exit ?? ERROR_CODES[code][0];
  }
};
function hasErrno(error, ...names) {
  return error instanceof Error && names.includes(error.code ?? "");
}
function messageOf(error) {
  return error instanceof Error ? error.message : String(error);
}

// src/system/assets.ts
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
var packageRoot = findRoot(dirname(fileURLToPath(import.meta.url)));
function asset(...parts) {
  return join(packageRoot, ...parts);
}
function findRoot(folder) {
  if (existsSync(join(folder, "package.json"))) return folder;
  const parent = dirname(folder);
  if (parent === folder) throw new Error("package.json of bothy not found");
  return findRoot(parent);
}

// src/system/environment.ts
var VARIABLES = {
  /** The store's folder (default `/var/lib/bothy`). */
  BOTHY_HOME: "BOTHY_HOME",
  /** The folder for mounts and sockets of a running host (default `/run/bothy`, or one below it per other store). */
  BOTHY_RUN: "BOTHY_RUN",
  /** `crun` or `runc`: the OCI runtime to use instead of the first that works. */
  BOTHY_RUNTIME: "BOTHY_RUNTIME",
  /** `kvm` or `tcg`: skips the acceleration probe. */
  BOTHY_ACCEL: "BOTHY_ACCEL",
  /** libvirt's connection URI (default `qemu:///system`). */
  BOTHY_LIBVIRT_URI: "BOTHY_LIBVIRT_URI",
  /** Seconds that `up` waits for a machine to answer (default 120, under emulation 300). */
  BOTHY_BOOT_TIMEOUT: "BOTHY_BOOT_TIMEOUT"
};
function environment(name) {
  return process.env[VARIABLES[name]] || void 0;
}

// src/system/files.ts
import { randomBytes } from "node:crypto";
import { access, lstat, mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { basename, dirname as dirname2, join as join2, resolve, sep } from "node:path";
async function writeFileAtomic(path2, content, mode = 420) {
  const temporary = join2(dirname2(path2), `.${basename(path2)}.${randomBytes(4).toString("hex")}.tmp`);
  try {
    await writeSynced(temporary, content, mode);
    await rename(temporary, path2);
  } catch (error) {
    await rm(temporary, { force: true });
    throw diskFull(error, path2);
  }
  await syncFolder(dirname2(path2));
}
async function writeJson(path2, value, mode) {
  await writeFileAtomic(path2, `${JSON.stringify(value, null, 2)}
`, mode);
}
async function readIfExists(path2) {
  try {
    return await readFile(path2, "utf8");
  } catch (error) {
    if (hasErrno(error, "ENOENT", "ENOTDIR")) return void 0;
    throw error;
  }
}
async function statIfExists(path2) {
  try {
    return await lstat(path2);
  } catch (error) {
    if (hasErrno(error, "ENOENT", "ENOTDIR")) return void 0;
    throw error;
  }
}
async function ensureFolder(path2, mode = 493) {
  await mkdir(path2, { recursive: true, mode });
}
async function removeTree(path2, options) {
  const target = resolve(path2);
  if (!target.startsWith(resolve(options.within) + sep)) {
    throw new Error(`removeTree: ${target} is not inside ${options.within}`);
  }
  await rm(target, { recursive: true, force: true });
}
function diskFull(error, path2) {
  if (!hasErrno(error, "ENOSPC", "EDQUOT")) return error;
  return new BothyError("DISK_FULL", `no space left while writing ${path2}`, {
    hints: [`df -h ${dirname2(path2)}`, "`bothy gc` and `bothy box remove NAME` free space"],
    cause: error
  });
}
async function writeSynced(path2, content, mode) {
  const file2 = await open(path2, "wx", mode);
  try {
    await file2.writeFile(content);
    await file2.sync();
  } finally {
    await file2.close();
  }
}
async function syncFolder(path2) {
  const handle = await open(path2, "r");
  await handle.sync().finally(() => handle.close());
}

// src/system/host-facts.ts
import { z } from "zod";

// src/system/lock.ts
import { once } from "node:events";
import { readFile as readFile2, writeFile } from "node:fs/promises";
import { dirname as dirname3 } from "node:path";

// src/system/process.ts
import { spawn } from "node:child_process";
import { existsSync as existsSync2 } from "node:fs";

// src/system/log.ts
var sink;
function debug(text) {
  if (sink) sink(typeof text === "string" ? text : text());
}

// src/system/tools.ts
var TOOL_PACKAGES = {
  "qemu-system-x86_64": "qemu-system-x86",
  libvirtd: "libvirt-daemon-system",
  virtlogd: "libvirt-daemon",
  runc: "runc",
  crun: "crun",
  conmon: "conmon",
  mmdebstrap: "mmdebstrap",
  "mkfs.erofs": "erofs-utils",
  "mkfs.ext4": "e2fsprogs",
  e2fsck: "e2fsprogs",
  dnsmasq: "dnsmasq-base",
  nft: "nftables",
  ip: "iproute2",
  ssh: "openssh-client",
  patchelf: "patchelf",
  cpio: "cpio",
  depmod: "kmod",
  losetup: "mount",
  mount: "mount",
  unshare: "util-linux",
  flock: "util-linux",
  tar: "tar"
};
function packageOf(tool) {
  const name = tool.split("/").at(-1) ?? tool;
  return TOOL_PACKAGES[name] ?? name;
}

// src/system/process.ts
var CommandError = class extends BothyError {
  result;
  constructor(result, reason) {
    const said = result.stderr.trim() || result.stdout.trim();
    super("COMMAND_FAILED", `\`${result.command}\` ${reason}${said ? `: ${lastLines(said, 10)}` : ""}`);
    this.result = result;
  }
};
function baseEnvironment() {
  const kept = ["PATH", "HOME", "USER", "TMPDIR", "SSH_AUTH_SOCK", "http_proxy", "https_proxy", "no_proxy"];
  const env = { LC_ALL: "C.UTF-8" };
  for (const name of kept) {
    const value = process.env[name];
    if (value !== void 0) env[name] = value;
  }
  env["PATH"] = `${env["PATH"] ?? ""}:/usr/sbin:/usr/bin:/sbin:/bin`;
  return env;
}
async function run(argv, options = {}) {
  const startedAt = performance.now();
  const child = start(argv, {
    cwd: options.cwd,
    env: { ...baseEnvironment(), ...options.env },
    stdio: [options.input === void 0 ? "ignore" : "pipe", "pipe", "pipe"]
  });
  const end = await settle(child, options);
  const result = { ...end, command: shellQuote(argv), durationMs: performance.now() - startedAt };
  debug(
    () => `${result.command} -> ${result.exitCode ?? result.signal} in ${result.durationMs.toFixed(0)} ms`
  );
  return judge(result, end.failure, options);
}
function start(argv, options) {
  const [file2, ...args] = argv;
  if (file2 === void 0) throw new Error("start: empty argv");
  debug(() => `start ${shellQuote(argv)}`);
  return spawn(file2, args, { env: baseEnvironment(), ...options });
}
function shellQuote(argv) {
  return argv.map((word, index) => {
    const isPlain = index === 0 ? /^[\w@%+:,./-]+$/ : /^[\w@%+=:,./-]+$/;
    return isPlain.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
  }).join(" ");
}
function missingTool(tool, cause) {
  return new BothyError("TOOL_MISSING", `\`${tool}\` is not installed on this host`, {
    hints: [`apt-get install ${packageOf(tool)}`, "`bothy doctor --fix` installs everything that is missing"],
    cause
  });
}
function settle(child, options) {
  const end = { exitCode: void 0, signal: void 0, stdout: "", stderr: "" };
  const release2 = endOnAbort(child, options);
  collect(child.stdout, options.onLine, (text) => end.stdout += text);
  collect(child.stderr, options.onLine, (text) => end.stderr += text);
  child.stdin?.on("error", () => {
  });
  child.stdin?.end(options.input);
  return new Promise((resolve3) => {
    child.once("error", (failure) => {
      release2();
      resolve3({ ...end, failure });
    });
    child.once("close", (code, signal) => {
      const failure = release2();
      resolve3({ ...end, exitCode: code ?? void 0, signal: signal ?? void 0, failure });
    });
  });
}
function collect(stream, onLine, add) {
  if (!stream) return;
  stream.setEncoding("utf8");
  let partial = "";
  stream.on("data", (text) => {
    add(text);
    if (!onLine) return;
    const lines = (partial + text).split("\n");
    partial = lines.pop() ?? "";
    for (const line of lines) onLine(line);
  });
  stream.on("end", () => partial && onLine?.(partial));
}
function endOnAbort(child, options) {
  const signals = [
    options.signal,
    options.timeoutMs === void 0 ? void 0 : AbortSignal.timeout(options.timeoutMs)
  ];
  const any = AbortSignal.any(signals.filter((signal) => signal !== void 0));
  let kill;
  const abort = () => {
    child.kill("SIGTERM");
    kill = setTimeout(() => child.kill("SIGKILL"), 2e3);
    if (child.exitCode === null && child.signalCode === null) child.once("exit", () => letGo(child));
    else letGo(child);
  };
  if (any.aborted) abort();
  else any.addEventListener("abort", abort, { once: true });
  return () => {
    clearTimeout(kill);
    any.removeEventListener("abort", abort);
    return any.aborted ? any.reason : void 0;
  };
}
function letGo(child) {
  setTimeout(() => {
    child.stdout?.destroy();
    child.stderr?.destroy();
  }, 100);
}
function judge(result, failure, options) {
  if (hasErrno(failure, "ENOENT") && failure.syscall?.startsWith("spawn")) {
    if (options.cwd === void 0 || existsSync2(options.cwd)) throw missingTool(failure.path ?? "", failure);
    throw new BothyError("FAILED", `cannot run \`${result.command}\`: there is no folder ${options.cwd}`);
  }
  if (options.signal?.aborted) throw new BothyError("INTERRUPTED", `\`${result.command}\` was interrupted`);
  if (failure instanceof DOMException && failure.name === "TimeoutError") {
    throw new BothyError("TIMEOUT", `\`${result.command}\` did not end within ${options.timeoutMs} ms`);
  }
  if (failure) throw failure;
  if (result.signal) throw new CommandError(result, `was ended by ${result.signal}`);
  if (!(options.okCodes ?? [0]).includes(result.exitCode ?? -1)) {
    throw new CommandError(result, `failed with exit code ${result.exitCode}`);
  }
  return result;
}
function lastLines(text, count) {
  return text.split("\n").slice(-count).join("\n");
}

// src/system/lock.ts
var TAKEN = 1;
async function lock(path2, options = {}) {
  await ensureFolder(dirname3(path2));
  const quick = await tryFlock(path2, 0, void 0);
  return named(path2, quick ?? await waitForLock(path2, options));
}
async function readHolder(path2) {
  try {
    return JSON.parse(await readFile2(path2, "utf8"));
  } catch {
    return void 0;
  }
}
async function named(path2, child) {
  await writeFile(path2, JSON.stringify(self())).catch(() => {
  });
  return { [Symbol.asyncDispose]: () => release(child) };
}
async function waitForLock(path2, options) {
  const { timeoutMs = 6e5, signal } = options;
  options.onWait?.(await readHolder(path2));
  const child = await tryFlock(path2, timeoutMs, signal);
  if (child) return child;
  if (signal?.aborted) throw new BothyError("INTERRUPTED", "interrupted while waiting for a lock");
  const holder = await readHolder(path2);
  const who = holder ? `\`${holder.command}\` (pid ${holder.pid}, since ${holder.since})` : "another process";
  throw new BothyError("LOCKED", `${who} still holds the lock ${path2}`, {
    hints: [holder ? `wait for it, or end it: kill ${holder.pid}` : "wait for it, then try again"]
  });
}
async function tryFlock(path2, timeoutMs, signal) {
  const wait = timeoutMs > 0 ? ["-w", String(Math.ceil(timeoutMs / 1e3))] : ["-n"];
  const child = start(["flock", ...wait, "--no-fork", path2, "sh", "-c", "echo held; exec cat"], {
    stdio: "pipe",
    detached: true
    // Ctrl-C goes to the whole group; the lock must outlive the undo
  });
  child.stdin?.on("error", () => {
  });
  const giveUp = () => child.kill();
  signal?.addEventListener("abort", giveUp, { once: true });
  if (signal?.aborted) giveUp();
  const held = await isHeld(child, path2).finally(() => signal?.removeEventListener("abort", giveUp));
  if (held && !signal?.aborted) {
    child.unref();
    return child;
  }
  if (held) await release(child);
  return void 0;
}
function isHeld(child, path2) {
  let complaint = "";
  child.stderr?.on("data", (text) => complaint += text);
  return new Promise((resolve3, reject) => {
    child.stdout?.once("data", () => resolve3(true));
    child.once("error", (cause) => reject(missingTool("flock", cause)));
    child.once("close", (code) => {
      if (code === null || code === TAKEN) resolve3(false);
      else reject(new BothyError("FAILED", `cannot lock ${path2}: ${complaint.trim()}`));
    });
  });
}
async function release(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = once(child, "close");
  child.ref();
  child.stdin?.end();
  await closed;
}
function self() {
  const command = ["bothy", ...process.argv.slice(2)].join(" ");
  return { pid: process.pid, command, since: (/* @__PURE__ */ new Date()).toISOString() };
}

// src/system/host-facts.ts
var factsSchema = z.record(z.string(), z.object({ stamp: z.string(), value: z.unknown() }));

// src/system/layout.ts
import { createHash } from "node:crypto";
import { join as join3, resolve as resolve2 } from "node:path";
var DEFAULT_HOME = "/var/lib/bothy";
var DEFAULT_RUN = "/run/bothy";
function layout(folder = environment("BOTHY_HOME") ?? DEFAULT_HOME) {
  const home = resolve2(folder);
  const tag = createHash("sha256").update(home).digest("hex").slice(0, 6);
  const run2 = resolve2(
    environment("BOTHY_RUN") ?? (home === DEFAULT_HOME ? DEFAULT_RUN : join3(DEFAULT_RUN, tag))
  );
  return {
    home,
    run: run2,
    tag,
    temporary: () => join3(home, "tmp"),
    lock: (name) => join3(home, "locks", name.replaceAll("/", "-")),
    host: () => join3(home, "host.json"),
    boxes: () => join3(home, "boxes"),
    box: (name) => join3(home, "boxes", `${name}.json`),
    layers: () => join3(home, "layers"),
    layer: (digest2) => join3(home, "layers", `${digest2}.erofs`),
    artefacts: (kind) => join3(home, "artefacts", kind),
    artefact: (kind, digest2) => join3(home, "artefacts", kind, digest2),
    projects: () => join3(home, "projects"),
    project: (id) => projectLayout(home, run2, id),
    machines: () => join3(home, "machines"),
    machine: (id) => machineLayout(home, run2, id),
    layerMounts: () => join3(run2, "layers"),
    layerMount: (digest2) => join3(run2, "layers", digest2)
  };
}
function projectLayout(home, run2, id) {
  const folder = join3(home, "projects", id);
  return {
    folder,
    state: join3(folder, "project.json"),
    network: join3(folder, "network.json"),
    names: join3(run2, "names", id)
  };
}
function machineLayout(home, run2, id) {
  const folder = join3(home, "machines", id);
  return {
    folder,
    state: join3(folder, "machine.json"),
    disk: join3(folder, "disk.img"),
    seed: join3(folder, "seed"),
    keys: join3(folder, "keys"),
    console: join3(folder, "console.log"),
    run: join3(run2, "machines", id)
  };
}

// src/boxes/box.ts
import { z as z2 } from "zod";

// src/boxes/digest.ts
import { createHash as createHash2 } from "node:crypto";
import { createReadStream } from "node:fs";
var DIGEST = /^[0-9a-f]{64}$/;
async function digestOfFile(path2, signal) {
  const hash = createHash2("sha256");
  const stream = createReadStream(path2, { highWaterMark: 1 << 20, ...signal ? { signal } : {} });
  for await (const chunk of stream) hash.update(chunk);
  return hash.digest("hex");
}
function digestOfText(text) {
  return createHash2("sha256").update(text).digest("hex");
}

// src/boxes/box.ts
var BOX_VERSION = 1;
var digest = z2.string().regex(DIGEST);
var absolutePath = z2.string().startsWith("/");
var layerSchema = z2.object({
  /** sha256 of the layer's EROFS file, which is named by it. */
  digest,
  sizeBytes: z2.number().int().positive()
});
var contentSchema = z2.object({
  /** Bottom first. */
  layers: z2.array(layerSchema).min(1).max(16),
  /** What the machine's init hands over to; absent: bothy's own init supervises. */
  init: absolutePath.optional(),
  /** Who `ssh` logs in as. */
  user: z2.string().min(1).optional(),
  environment: z2.record(z2.string(), z2.string()),
  entrypoint: z2.array(z2.string()).optional(),
  command: z2.array(z2.string()).optional(),
  workdir: absolutePath.optional(),
  /** Ports that its program listens on: `80/tcp`. Only shown. */
  exposedPorts: z2.array(z2.string()).optional(),
  labels: z2.record(z2.string(), z2.string())
});
var boxSchema = z2.object({
  version: z2.literal(BOX_VERSION),
  name: z2.string(),
  /** Of everything that makes the box what it is: layers and configuration, not name, time or source. */
  digest,
  ...contentSchema.shape,
  createdAt: z2.iso.datetime(),
  /** Where it came from; `inputs` tells whether building again would give the same. */
  source: z2.object({ recipe: z2.string(), inputs: digest }).optional()
});
function describeBox(name, content, source2, createdAt = /* @__PURE__ */ new Date()) {
  return {
    version: BOX_VERSION,
    name,
    digest: digestOfContent(content),
    ...content,
    createdAt: createdAt.toISOString(),
    ...source2 ? { source: source2 } : {}
  };
}
function digestOfContent(content) {
  return digestOfText(canonical(contentSchema.parse(content)));
}
function canonical(value) {
  return JSON.stringify(
    value,
    (_key, part) => part !== null && typeof part === "object" && !Array.isArray(part) ? Object.fromEntries(Object.entries(part).sort(([a2], [b]) => a2 < b ? -1 : 1)) : part
  );
}

// src/boxes/debian.ts
import { chmod, writeFile as writeFile2 } from "node:fs/promises";
import { join as join4 } from "node:path";
var CONTAINED = [
  ...["setpriv", "--pdeathsig", "KILL"],
  ...["unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child", "--mount-proc"]
];
var MERGED_USR = "/usr/share/mmdebstrap/hooks/merged-usr";
var NO_TRANSLATIONS = 'Acquire::Languages "none"';
async function makeDebianTree(request) {
  const { recipe, inputs, tree, signal } = request;
  const startedAt = Math.floor(Date.now() / 1e3);
  const env = { SOURCE_DATE_EPOCH: String(inputs.epoch), TMPDIR: request.scratch };
  const hook = await writeHook(request);
  await run([...CONTAINED, ...mmdebstrap(recipe, inputs, tree, hook)], {
    env,
    signal,
    onLine: (line) => reportPhase(line, request.report)
  });
  await run(["sh", asset("boxes", "debian", "finish.sh"), tree], { env, signal });
  return newestBefore(startedAt, tree, inputs.epoch, signal);
}
async function newestBefore(limit, tree, least, signal) {
  const found = await run(["find", tree, "-printf", "%T@\\n"], { signal });
  const times = found.stdout.split("\n").map((line) => Math.floor(Number(line)));
  return times.reduce((newest, time) => time < limit && time > newest ? time : newest, least);
}
function mmdebstrap(recipe, inputs, tree, hook) {
  return [
    "mmdebstrap",
    ...["--mode=root", "--format=directory", `--variant=${recipe.variant}`, `--hook-dir=${MERGED_USR}`],
    `--include=${["usr-is-merged", ...recipe.packages].join(",")}`,
    `--aptopt=${NO_TRANSLATIONS}`,
    "--dpkgopt=force-unsafe-io",
    `--customize-hook=${hook}`,
    ...[recipe.suite, tree, ...inputs.sources]
  ];
}
async function writeHook(request) {
  const { recipe, scratch } = request;
  await ensureFolder(join4(scratch, "files"));
  const lines = ["#!/bin/sh", "set -eu"];
  for (const [index, [path2, { content, mode }]] of Object.entries(recipe.files).entries()) {
    const source2 = join4(scratch, "files", String(index));
    await writeFile2(source2, content);
    lines.push(`install -D -m ${mode} ${shellQuote([source2])} "$1"${shellQuote([path2])}`);
  }
  const customize = join4(scratch, "customize.sh");
  await writeFile2(customize, recipe.customize);
  lines.push(`chroot "$1" sh -eu <${shellQuote([customize])}`, "");
  const hook = join4(scratch, "hook.sh");
  await writeFile2(hook, lines.join("\n"));
  await chmod(hook, 493);
  return hook;
}
function reportPhase(line, report) {
  const phase = /^I: (.*)\.\.\.$/.exec(line)?.[1];
  if (phase && !phase.startsWith("finding")) report?.(phase);
}

// src/boxes/full-disk.ts
import { statfs } from "node:fs/promises";
import { dirname as dirname4 } from "node:path";
var FULL_BELOW_BYTES = 4 << 20;
async function explainFullDisk(error, path2) {
  if (!(error instanceof CommandError)) return diskFull(error, path2);
  const said = error.result.stderr.includes("No space left on device");
  if (!said && !await isFull(dirname4(path2))) return error;
  const full = Object.assign(new Error(error.message), { code: "ENOSPC" });
  return diskFull(full, path2);
}
async function isFull(folder) {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize < FULL_BELOW_BYTES;
}

// src/boxes/failure.ts
async function explainBuildFailure(error, name, layout2, signal) {
  if (signal?.aborted) {
    return new BothyError("INTERRUPTED", `building \`${name}\` was interrupted; nothing of it was kept`, {
      hints: [`bothy box build ${name}`],
      cause: error
    });
  }
  const explained = await explainFullDisk(error, layout2.boxes());
  if (!(explained instanceof CommandError)) return explained;
  return new BothyError("BOX_BUILD_FAILED", `building \`${name}\` failed: ${lastWords(explained)}`, {
    hints: ["nothing of it was kept", `bothy box build ${name} --debug`],
    cause: explained
  });
}
function lastWords(error) {
  const lines = error.result.stderr.trim().split("\n");
  return lines.slice(-8).join("\n") || error.message;
}

// src/boxes/image.ts
import { chmod as chmod2, open as open2, rm as rm2 } from "node:fs/promises";

// src/boxes/superblock.ts
var SUPERBLOCK = 1024;
var BLOCK = 4096;
var MAGIC = 3774210530;
var FIELD = { magic: 0, checksum: 4, features: 8, uuid: 48 };
var FEATURE_CHECKSUM = 1;
async function writeUuid(image, uuid) {
  const block = Buffer.alloc(BLOCK - SUPERBLOCK);
  await image.read(block, 0, block.length, SUPERBLOCK);
  if (block.readUInt32LE(FIELD.magic) !== MAGIC) throw new Error("not an EROFS image");
  block.set(uuid, FIELD.uuid);
  if (block.readUInt32LE(FIELD.features) & FEATURE_CHECKSUM) {
    block.writeUInt32LE(0, FIELD.checksum);
    block.writeUInt32LE(crc32c(block), FIELD.checksum);
  }
  await image.write(block, 0, block.length, SUPERBLOCK);
}
function uuidOf(digest2) {
  const bytes = Buffer.from(digest2.slice(0, 32), "hex");
  bytes[6] = (bytes[6] ?? 0) & 15 | 64;
  bytes[8] = (bytes[8] ?? 0) & 63 | 128;
  return bytes;
}
function crc32c(bytes) {
  let crc = 4294967295;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? crc >>> 1 ^ 2197175160 : crc >>> 1;
  }
  return crc >>> 0;
}

// src/boxes/image.ts
var KEEP_ALL_MTIMES = 4294967295;
var NIL_UUID = "00000000-0000-0000-0000-000000000000";
async function packTree(folder, target, options = {}) {
  try {
    await makeImage(folder, target, options);
    await sealImage(target, await digestOfFile(target, options.signal));
    return await digestOfFile(target, options.signal);
  } catch (error) {
    const cause = await explainFailure(error, target, options.signal);
    await rm2(target, { force: true });
    throw cause;
  }
}
async function makeImage(folder, target, options) {
  const { compress = "lz4", epoch = KEEP_ALL_MTIMES, signal } = options;
  const compression = compress === "none" ? [] : [`-z${compress}`];
  await run(["mkfs.erofs", "--quiet", ...compression, "-U", NIL_UUID, target, folder], {
    env: { SOURCE_DATE_EPOCH: String(epoch) },
    signal
  });
}
async function sealImage(target, digest2) {
  const file2 = await open2(target, "r+");
  try {
    await writeUuid(file2, uuidOf(digest2));
    await file2.sync();
  } finally {
    await file2.close();
  }
  await chmod2(target, 292);
}
async function explainFailure(error, target, signal) {
  if (signal?.aborted) return new BothyError("INTERRUPTED", `packing ${target} was interrupted`);
  return explainFullDisk(error, target);
}

// src/boxes/inputs.ts
import { readFile as readFile3 } from "node:fs/promises";
import { join as join5 } from "node:path";
var DEBIAN = {
  archive: "http://deb.debian.org/debian",
  security: "http://deb.debian.org/debian-security"
};
var APT_HELPER = "/usr/lib/apt/apt-helper";
var BUILDER_VERSION = 1;
async function readInputs(recipe, folder, signal) {
  const sources = sourcesOf(recipe, await hostMirror(signal));
  const releases = await Promise.all(
    sources.map((source2, index) => fetchRelease(source2, join5(folder, `InRelease.${index}`), signal))
  );
  const finish = await readFile3(asset("boxes", "debian", "finish.sh"), "utf8");
  const packages = releases.map((release2) => packageLists(release2));
  const epoch = dateOf(releases[0] ?? "");
  const key = digestOfText(canonical({ BUILDER_VERSION, recipe, sources, packages, finish, epoch }));
  return { key, epoch, sources };
}
async function hostMirror(signal) {
  const format = "$(ORIGIN)|$(RELEASE)|$(REPO_URI)";
  const listed = await run(["apt-get", "indextargets", "--format", format, "Created-By: Packages"], {
    signal
  });
  const rows = listed.stdout.split("\n").map((line) => line.split("|"));
  const debian = rows.filter(([origin, , uri]) => origin === "Debian" && /^https?:/.test(uri ?? ""));
  const uriOf = (security) => debian.find(([, release2]) => /security/.test(release2 ?? "") === security)?.[2]?.replace(/\/+$/, "");
  return { archive: uriOf(false) ?? DEBIAN.archive, security: uriOf(true) ?? DEBIAN.security };
}
function sourcesOf(recipe, mirror) {
  const components = recipe.components.join(" ");
  return [
    `deb ${mirror.archive} ${recipe.suite} ${components}`,
    `deb ${mirror.archive} ${recipe.suite}-updates ${components}`,
    `deb ${mirror.security} ${recipe.suite}-security ${components}`
  ];
}
async function fetchRelease(source2, target, signal) {
  const [, mirror, suite] = source2.split(" ");
  const uri = `${mirror}/dists/${suite}/InRelease`;
  const bounds = [
    "-o",
    "Acquire::Retries=1",
    "-o",
    "Acquire::http::Timeout=20",
    "-o",
    "Acquire::https::Timeout=20"
  ];
  try {
    await run([APT_HELPER, ...bounds, "download-file", uri, target], { signal });
  } catch (error) {
    if (signal?.aborted || error instanceof BothyError && error.code !== "COMMAND_FAILED") throw error;
    throw new BothyError("BOX_BUILD_FAILED", `the package mirror does not answer: ${reasonOf(error, uri)}`, {
      hints: [`curl -I ${uri}`, "the mirror is the one of this host's apt: see `apt-get indextargets`"],
      cause: error
    });
  }
  return readFile3(target, "utf8");
}
function reasonOf(error, uri) {
  const line = messageOf(error).split("\n").findLast((text) => text.startsWith("E: "));
  return line ? line.slice(3) : uri;
}
function packageLists(release2) {
  return release2.split("\n").filter((line) => /^ [0-9a-f]{64} +\d+ \S+\/binary-(?!all)\S+\/Packages$/.test(line));
}
function dateOf(release2) {
  const date = Date.parse(/^Date: (.*)$/m.exec(release2)?.[1] ?? "");
  return Number.isNaN(date) ? 0 : Math.floor(date / 1e3);
}

// src/boxes/layers.ts
import { chmod as chmod3, rename as rename2, utimes } from "node:fs/promises";
var SEALED = /* @__PURE__ */ new Date(0);
async function resolveLayers(layout2, box2) {
  return Promise.all(
    box2.layers.map(async (layer) => {
      const problem = await checkLayer(layout2, layer);
      if (problem) throw damaged(box2, problem);
      return { digest: layer.digest, path: layout2.layer(layer.digest) };
    })
  );
}
async function admitLayer(layout2, image, layer) {
  await ensureFolder(layout2.layers());
  if (await checkLayer(layout2, layer) === void 0) return;
  await chmod3(image, 292);
  await utimes(image, SEALED, SEALED);
  await rename2(image, layout2.layer(layer.digest));
}
async function checkLayer(layout2, layer) {
  const problem = await checkSize(layout2, layer);
  if (problem) return problem;
  const path2 = layout2.layer(layer.digest);
  const stat3 = await statIfExists(path2);
  if (stat3?.mtimeMs === SEALED.getTime()) return void 0;
  const changed = await checkBytes(layout2, layer);
  if (!changed) await utimes(path2, SEALED, SEALED);
  return changed;
}
async function checkSize(layout2, layer) {
  const path2 = layout2.layer(layer.digest);
  const stat3 = await statIfExists(path2);
  if (!stat3?.isFile()) return `${path2} is missing`;
  if (stat3.size === layer.sizeBytes) return void 0;
  return `${path2} has ${stat3.size} bytes instead of ${layer.sizeBytes}`;
}
async function checkBytes(layout2, layer, signal) {
  const path2 = layout2.layer(layer.digest);
  const digest2 = await digestOfFile(path2, signal);
  return digest2 === layer.digest ? void 0 : `the content of ${path2} has changed`;
}
function damaged(box2, problem) {
  return new BothyError("LAYER_DAMAGED", `a layer of the box \`${box2.name}\` is damaged: ${problem}`, {
    hints: [
      `bothy box build --force ${box2.name}`,
      "machines of this box keep their own disks and start again once the layer is back"
    ]
  });
}

// src/boxes/name.ts
var SEGMENT = /^[a-z0-9]+(?:[._-]+[a-z0-9]+)*$/;
var LONGEST = 128;
function normaliseBoxName(name) {
  const path2 = name.toLowerCase().replace(/:([^:/]*)$/, "/$1");
  const segments = path2.split("/");
  if (path2.length <= LONGEST && segments.every((segment) => SEGMENT.test(segment))) return path2;
  throw new BothyError("USAGE", `\`${name}\` cannot be the name of a box`, {
    hints: ["names are letters, digits, `.`, `_` and `-`, in parts set apart by `/`: debian/12, team/web"]
  });
}

// src/boxes/recipe.ts
import { readdir, readFile as readFile4 } from "node:fs/promises";
import { join as join6 } from "node:path";
import { parse } from "yaml";
import { z as z3 } from "zod";
var DISTRIBUTIONS = ["debian"];
var absolutePath2 = z3.string().startsWith("/");
var file = z3.union([
  z3.string().transform((content) => ({ content, mode: "0644" })),
  z3.strictObject({ content: z3.string(), mode: z3.string().regex(/^0[0-7]{3,4}$/) })
]);
var recipeSchema = z3.strictObject({
  /** One line for `box list`. */
  description: z3.string().min(1),
  /** The distribution's release, as its mirrors name it. */
  suite: z3.string().regex(/^[a-z]+$/),
  components: z3.array(z3.string()).min(1).default(["main"]),
  /** How much comes unasked: `apt` is the essential packages and apt; `minbase` all of priority "required". */
  variant: z3.enum(["apt", "minbase"]),
  packages: z3.array(z3.string().regex(/^[a-z0-9][a-z0-9.+-]+$/)),
  /** Files written after the packages are there; a plain text is a file of mode 0644. */
  files: z3.record(absolutePath2, file).default({}),
  /** A POSIX sh script, run in the tree with `sh -eu` after everything else. */
  customize: z3.string().default(""),
  /** What the machine's init hands over to; absent: bothy's own init supervises. */
  init: absolutePath2.optional(),
  /** Who `ssh` logs in as; the recipe has to make that user. */
  user: z3.string().min(1),
  environment: z3.record(z3.string(), z3.string()).default({}),
  labels: z3.record(z3.string(), z3.string()).default({})
});
async function listRecipes() {
  const found = await Promise.all(
    DISTRIBUTIONS.map(async (distribution) => {
      const files = await readdir(asset("boxes", distribution));
      return files.filter((name) => name.endsWith(".yaml")).map((name) => `${distribution}/${name.slice(0, -".yaml".length)}`);
    })
  );
  return found.flat().sort();
}
async function findRecipe(name) {
  if (!(await listRecipes()).includes(name)) return void 0;
  const path2 = join6(asset("boxes"), `${name}.yaml`);
  return parseRecipe(await readFile4(path2, "utf8"), path2);
}
function parseRecipe(text, path2) {
  const result = recipeSchema.safeParse(parse(text));
  if (result.success) return result.data;
  throw new BothyError("BOX_BUILD_FAILED", `the recipe ${path2} is wrong
${z3.prettifyError(result.error)}`);
}

// src/boxes/store.ts
import { readdir as readdir2 } from "node:fs/promises";
import { dirname as dirname5, join as join7, relative } from "node:path";

// src/boxes/suggest.ts
function closest(word, candidates) {
  let best;
  for (const candidate of candidates) {
    const distance = editDistance(word, candidate);
    if (!best || distance < best.distance) best = { candidate, distance };
  }
  const limit = Math.max(2, Math.floor(word.length / 3));
  return best && best.distance <= limit ? best.candidate : void 0;
}
function editDistance(a2, b) {
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (const [row, letter] of [...a2].entries()) {
    const current = [row + 1];
    for (const [column, other] of [...b].entries()) {
      const replaced = (previous[column] ?? 0) + (letter === other ? 0 : 1);
      const added = (current[column] ?? 0) + 1;
      const removed = (previous[column + 1] ?? 0) + 1;
      current.push(Math.min(replaced, added, removed));
    }
    previous = current;
  }
  return previous[b.length] ?? 0;
}

// src/boxes/store.ts
async function findBox(layout2, name) {
  const path2 = layout2.box(normaliseBoxName(name));
  const text = await readIfExists(path2);
  return text === void 0 ? void 0 : parseBox(text, path2);
}
async function saveBox(layout2, box2) {
  const path2 = layout2.box(box2.name);
  await ensureFolder(dirname5(path2));
  await writeJson(path2, boxSchema.parse(box2));
}
function lockBoxes(layout2, signal) {
  return lock(layout2.lock("boxes"), { signal });
}
async function unknownBox(layout2, name) {
  const recipes = await listRecipes();
  if (recipes.includes(name)) {
    return new BothyError("BOX_UNKNOWN", `the box \`${name}\` has not been built yet`, {
      hints: [`bothy box build ${name}`]
    });
  }
  const known = [.../* @__PURE__ */ new Set([...recipes, ...await namesIn(layout2.boxes())])].sort();
  const meant = closest(name, known);
  return new BothyError("BOX_UNKNOWN", `there is no box \`${name}\` and no recipe for it`, {
    hints: [...meant ? [`did you mean \`${meant}\`?`] : [], `known are: ${known.join(", ")}`]
  });
}
function parseBox(text, path2) {
  const value = parseJson(text, path2);
  const version = value?.version;
  if (typeof version === "number" && version > BOX_VERSION) {
    throw new BothyError("STATE_INVALID", `${path2} was written by a newer bothy (format ${version})`, {
      hints: ["use that bothy, or build the box again: `bothy box build --force NAME`"]
    });
  }
  const result = boxSchema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw damagedMetadata(path2, `${issue?.path.join(".") || "content"}: ${issue?.message}`, result.error);
}
function parseJson(text, path2) {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw damagedMetadata(path2, messageOf(error), error);
  }
}
function damagedMetadata(path2, reason, cause) {
  return new BothyError("STATE_INVALID", `${path2} is damaged: ${reason}`, {
    hints: ["build the box again: `bothy box build --force NAME`", `or remove the file: rm ${path2}`],
    cause
  });
}
async function namesIn(folder) {
  try {
    const entries = await readdir2(folder, { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile() && entry.name.endsWith(".json") && !entry.name.startsWith(".")).map((entry) => relative(folder, join7(entry.parentPath, entry.name)).slice(0, -".json".length)).sort();
  } catch (error) {
    if (hasErrno(error, "ENOENT")) return [];
    throw error;
  }
}

// src/boxes/workspace.ts
import { join as join8 } from "node:path";
async function workspace(layout2, name) {
  const folder = join8(layout2.temporary(), name);
  const remove = () => removeTree(folder, { within: layout2.temporary() });
  await remove();
  await ensureFolder(folder, 448);
  return { folder, [Symbol.asyncDispose]: remove };
}

// src/boxes/build.ts
var DEBIAN2 = { readInputs, makeTree: makeDebianTree };
async function buildBox(layout2, name, options = {}) {
  var _stack = [];
  try {
    const key = normaliseBoxName(name);
    const recipe = await findRecipe(key);
    if (!recipe) throw await unknownBox(layout2, key);
    requireRoot(key);
    const _held = __using(_stack, await lock(layout2.lock(`box-${key}`), {
      signal: options.signal,
      onWait: (holder) => options.report?.(`waiting for process ${holder?.pid ?? ""}, which builds the same box`)
    }), true);
    try {
      return await buildLocked(layout2, key, recipe, options);
    } catch (error) {
      throw await explainBuildFailure(error, key, layout2, options.signal);
    }
  } catch (_) {
    var _error = _, _hasError = true;
  } finally {
    var _promise = __callDispose(_stack, _error, _hasError);
    _promise && await _promise;
  }
}
async function buildLocked(layout2, name, recipe, options) {
  var _stack = [];
  try {
    const { maker = DEBIAN2, signal, report } = options;
    const scratch = __using(_stack, await workspace(layout2, `box-${name.replaceAll("/", "-")}`), true);
    report?.("asking the mirror what is new");
    const inputs = await maker.readInputs(recipe, scratch.folder, signal);
    const present = options.force ? void 0 : await findCurrent(layout2, name, inputs);
    if (present) return { box: present, built: false };
    const tree = join9(scratch.folder, "tree");
    const epoch = await maker.makeTree({ recipe, inputs, tree, scratch: scratch.folder, signal, report });
    report?.("packing the layer");
    const image = join9(scratch.folder, "layer.erofs");
    const digest2 = await packTree(tree, image, { epoch, signal });
    return { box: await store(layout2, name, recipe, inputs, image, digest2, signal), built: true };
  } catch (_) {
    var _error = _, _hasError = true;
  } finally {
    var _promise = __callDispose(_stack, _error, _hasError);
    _promise && await _promise;
  }
}
async function findCurrent(layout2, name, inputs) {
  try {
    const box2 = await findBox(layout2, name);
    if (box2?.source?.inputs !== inputs.key) return void 0;
    await resolveLayers(layout2, box2);
    return box2;
  } catch (error) {
    if (error instanceof BothyError) return void 0;
    throw error;
  }
}
async function store(layout2, name, recipe, inputs, image, digest2, signal) {
  var _stack = [];
  try {
    const layer = { digest: digest2, sizeBytes: (await stat(image)).size };
    const { init, user, environment: environment2, labels } = recipe;
    const content = { layers: [layer], init, user, environment: environment2, labels };
    const box2 = describeBox(name, content, { recipe: name, inputs: inputs.key });
    const _held = __using(_stack, await lockBoxes(layout2, signal), true);
    await admitLayer(layout2, image, layer);
    await saveBox(layout2, box2);
    return box2;
  } catch (_) {
    var _error = _, _hasError = true;
  } finally {
    var _promise = __callDispose(_stack, _error, _hasError);
    _promise && await _promise;
  }
}
function requireRoot(name) {
  if (process.getuid?.() === 0) return;
  throw new BothyError("NOT_ROOT", "building a box needs root", { hints: [`sudo bothy box build ${name}`] });
}

// src/boxes/kernel.ts
import { readFile as readFile8, rename as rename4, writeFile as writeFile4 } from "node:fs/promises";
import { join as join15 } from "node:path";

// src/boxes/artefact.ts
import { access as access2, mkdir as mkdir2, mkdtemp, rename as rename3, rm as rm3 } from "node:fs/promises";
import { join as join10 } from "node:path";
async function buildArtefact(layout2, kind, context) {
  var _stack = [];
  try {
    const quickKey = await kind.quickKey();
    const current = await readCurrent(layout2, kind);
    if (current?.quickKey === quickKey) return current.digest;
    const _ = __using(_stack, await lock(layout2.lock(`build-${kind.name}`), { signal: context.signal }), true);
    const digest2 = await buildUnlessSame(layout2, kind, quickKey, context);
    return digest2;
  } catch (_2) {
    var _error = _2, _hasError = true;
  } finally {
    var _promise = __callDispose(_stack, _error, _hasError);
    _promise && await _promise;
  }
}
async function buildUnlessSame(layout2, kind, quickKey, context) {
  const current = await readCurrent(layout2, kind);
  if (current?.quickKey === quickKey) return current.digest;
  try {
    const inputs = await kind.inputs(context);
    const digest2 = current?.key === inputs.key ? current.digest : await make(layout2, kind, inputs, context);
    const next = { version: 1, digest: digest2, quickKey, key: inputs.key };
    await writeJson(currentFile(layout2, kind), next);
    return digest2;
  } catch (error) {
    throw explain(error, kind);
  }
}
async function make(layout2, kind, inputs, context) {
  await ensureFolder(layout2.temporary());
  const scratch = await mkdtemp(join10(layout2.temporary(), `${kind.name}-`));
  try {
    const result = join10(scratch, "result");
    await mkdir2(result);
    const digest2 = await inputs.make(result, scratch, context);
    if (!await isComplete(layout2, kind, digest2)) await keep(layout2, kind, result, digest2);
    return digest2;
  } finally {
    await rm3(scratch, { recursive: true, force: true });
  }
}
async function keep(layout2, kind, result, digest2) {
  const target = layout2.artefact(kind.name, digest2);
  await ensureFolder(layout2.artefacts(kind.name));
  await rm3(target, { recursive: true, force: true });
  await rename3(result, target);
}
async function readCurrent(layout2, kind) {
  const text = await readIfExists(currentFile(layout2, kind));
  const current = text === void 0 ? void 0 : parseCurrent(text);
  return current && await isComplete(layout2, kind, current.digest) ? current : void 0;
}
function parseCurrent(text) {
  try {
    const current = JSON.parse(text);
    return current.version === 1 && /^[0-9a-f]{64}$/.test(current.digest) ? current : void 0;
  } catch {
    return void 0;
  }
}
async function isComplete(layout2, kind, digest2) {
  const folder = layout2.artefact(kind.name, digest2);
  const present = kind.files.map((file2) => access2(join10(folder, file2)));
  return Promise.all(present).then(
    () => true,
    () => false
  );
}
function currentFile(layout2, kind) {
  return join10(layout2.artefacts(kind.name), "current.json");
}
function explain(error, kind) {
  if (error instanceof BothyError && error.code !== "COMMAND_FAILED") return error;
  return new BothyError("BOX_BUILD_FAILED", `the ${kind.name} could not be built: ${messageOf(error)}`, {
    hints: ["`apt-get update` where packages are not found", "`bothy doctor` checks the tools of this host"],
    cause: error
  });
}

// src/boxes/artefact-initramfs.ts
var FILE = 32768;
var FOLDER = 16384;
function archive(entries) {
  const sorted = [...withParents(entries)].sort((a2, b) => a2.path < b.path ? -1 : 1);
  const records = sorted.map((entry, index) => record(entry, index + 1));
  return Buffer.concat([...records, record({ path: "TRAILER!!!", mode: 0 }, 0)]);
}
function withParents(entries) {
  const all = /* @__PURE__ */ new Map();
  for (const { path: path2 } of entries) {
    const parts = path2.split("/");
    for (let depth = 1; depth < parts.length; depth++) {
      const parent = parts.slice(0, depth).join("/");
      all.set(parent, { path: parent, mode: 493 });
    }
  }
  for (const entry of entries) all.set(entry.path, entry);
  return all.values();
}
function record({ path: path2, mode, content }, inode) {
  const type = mode === 0 ? 0 : content ? FILE : FOLDER;
  const size = content?.length ?? 0;
  const fields = [inode, type | mode, 0, 0, 1, 0, size, 0, 0, 0, 0, path2.length + 1, 0];
  const header = `070701${fields.map((field) => field.toString(16).padStart(8, "0")).join("")}${path2}\0`;
  return Buffer.concat([padded(Buffer.from(header, "latin1")), padded(content ?? Buffer.alloc(0))]);
}
function padded(bytes) {
  return Buffer.concat([bytes, Buffer.alloc((4 - bytes.length % 4) % 4)]);
}

// src/boxes/artefact-modules.ts
import { readFile as readFile5 } from "node:fs/promises";
import { join as join11 } from "node:path";
async function selectModules(folder, version, names) {
  const dependencies = parseDependencies(await readFile5(join11(folder, "modules.dep"), "utf8"));
  const builtin = await readFile5(join11(folder, "modules.builtin"), "utf8");
  const inKernel = new Set(builtin.split("\n").map(moduleName));
  const files = /* @__PURE__ */ new Set();
  for (const name of names.map(moduleName)) {
    const found = [...dependencies.keys()].find((file2) => moduleName(file2) === name);
    if (found) for (const file2 of [found, ...dependencies.get(found) ?? []]) files.add(file2);
    else if (!inKernel.has(name)) throw unknownModule(name, version);
  }
  const list = [...files].sort().map((file2) => `${file2}: ${(dependencies.get(file2) ?? []).join(" ")}
`);
  const base = `lib/modules/${version}`;
  const lists = { "modules.dep": list.join(""), "modules.builtin": builtin };
  return [
    ...Object.entries(lists).map(([name, text]) => fileEntry(`${base}/${name}`, Buffer.from(text))),
    ...await Promise.all(
      [...files].map(async (file2) => fileEntry(`${base}/${file2}`, await readFile5(join11(folder, file2))))
    )
  ];
}
function fileEntry(path2, content) {
  return { path: path2, mode: 420, content };
}
function parseDependencies(text) {
  const lines = text.split("\n").filter(Boolean);
  return new Map(
    lines.map((line) => {
      const [file2 = "", needed = ""] = line.split(":");
      return [file2, needed.split(" ").filter(Boolean)];
    })
  );
}
function moduleName(file2) {
  return (file2.split("/").at(-1) ?? "").replace(/\.ko(\.\w+)?$/, "").replaceAll("-", "_");
}
function unknownModule(name, version) {
  return new BothyError("BOX_BUILD_FAILED", `the kernel ${version} has no module '${name}'`);
}

// src/boxes/artefact-programs.ts
import { chmod as chmod4, copyFile, mkdir as mkdir3, readdir as readdir3, readFile as readFile6, realpath, writeFile as writeFile3 } from "node:fs/promises";
import { basename as basename2, dirname as dirname6, join as join12 } from "node:path";
var LIBRARY_FOLDERS = ["lib/x86_64-linux-gnu", "usr/lib/x86_64-linux-gnu", "lib64"];
var GUEST_LIBRARIES = "/.bothy/lib";
var LOADER = "ld-linux-x86-64.so.2";
async function placeProgram(packages, source2, target) {
  const [name = "", path2 = ""] = source2.split(/:(.*)/s);
  await mkdir3(dirname6(target), { recursive: true });
  await copyFile(join12(packages, name, path2), target).catch((cause) => {
    throw new BothyError("BOX_BUILD_FAILED", `the package '${name}' has no '${path2}'`, { cause });
  });
  await chmod4(target, 493);
}
async function replaceString(program, old, text) {
  const content = await readFile6(program);
  const wanted = Buffer.from(`${old}\0`);
  const at = content.indexOf(wanted);
  if (at < 0 || text.length > old.length) {
    throw new BothyError("BOX_BUILD_FAILED", `'${old}' cannot become '${text}' in ${basename2(program)}`);
  }
  content.fill(0, at, at + wanted.length);
  content.write(text, at);
  await writeFile3(program, content);
}
async function bindLibraries(packages, programs, libraries, signal) {
  const available = await findLibraries(packages);
  const copied = /* @__PURE__ */ new Set();
  await mkdir3(libraries, { recursive: true });
  const add = async (name) => {
    if (copied.has(name)) return;
    copied.add(name);
    const source2 = available.get(name);
    if (!source2)
      throw new BothyError("BOX_BUILD_FAILED", `no package of the recipe has the library '${name}'`);
    await copyFile(await realpath(source2), join12(libraries, name));
    await chmod4(join12(libraries, name), 493);
    for (const needed of await neededBy(source2, signal)) await add(needed);
  };
  for (const program of programs) {
    const needed = await neededBy(program, signal);
    if (needed.length === 0) continue;
    for (const name of [LOADER, ...needed]) await add(name);
    const binding = ["--set-interpreter", `${GUEST_LIBRARIES}/${LOADER}`, "--set-rpath", GUEST_LIBRARIES];
    await run(["patchelf", "--force-rpath", ...binding, program], { signal });
  }
}
async function neededBy(file2, signal) {
  const { stdout, exitCode } = await run(["patchelf", "--print-needed", file2], { signal, okCodes: [0, 1] });
  return exitCode === 0 ? stdout.split("\n").filter(Boolean) : [];
}
async function findLibraries(packages) {
  const found = /* @__PURE__ */ new Map();
  for (const entry of await readdir3(packages, { withFileTypes: true })) {
    if (!entry.isDirectory()) continue;
    for (const folder of LIBRARY_FOLDERS) {
      const path2 = join12(packages, entry.name, folder);
      for (const name of await readdir3(path2).catch(() => [])) found.set(name, join12(path2, name));
    }
  }
  return found;
}

// src/boxes/artefact-recipe.ts
import { readdir as readdir4, readFile as readFile7 } from "node:fs/promises";
import { join as join13 } from "node:path";
import { parse as parse2 } from "yaml";
import { z as z4 } from "zod";
var path = z4.string().regex(/^[\w.-]+(\/[\w.-]+)*$/);
var packageName = z4.string().regex(/^[a-z0-9][a-z0-9+.-]+$/);
var source = z4.string().regex(/^[a-z0-9+.-]+:\/\S+$/);
var toolsRecipe = z4.strictObject({
  packages: z4.array(packageName),
  programs: z4.record(path, source),
  links: z4.record(path, z4.string()),
  replace: z4.record(path, z4.record(z4.string(), z4.string()))
});
var kernelRecipe = z4.strictObject({
  kernel: packageName,
  packages: z4.array(packageName),
  programs: z4.record(path, source),
  modules: z4.array(z4.string().regex(/^[\w-]+$/))
});
async function readRecipe(schema, name) {
  return schema.parse(parse2(await readFile7(asset("boxes", name, "recipe.yaml"), "utf8")));
}
async function readScripts(name) {
  const folder = asset("boxes", name);
  const entries = await readdir4(folder, { withFileTypes: true, recursive: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join13(entry.parentPath, entry.name).slice(folder.length + 1)).filter((file2) => file2 !== "recipe.yaml").sort();
  return new Map(
    await Promise.all(paths.map(async (file2) => [file2, await readFile7(join13(folder, file2), "utf8")]))
  );
}
async function recipeKey(name) {
  const recipe = await readFile7(asset("boxes", name, "recipe.yaml"), "utf8");
  return digestOfText(JSON.stringify([recipe, ...await readScripts(name)]));
}

// src/boxes/artefact-vmlinux.ts
var HEADER = { sectors: 497, magic: 514, payloadOffset: 584, payloadLength: 588 };
var LZ4_LEGACY = 407642370;
var BLOCK2 = 8 << 20;
var ELF = 1179403647;
function unpackKernel(image) {
  if (image.readUInt32LE(HEADER.magic) !== 1400005704) return void 0;
  const start2 = (image.readUInt8(HEADER.sectors) + 1) * 512 + image.readUInt32LE(HEADER.payloadOffset);
  const payload = image.subarray(start2, start2 + image.readUInt32LE(HEADER.payloadLength));
  if (payload.readUInt32LE(0) !== LZ4_LEGACY) return void 0;
  const size = payload.readUInt32LE(payload.length - 4);
  const kernel = unpackFrame(payload.subarray(4, -4), size);
  return kernel?.readUInt32LE(0) === ELF && hasPvhEntry(kernel) ? kernel : void 0;
}
function unpackFrame(frame, size) {
  const out = Buffer.allocUnsafe(size);
  let at = 0;
  for (let from = 0; from + 4 <= frame.length && at < size; ) {
    const length = frame.readUInt32LE(from);
    const end = unpackBlock(frame.subarray(from + 4, from + 4 + length), out, at);
    if (end > at + BLOCK2) return void 0;
    at = end;
    from += 4 + length;
  }
  return at === size ? out : void 0;
}
function unpackBlock(block, out, start2) {
  let at = start2;
  let from = 0;
  const extend = (length) => {
    if (length !== 15) return length;
    let total = 15;
    for (let more = 255; more === 255; ) {
      more = block[from++] ?? 0;
      total += more;
    }
    return total;
  };
  while (from < block.length) {
    const token = block[from++] ?? 0;
    const literals = extend(token >> 4);
    block.copy(out, at, from, from + literals);
    at += literals;
    from += literals;
    if (from >= block.length) break;
    const distance = block.readUInt16LE(from);
    from += 2;
    const end = at + extend(token & 15) + 4;
    if (distance >= end - at) {
      out.copyWithin(at, at - distance, end - distance);
      at = end;
    }
    for (; at < end; at++) out[at] = out[at - distance] ?? 0;
  }
  return at;
}
function hasPvhEntry(kernel) {
  const note = (size) => Buffer.from([4, 0, 0, 0, size, 0, 0, 0, 18, 0, 0, 0, 88, 101, 110, 0]);
  return kernel.includes(note(4)) || kernel.includes(note(8));
}

// src/boxes/packages.ts
import { readdir as readdir5, stat as stat2 } from "node:fs/promises";
import { join as join14 } from "node:path";
var APT_FOLDERS = ["/var/lib/apt/lists", "/etc/apt", "/etc/apt/sources.list.d", "/etc/apt/preferences.d"];
var APT_OPTIONS = ["Dir::Cache::pkgcache=", "Dir::Cache::srcpkgcache=", "APT::Sandbox::User=root"].flatMap(
  (option) => ["-o", option]
);
async function aptState() {
  const files = (await Promise.all(APT_FOLDERS.map(filesOf))).flat().sort();
  const stamps = files.map(async (file2) => {
    const { size, mtimeMs } = await stat2(file2);
    return `${file2} ${size} ${mtimeMs}`;
  });
  return digestOfText((await Promise.all(stamps)).join("\n"));
}
async function resolvePackages(names, signal) {
  const { stdout } = await apt(["apt-get", ...APT_OPTIONS, "download", "--print-uris", ...names], { signal });
  const packages = stdout.split("\n").map(parseUri).filter((entry) => entry !== void 0);
  const missing = names.filter((name) => !packages.some((entry) => entry.name === name));
  if (missing.length > 0) {
    throw new BothyError("BOX_BUILD_FAILED", `apt offers no file for ${missing.join(", ")}`, {
      hints: ["apt-get update"]
    });
  }
  return packages.sort((a2, b) => a2.name < b.name ? -1 : 1);
}
async function resolvePointer(name, pattern, signal) {
  const { stdout } = await apt(["apt-cache", ...APT_OPTIONS, "show", "--no-all-versions", name], { signal });
  const depends = /^Depends: (.*)$/m.exec(stdout)?.[1] ?? "";
  const target = depends.split(/[,|]/).map((entry) => entry.trim().split(" ")[0] ?? "");
  const found = target.find((entry) => pattern.test(entry));
  if (found) return found;
  throw new BothyError(
    "BOX_BUILD_FAILED",
    `the package '${name}' points to nothing like ${pattern}: "${depends}"`
  );
}
async function unpackPackages(packages, folder, signal) {
  const names = packages.map((entry) => entry.name);
  await apt(["apt-get", ...APT_OPTIONS, "download", "--quiet", ...names], { cwd: folder, signal });
  for (const { name, file: file2 } of packages) {
    await run(["dpkg-deb", "--extract", join14(folder, file2), join14(folder, name)], { signal });
  }
}
async function apt(argv, options) {
  try {
    return await run(argv, options);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    const said = error.result.stderr.trim().split("\n").at(-1) ?? "";
    throw new BothyError("BOX_BUILD_FAILED", `apt cannot give us what we need: ${said}`, {
      hints: ["apt-get update", `${error.result.command}`],
      cause: error
    });
  }
}
function parseUri(line) {
  const [, file2, sha256] = /^'[^']*' (\S+) \d+ SHA256:([0-9a-f]{64})$/.exec(line) ?? [];
  const name = file2?.split("_")[0];
  return file2 && sha256 && name ? { name, file: file2, sha256 } : void 0;
}
async function filesOf(folder) {
  const entries = await readdir5(folder, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isFile()).map((entry) => join14(folder, entry.name));
}

// src/boxes/kernel.ts
var FORMAT = 1;
var FILES = { vmlinuz: "vmlinuz", initramfs: "initramfs", modules: "modules.erofs" };
var DESCRIPTION = "kernel.json";
var EPOCH = Date.UTC(2020, 0, 1) / 1e3;
var PACKAGE = /^linux-image-(\d.*)$/;
var KIND = {
  name: "kernel",
  files: [...Object.values(FILES), DESCRIPTION],
  quickKey: async () => digestOfText(JSON.stringify([FORMAT, await recipeKey("kernel"), await aptState()])),
  inputs: async ({ signal }) => {
    const recipe = await readRecipe(kernelRecipe, "kernel");
    const kernel = await resolvePointer(recipe.kernel, PACKAGE, signal);
    const packages = await resolvePackages([kernel, ...recipe.packages], signal);
    const key = digestOfText(JSON.stringify([FORMAT, await recipeKey("kernel"), packages]));
    return { key, make: (...to) => make2(recipe, kernel, packages, ...to) };
  }
};
async function make2(recipe, kernel, packages, folder, scratch, { signal, report }) {
  const version = PACKAGE.exec(kernel)?.[1] ?? "";
  report?.(`fetching the kernel ${version}`);
  await unpackPackages(packages, scratch, signal);
  report?.("packing the kernel and its modules");
  const tree = join15(scratch, kernel);
  const modules = join15(tree, "lib/modules");
  await run(["depmod", "-b", tree, version], { signal });
  await packTree(modules, join15(folder, FILES.modules), { compress: "lz4", epoch: EPOCH, signal });
  await placeKernel(join15(tree, "boot", `vmlinuz-${version}`), join15(folder, FILES.vmlinuz));
  await placeInitramfs(recipe, version, modules, scratch, join15(folder, FILES.initramfs));
  await writeJson(join15(folder, DESCRIPTION), { version, package: packages.map((entry) => entry.file) });
  return digestOfFolder(folder, signal);
}
async function placeKernel(source2, target) {
  const kernel = unpackKernel(await readFile8(source2));
  if (kernel) await writeFile4(target, kernel, { mode: 292 });
  else await rename4(source2, target);
}
async function placeInitramfs(recipe, version, modules, scratch, target) {
  const entries = await selectModules(join15(modules, version), version, recipe.modules);
  for (const [path2, source2] of Object.entries(recipe.programs)) {
    const program = join15(scratch, "programs", path2);
    await placeProgram(scratch, source2, program);
    entries.push({ path: path2, mode: 493, content: await readFile8(program) });
  }
  for (const [path2, script] of await readScripts("kernel")) {
    entries.push({ path: path2, mode: 493, content: Buffer.from(script) });
  }
  entries.push({ path: "etc/modules", mode: 420, content: Buffer.from(`${recipe.modules.join(" ")}
`) });
  for (const path2 of ["dev", "layers", "proc", "root", "run", "sys"]) entries.push({ path: path2, mode: 493 });
  await writeFile4(target, archive(entries), { mode: 292 });
}
async function digestOfFolder(folder, signal) {
  const digests = KIND.files.map((file2) => digestOfFile(join15(folder, file2), signal));
  return digestOfText((await Promise.all(digests)).join("\n"));
}

// src/boxes/tools.ts
import { chmod as chmod5, mkdir as mkdir4, symlink, writeFile as writeFile5 } from "node:fs/promises";
import { dirname as dirname7, join as join16 } from "node:path";
var FORMAT2 = 1;
var IMAGE = "tools.erofs";
var EPOCH2 = Date.UTC(2020, 0, 1) / 1e3;
var KIND2 = {
  name: "tools",
  files: [IMAGE],
  quickKey: async () => digestOfText(JSON.stringify([FORMAT2, await recipeKey("tools"), await aptState()])),
  inputs: async ({ signal }) => {
    const recipe = await readRecipe(toolsRecipe, "tools");
    const packages = await resolvePackages(recipe.packages, signal);
    const key = digestOfText(JSON.stringify([FORMAT2, await recipeKey("tools"), packages]));
    return {
      key,
      make: (folder, scratch, context) => make3(recipe, packages, folder, scratch, context)
    };
  }
};
async function buildTools(layout2, context = {}) {
  return toolsOf(layout2, await buildArtefact(layout2, KIND2, context));
}
function toolsOf(layout2, digest2) {
  return { digest: digest2, path: join16(layout2.artefact("tools", digest2), IMAGE) };
}
async function make3(recipe, packages, folder, scratch, { signal, report }) {
  const unpacked = join16(scratch, "packages");
  const tree = join16(scratch, "tree");
  await mkdir4(unpacked);
  await mkdir4(tree, { mode: 493 });
  report?.(`fetching ${packages.length} packages for the tools`);
  await unpackPackages(packages, unpacked, signal);
  report?.("packing the tools");
  await placePrograms(recipe, unpacked, tree, signal);
  await placeScripts(tree);
  return packTree(tree, join16(folder, IMAGE), { compress: "lz4", epoch: EPOCH2, signal });
}
async function placePrograms(recipe, unpacked, tree, signal) {
  for (const [target, source2] of Object.entries(recipe.programs)) {
    await placeProgram(unpacked, source2, join16(tree, target));
  }
  for (const [target, strings] of Object.entries(recipe.replace)) {
    for (const [old, text] of Object.entries(strings)) await replaceString(join16(tree, target), old, text);
  }
  const programs = Object.keys(recipe.programs).map((target) => join16(tree, target));
  await bindLibraries(unpacked, programs, join16(tree, "lib"), signal);
  for (const [target, to] of Object.entries(recipe.links)) await symlink(to, join16(tree, target));
}
async function placeScripts(tree) {
  for (const [path2, content] of await readScripts("tools")) {
    const target = join16(tree, path2);
    await mkdir4(dirname7(target), { recursive: true });
    await writeFile5(target, content);
    await chmod5(target, content.startsWith("#!") ? 493 : 420);
  }
}

// ../../tmp/ocih/build.ts
var l = layout("/var/tmp/ocih-home");
var a = performance.now();
var tools = await buildTools(l, { report: console.log });
console.log("tools", tools, performance.now() - a);
var box = await buildBox(l, "debian/12", { report: () => {
} });
console.log(JSON.stringify(box), performance.now() - a);
