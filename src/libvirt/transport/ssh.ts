import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { sshArguments } from "./ssh-command.ts";
import type { Transport } from "./transport.ts";
import type { LibvirtUri } from "./uri.ts";

/** How `ssh` is run. */
export interface SshOptions {
  /** The program; else the URI's `command` parameter, else `ssh` from PATH. */
  readonly command?: string;
  /** Arguments before libvirt's own, e.g. `["-F", "/path/to/config"]`. */
  readonly args?: readonly string[];
  /** The whole environment of the child; else this process's. */
  readonly env?: NodeJS.ProcessEnv;
}

/** How much of ssh's error output is kept, in characters; the end of it is the useful part. */
const STDERR_KEPT = 4096;
/** How long ssh may take to exit after its output ended: a background master can hold it open. */
const EXIT_GRACE_MS = 1000;

/**
 * Starts ssh with the remote end of the protocol on its standard input and output. Failures, the
 * start of the process included, show as the end of the transport. ssh asks for passwords on the
 * terminal, if there is one; add `no_tty=1` to the URI to forbid that.
 */
export function openSsh(uri: LibvirtUri, options: SshOptions = {}): Transport {
  const command = options.command ?? uri.parameters.get("command") ?? "ssh";
  const child = spawn(command, sshArguments(uri, options.args), {
    stdio: ["pipe", "pipe", "pipe"],
    ...(options.env && { env: options.env }),
  });
  const stderr = collectTail(child);
  const ended = waitForEnd(child);
  child.stdin.on("error", () => {}); // EPIPE: `closed` tells why
  return {
    readable: child.stdout,
    writable: child.stdin,
    closed: ended.then((how) => describe(command, how, stderr())),
    destroy: () => destroy(child),
  };
}

function collectTail(child: ChildProcessWithoutNullStreams): () => string {
  let tail = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    tail = (tail + text).slice(-STDERR_KEPT);
  });
  return () => tail.trim();
}

/** Waits for the start's failure, or for the output's end and then, for a while, for the exit. */
function waitForEnd(child: ChildProcessWithoutNullStreams): Promise<Error | string> {
  return new Promise((resolve) => {
    child.once("error", resolve);
    child.once("close", (code, signal) => resolve(signal ?? `exit status ${code}`));
    child.stdout.once("close", () => {
      const timer = setTimeout(() => {
        child.kill("SIGKILL");
        resolve("its output ended");
      }, EXIT_GRACE_MS);
      child.once("close", () => clearTimeout(timer));
    });
  });
}

function destroy(child: ChildProcessWithoutNullStreams): void {
  child.stdin.destroy();
  child.stdout.destroy();
  child.stderr.destroy();
  child.kill();
}

function describe(command: string, how: Error | string, stderr: string): Error {
  if (how instanceof Error) return how;
  return new Error(`${command} ended (${how})${stderr ? `: ${stderr}` : ""}`);
}
