import { openSession, type SshSession, type SshTarget } from "../connections/index.ts";
import { ensureKeys, type MachineRecord } from "../machines/index.ts";
import { asset, debug, type Probe, shellQuote, waitFor } from "../system/index.ts";
import { bootTimeoutMs, isDone, type Readiness, speaksSsh } from "./await-ready.ts";
import type { Context } from "./context.ts";
import { consoleTail } from "./logs.ts";
import type { Attachment } from "./network.ts";
import type { Progress } from "./reporter.ts";
import { sshTarget } from "./ssh-target.ts";

const LOOK_MS = 2000;
/** The user and the key, known to everybody, that Vagrant's boxes come with. */
const PUBLIC_LOGIN = { user: "vagrant", key: ["boxes", "vagrant", "insecure_key"] } as const;

/**
 * Waits until a machine that boots a system of its own greets on SSH, and sees to it that our key opens it where that
 * can be: cloud-init may have let it in, a Vagrant box takes the key that everybody has, once. A system that takes
 * neither is told of and left as it is.
 * @throws BothyError `TIMEOUT` with the last console lines; `MACHINE_STOPPED_EARLY` when it ends meanwhile.
 */
export async function awaitOwnSystem(
  ctx: Context,
  record: MachineRecord,
  network: Attachment,
  progress: Progress,
): Promise<Readiness> {
  const { ip } = network;
  progress.report(`waiting for SSH at ${ip}`);
  const bounds = { timeoutMs: bootTimeoutMs(), intervalMs: 100, signal: ctx.signal };
  if ((await waitFor(greeting(ctx, record, ip), bounds)) === "done") return "done";
  const target = await sshTarget(ctx, record, ip);
  if ((await canLogIn(ctx, target)) || (await replacePublicKey(ctx, record, target))) return "ready";
  ctx.reporter.warn(
    `${record.name}: its SSH server at ${ip} does not take bothy's key for "${target.user}"; log in as its own users may`,
  );
  return "ready";
}

function greeting(ctx: Context, record: MachineRecord, ip: string): Probe<Readiness> {
  let lookAt = performance.now() + LOOK_MS;
  return {
    title: `machine "${record.name}" to answer on SSH at ${ip}`,
    attempt: async () => {
      if (await speaksSsh(ip, 22, ctx.signal)) return "ready";
      if (performance.now() < lookAt) return undefined;
      lookAt = performance.now() + LOOK_MS;
      return (await isDone(ctx, record)) ? "done" : undefined;
    },
    evidence: () => consoleTail(ctx, record),
    hints: [
      `bothy logs ${record.name}`,
      "it boots a system of its own: without DHCP and SSH in it, bothy cannot tell whether it is up",
      "a slow host may need more time: BOTHY_BOOT_TIMEOUT=600 bothy up",
    ],
  };
}

/** Systems without cloud-init may take a while after their greeting. */
async function canLogIn(ctx: Context, target: SshTarget): Promise<boolean> {
  const session = await tryLogin(ctx, target);
  await session?.[Symbol.asyncDispose]();
  return session !== undefined;
}

/** Puts our key where the key that everybody has is. */
async function replacePublicKey(ctx: Context, record: MachineRecord, target: SshTarget): Promise<boolean> {
  if (target.user !== PUBLIC_LOGIN.user) return false;
  const session = await tryLogin(ctx, { ...target, identityFile: asset(...PUBLIC_LOGIN.key) });
  if (!session) return false;
  await using _ = session;
  const { authorizedKey } = await ensureKeys(ctx.layout.machine(record.id).keys, record.id);
  const script = `umask 077; mkdir -p ~/.ssh; ${shellQuote(["printf", "%s\\n", authorizedKey])} >~/.ssh/authorized_keys`;
  const done = await session.exec(script);
  done.stdin.end();
  done.stdout.resume();
  done.stderr.resume();
  return (await done.exitCode) === 0;
}

async function tryLogin(ctx: Context, target: SshTarget): Promise<SshSession | undefined> {
  return openSession(target, { signal: ctx.signal }).catch((error: unknown) => {
    debug(`no login: ${error}`);
    return undefined;
  });
}
