import { stat } from "node:fs/promises";
import { basename, dirname, resolve } from "node:path";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { BothyError } from "../errors.ts";
import type { Connection, ExecProcess } from "../providers/provider.ts";
import { missingTool, start } from "../system/index.ts";
import type { Context } from "./context.ts";
import { connect } from "./exec.ts";
import { runningMachine } from "./running.ts";

/** What `cp` was asked for. */
export interface CopyOptions {
  /** `PATH` or `MACHINE:PATH`; exactly one of the two names a machine. */
  readonly from: string;
  readonly to: string;
  /** Whose rights and ownership the copy inside has; default the machine's user. */
  readonly user?: string | undefined;
}

/** One side of a copy. */
interface Place {
  readonly machine?: string | undefined;
  readonly path: string;
}

const TAR = ["/.bothy/bin/busybox", "tar"];
const TEST_FOLDER = ["/.bothy/bin/busybox", "test", "-d"];

/**
 * The machine writes the archive: only the member that was asked for is taken, without owners, set-id bits or device
 * nodes (no CAP_MKNOD).
 */
const UNTRUSTED_UNPACK = [
  ...["setpriv", "--bounding-set", "-mknod", "--inh-caps", "-mknod", "--"],
  ...["tar", "-x", "--no-same-owner", "--no-same-permissions"],
];

/**
 * Copies a file or a folder between host and machine, as `cp -r` would: into a target that is a folder,
 * else under the target's name. Relative paths inside start at the user's home.
 */
export async function copy(ctx: Context, options: CopyOptions): Promise<{ from: string; to: string }> {
  const from = parsePlace(options.from);
  const to = parsePlace(options.to);
  if ((from.machine === undefined) === (to.machine === undefined)) throw oneMachine();
  const machine = await runningMachine(ctx, from.machine ?? to.machine);
  await using connection = await connect(ctx, machine);
  const inside = { connection, user: options.user ?? machine.record.box.user };
  if (to.machine === undefined) await fetch(ctx, inside, from.path, resolve(ctx.cwd, to.path));
  else await send(ctx, inside, resolve(ctx.cwd, from.path), to.path || ".");
  return { from: options.from, to: options.to };
}

interface Inside {
  readonly connection: Connection;
  readonly user: string;
}

async function send(ctx: Context, inside: Inside, source: string, target: string): Promise<void> {
  await stat(source).catch((cause) => {
    throw new BothyError(
      "COPY_FAILED",
      `cannot read ${source}: ${cause.code === "ENOENT" ? "there is no such file" : cause.message}`,
      { cause },
    );
  });
  const place = await landing(inside, basename(source), target);
  const unpack = await inside.connection.exec({
    argv: [...TAR, "-x", "-o", "-C", place.folder],
    user: inside.user,
  });
  const from = ["-C", dirname(source), ...rename(basename(source), place.name)];
  const pack = fromHost(["tar", ...from, "-c", "--", basename(source)]);
  await join(ctx, pack, unpack, `${source} to ${target}`);
}

async function fetch(ctx: Context, inside: Inside, source: string, target: string): Promise<void> {
  const isFolder = await stat(target).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
  const [folder, name] = isFolder ? [target, basename(source)] : [dirname(target), basename(target)];
  const pack = await inside.connection.exec({
    argv: [...TAR, "-c", "-C", dirname(source), "--", basename(source)],
    user: inside.user,
  });
  const into = ["-C", folder, ...rename(basename(source), name)];
  const unpack = fromHost([...UNTRUSTED_UNPACK, ...into, "--", basename(source)]);
  pack.stdin.end();
  await join(ctx, pack, unpack, `${source} to ${target}`);
}

/** Where a copy lands inside: in the target when that is a folder, else beside it under its name. */
async function landing({ connection, user }: Inside, name: string, target: string) {
  const probe = await connection.exec({ argv: [...TEST_FOLDER, target], user });
  probe.stdin.end();
  probe.stdout.resume();
  const [code, problem] = await Promise.all([probe.exitCode, text(probe.stderr)]);
  if (code > 1) throw new BothyError("COPY_FAILED", `cannot look at ${target}: ${problem.trim()}`);
  return code === 0 ? { folder: target, name } : { folder: dirname(target), name: basename(target) };
}

/** GNU tar's way to give the copied entry another name: a literal replacement of the first path part only. */
function rename(from: string, to: string): string[] {
  if (from === to) return [];
  const pattern = from.replace(/[.*[\]^$\\,&]/g, "\\$&");
  const replacement = to.replace(/[\\,&]/g, "\\$&");
  return [`--transform=flags=rSh;s,^${pattern}\\(/\\|$\\),${replacement}\\1,`];
}

type End = Pick<ExecProcess, "stdin" | "stdout" | "stderr" | "exitCode" | "kill">;

async function join(ctx: Context, pack: End, unpack: End, what: string): Promise<void> {
  const abort = () => void Promise.all([pack.kill("TERM"), unpack.kill("TERM")]).catch(() => {});
  ctx.signal.addEventListener("abort", abort, { once: true });
  pack.stdout.pipe(unpack.stdin);
  unpack.stdin.on("error", () => {}); // the reason is on the reader's stderr
  unpack.stdout.resume();
  const ends = [pack, unpack].map(async (end) => ({
    problem: (await text(end.stderr)).trim(),
    code: await end.exitCode,
  }));
  const failed = (await Promise.all(ends)).find(({ code }) => code !== 0);
  if (ctx.signal.aborted) throw new BothyError("INTERRUPTED", `copying ${what} was interrupted`);
  if (failed) {
    throw new BothyError(
      "COPY_FAILED",
      `cannot copy ${what}: ${failed.problem || `tar ended with ${failed.code}`}`,
      {
        hints: ["`bothy cp -u root ...` copies with root's rights, if it is rights that are missing"],
      },
    );
  }
}

function fromHost(argv: readonly string[]): End {
  const child = start(argv, { stdio: ["pipe", "pipe", "pipe"] });
  const exitCode = new Promise<number>((resolve, reject) => {
    child.once("error", (cause) => reject(missingTool(argv[0] ?? "", cause)));
    child.once("close", (code) => resolve(code ?? 1));
  });
  exitCode.catch(() => {}); // told by whoever waits for it
  const none = () => new PassThrough().end();
  return {
    stdin: child.stdin ?? none(),
    stdout: child.stdout ?? none(),
    stderr: child.stderr ?? none(),
    exitCode,
    kill: async (signal) => void child.kill(`SIG${signal}`),
  };
}

/** `MACHINE:PATH`, or a path of the host; a colon after a slash belongs to the path. */
function parsePlace(text: string): Place {
  const colon = text.indexOf(":");
  const slash = text.indexOf("/");
  if (colon < 1 || (slash >= 0 && slash < colon)) return { path: text };
  return { machine: text.slice(0, colon), path: text.slice(colon + 1) };
}

function oneMachine(): BothyError {
  return new BothyError("USAGE", "exactly one side of a copy names a machine", {
    hints: ["bothy cp ./file web:/tmp/", "bothy cp web:/etc/hostname ."],
  });
}
