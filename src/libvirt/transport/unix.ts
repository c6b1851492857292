import { existsSync } from "node:fs";
import { connect } from "node:net";
import { ConnectError } from "../errors/index.ts";
import type { Transport } from "./transport.ts";

/**
 * Connects to the first of `paths` that exists, or to the last one. Throws `ConnectError`
 * (`unreachable`), or the signal's reason when aborted.
 */
export async function openUnix(paths: readonly string[], signal?: AbortSignal): Promise<Transport> {
  const path = paths.find((candidate) => existsSync(candidate)) ?? paths.at(-1) ?? "";
  const socket = connect(path);
  let failure: Error | undefined;
  socket.on("error", (error) => {
    failure = error;
  });
  const closed = new Promise<Error | undefined>((resolve) => socket.once("close", () => resolve(failure)));
  const opened = new Promise<void>((resolve) => socket.once("connect", resolve));
  const aborted = onAbort(signal, () => socket.destroy());
  await Promise.race([opened, closed]);
  aborted();
  signal?.throwIfAborted();
  if (failure) throw unreachable(path, paths, failure);
  return { readable: socket, writable: socket, closed, destroy: () => socket.destroy() };
}

function unreachable(path: string, paths: readonly string[], cause: NodeJS.ErrnoException): ConnectError {
  const tried = cause.code === "ENOENT" ? paths.join(" or ") : path;
  return new ConnectError("unreachable", `cannot reach a libvirt daemon at ${tried}: ${cause.message}`, {
    cause,
  });
}

/** Runs `action` when the signal fires; the result stops waiting for it. */
function onAbort(signal: AbortSignal | undefined, action: () => void): () => void {
  if (signal?.aborted) action();
  signal?.addEventListener("abort", action, { once: true });
  return () => signal?.removeEventListener("abort", action);
}
