import { createHash, randomBytes } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { finished, pipeline } from "node:stream/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  connect,
  type LibvirtClient,
  type StoragePoolRef,
  type StorageVolumeRef,
} from "../../../../src/libvirt/index.ts";
import type { PrivateDaemon } from "../private-daemon.ts";

const SIZE = 16 * 1024 * 1024;
const content = randomBytes(SIZE);
const digest = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");

/** The tests use one volume, in order. */
export function storageSuite(daemon: () => PrivateDaemon): void {
  let client: LibvirtClient;
  let pool: StoragePoolRef;
  let volume: StorageVolumeRef;
  let directory = "";

  beforeAll(async () => {
    client = await connect({ uri: "qemu:///system", socket: daemon().socket });
    directory = join(daemon().directory, "pool");
    await mkdir(directory);
    const target = `<target><path>${directory}</path></target>`;
    pool = await client.storage.createPool(`<pool type='dir'><name>bothy-test-pool</name>${target}</pool>`);
    const xml = `<volume><name>volume</name><capacity>${SIZE}</capacity></volume>`;
    volume = await client.storage.createVolume(pool, xml);
  });
  afterAll(async () => {
    await client.storage.destroyPool(pool);
    await client.close();
  });

  test("upload arrives whole, while other calls go on", async () => {
    const pieces = Array.from({ length: 64 }, (_, index) => content.subarray(index << 18, (index + 1) << 18));
    const upload = pipeline(Readable.from(pieces), await client.storage.upload(volume));
    await expect(client.host.uri()).resolves.toBe("qemu:///system");
    await upload;
    expect(digest(await readFile(join(directory, "volume")))).toBe(digest(content));
  });

  test("download comes back whole, while another one runs", async () => {
    const streams = await Promise.all([client.storage.download(volume), client.storage.download(volume)]);
    const copies = await Promise.all(streams.map((stream) => buffer(stream)));
    expect(copies.map(digest)).toEqual([digest(content), digest(content)]);
  });

  test("a part of a volume can be read", async () => {
    const part = await client.storage.download(volume, { offsetBytes: 1000, lengthBytes: 5000 });
    expect((await buffer(part)).equals(content.subarray(1000, 6000))).toBe(true);
  });

  test("a download that is given up leaves the connection usable", async () => {
    for await (const _chunk of await client.storage.download(volume)) break;
    const unread = await client.storage.download(volume);
    await expect(client.host.uri()).resolves.toBe("qemu:///system");
    unread.destroy();
    await expect(client.storage.listPools()).resolves.toEqual([pool]);
  });

  test("more data than was announced is the server's error or is cut, never lost silently", async () => {
    const upload = await client.storage.upload(volume, { lengthBytes: 10 });
    const outcome = finished(upload).then(
      () => "finished",
      (error: Error) => error.name,
    );
    upload.end(Buffer.alloc(100_000));
    expect(["finished", "LibvirtError"]).toContain(await outcome);
  });

  test("a deleted volume cannot be opened", async () => {
    await client.storage.deleteVolume(volume);
    await expect(client.storage.download(volume)).rejects.toMatchObject({ codeName: "NO_STORAGE_VOL" });
  });
}
