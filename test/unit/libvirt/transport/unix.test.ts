import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openUnix } from "../../../../src/libvirt/transport/index.ts";

let directory = "";
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "bothy-unix-"));
});
afterAll(() => rm(directory, { recursive: true }));

test("the first socket that exists is used", async () => {
  const second = join(directory, "second");
  const server = createServer((peer) => peer.end("hello"));
  await new Promise<void>((resolve) => server.listen(second, resolve));
  const transport = await openUnix([join(directory, "first"), second]);
  const chunks: Buffer[] = await transport.readable.toArray();
  expect(Buffer.concat(chunks).toString()).toBe("hello");
  await expect(transport.closed).resolves.toBeUndefined();
  server.close();
});

test("without any, the error names them all", async () => {
  await expect(openUnix(["/nonexistent/a", "/nonexistent/b"])).rejects.toMatchObject({
    ...{ name: "ConnectError", reason: "unreachable" },
    message: expect.stringContaining("no libvirt daemon at /nonexistent/a or /nonexistent/b: connect ENOENT"),
  });
});

test("an aborted attempt rejects with the reason", async () => {
  await expect(openUnix(["/nonexistent/a"], AbortSignal.abort(new Error("enough")))).rejects.toThrow(
    "enough",
  );
});
