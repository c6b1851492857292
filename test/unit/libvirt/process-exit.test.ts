import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { build } from "esbuild";
import { expect, test } from "vitest";
import { Remote } from "../../../src/libvirt/protocol/index.ts";
import { FakeServer } from "./support/fake-server.ts";

const SCRIPT = `
import { connect } from "./src/libvirt/index.ts";
const client = await connect({ uri: "qemu:///system", socket: process.argv[2] });
await client.close();
console.log("closed");
`;

test("a process ends by itself after close", async () => {
  const directory = await mkdtemp(join(tmpdir(), "bothy-exit-"));
  const socket = join(directory, "libvirt-sock");
  const server = createServer((peer) => {
    const daemon = new FakeServer(peer);
    void daemon.answer(Remote.AUTH_LIST, { types: [0] });
    void daemon.answer(Remote.CONNECT_OPEN, undefined);
    void daemon.answer(Remote.CONNECT_CLOSE, undefined);
  });
  try {
    await new Promise<void>((resolve) => server.listen(socket, resolve));
    const outfile = join(directory, "script.mjs");
    const stdin = { contents: SCRIPT, resolveDir: process.cwd(), loader: "ts" } as const;
    await build({ stdin, bundle: true, platform: "node", format: "esm", target: "node20", outfile });
    const { stdout } = await promisify(execFile)(process.execPath, [outfile, socket], { timeout: 15_000 });
    expect(stdout).toBe("closed\n");
  } finally {
    server.close();
    await rm(directory, { recursive: true });
  }
});
