import { expect, test } from "vitest";
import { type Procedure, Remote } from "../../../src/libvirt/protocol/index.ts";
import { decode } from "../../../src/libvirt/xdr/index.ts";
import { connected } from "./support/fake-server.ts";

const pool = { name: "p", uuid: "00000000-0000-0000-0000-000000000001" };
const vol = { pool: "p", name: "v", key: "/p/v" };

type StorageCalls = ReturnType<typeof connected>["client"]["storage"];

async function sent<A, R>(
  procedure: Procedure<A, R>,
  value: R,
  act: (storage: StorageCalls) => Promise<unknown>,
) {
  const { client, server } = connected();
  const result = act(client.storage);
  const call = await server.answer(procedure as Procedure<unknown, R>, value);
  return { args: decode(procedure.args, call.payload), result: await result };
}

test("pools are listed, created and destroyed", async () => {
  const listed = await sent(Remote.CONNECT_LIST_ALL_STORAGE_POOLS, { pools: [pool], count: 1 }, (storage) =>
    storage.listPools(2),
  );
  expect(listed).toEqual({ args: { needResults: 1, flags: 2 }, result: [pool] });
  const created = await sent(Remote.STORAGE_POOL_CREATE_XML, { pool }, (storage) =>
    storage.createPool("<pool/>"),
  );
  expect(created).toEqual({ args: { xml: "<pool/>", flags: 0 }, result: pool });
  const destroyed = await sent(Remote.STORAGE_POOL_DESTROY, undefined, (storage) =>
    storage.destroyPool(pool),
  );
  expect(destroyed.args).toEqual({ pool });
});

test("volumes are created and deleted", async () => {
  const created = await sent(Remote.STORAGE_VOL_CREATE_XML, { vol }, (storage) =>
    storage.createVolume(pool, "<volume/>"),
  );
  expect(created).toEqual({ args: { pool, xml: "<volume/>", flags: 0 }, result: vol });
  const deleted = await sent(Remote.STORAGE_VOL_DELETE, undefined, (storage) => storage.deleteVolume(vol));
  expect(deleted.args).toEqual({ vol, flags: 0 });
});

test("transfers can be of a part", async () => {
  const upload = await sent(Remote.STORAGE_VOL_UPLOAD, undefined, (storage) =>
    storage.upload(vol, { offsetBytes: 2 ** 40, lengthBytes: 5 }),
  );
  expect(upload.args).toEqual({ vol, offset: 2n ** 40n, length: 5n, flags: 0 });
  const download = await sent(Remote.STORAGE_VOL_DOWNLOAD, undefined, (storage) => storage.download(vol));
  expect(download.args).toEqual({ vol, offset: 0n, length: 0n, flags: 0 });
});

test("a range that is no count of bytes is refused", async () => {
  const { client } = connected();
  await expect(client.storage.download(vol, { offsetBytes: -1 })).rejects.toMatchObject({ name: "XdrError" });
  await expect(client.storage.download(vol, { offsetBytes: 0.5 })).rejects.toMatchObject({
    name: "XdrError",
  });
});
