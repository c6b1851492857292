import type { Readable } from "node:stream";
import type { ExecProcess } from "../providers/provider.ts";

/** The caller's three streams. */
export interface Stdio {
  readonly stdin: NodeJS.ReadableStream | undefined;
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream;
}

/** Joins a command inside with the caller's streams until it ends; hands Ctrl-C on to it. Returns its exit code. */
export async function pump(child: ExecProcess, stdio: Stdio, signal: AbortSignal): Promise<number> {
  const interrupt = () => void child.kill("INT").catch(() => {});
  signal.addEventListener("abort", interrupt, { once: true });
  try {
    child.stdin.on("error", () => {}); // the command may end before it has read everything
    if (stdio.stdin) stdio.stdin.pipe(child.stdin);
    else child.stdin.end();
    child.stdout.pipe(stdio.stdout, { end: false });
    stdio.stdout.on("error", () => {
      child.stdout.resume(); // nobody reads on, as behind `| head`: the command ends as by SIGPIPE
      void child.kill("HUP").catch(() => {});
    });
    child.stderr.pipe(stdio.stderr, { end: false });
    const [code] = await Promise.all([child.exitCode, ended(child.stdout), ended(child.stderr)]);
    return code;
  } finally {
    signal.removeEventListener("abort", interrupt);
    stdio.stdin?.unpipe(child.stdin);
    stdio.stdin?.pause();
  }
}

/** Settles when nothing more can come; that stdin is still open behind it does not matter, nor that it broke off. */
function ended(stream: NodeJS.ReadableStream): Promise<void> {
  const { readableEnded, destroyed } = stream as Readable;
  if (readableEnded || destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    for (const event of ["end", "close", "error"]) stream.once(event, () => resolve());
  });
}
