/*
 * Records the fixture of the unit tests; run by test/fixtures/libvirt/record.mjs, which explains.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { connect } from "../../../src/libvirt/index.ts";
import { scenario } from "../../unit/libvirt/support/scenario.ts";
import { PrivateDaemon } from "./private-daemon.ts";
import { Recorder } from "./recorder.ts";

/** Where the pool is, as the daemon in its namespace sees it; it is part of the recorded bytes. */
const POOL_DIRECTORY = "/var/lib/libvirt/pool";

const [, , output] = process.argv;
if (!output) throw new Error("usage: record <output file>");

await using daemon = await PrivateDaemon.start();
await mkdir(join(daemon.directory, "lib/pool"));
await using recorder = await Recorder.start(daemon.socket);
const client = await connect({ uri: "qemu:///system", socket: recorder.socket, keepalive: false });
const result = await scenario(client, POOL_DIRECTORY);
await client.close();
await writeFile(
  output,
  `${JSON.stringify({ poolDirectory: POOL_DIRECTORY, result, frames: recorder.frames }, null, 1)}\n`,
);
