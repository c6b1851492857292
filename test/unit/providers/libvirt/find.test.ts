import { expect, test } from "vitest";
import {
  type DomainRef,
  ErrorCode,
  type LibvirtClient,
  LibvirtError,
} from "../../../../src/libvirt/index.ts";
import { METADATA_NAMESPACE } from "../../../../src/providers/libvirt/domain/index.ts";
import {
  absentAs,
  awaitEnd,
  chooseName,
  findDomain,
  hasEnded,
} from "../../../../src/providers/libvirt/find.ts";
import { runSpec } from "./fixtures.ts";

const OURS = `<machine xmlns="${METADATA_NAMESPACE}" format="1" store="x" id="i" name="n" project="p" project-name="q"/>`;

function noDomain(): LibvirtError {
  const none = { str1: null, str2: null, str3: null, int1: 0, int2: 0 };
  return new LibvirtError("LOOKUP", {
    code: ErrorCode.NO_DOMAIN,
    domain: 10,
    level: 2,
    message: "none",
    ...none,
  });
}

/** A daemon with these domains, by name; the value is our metadata, if any. */
function daemon(domains: Record<string, string | undefined>): LibvirtClient {
  const lookup = async (name: string): Promise<DomainRef> => {
    if (!(name in domains)) throw noDomain();
    return { name, uuid: name, id: 1 };
  };
  const calls = {
    lookupByName: lookup,
    lookupByUuid: lookup,
    metadata: async ({ name }: DomainRef) => domains[name],
  };
  return { domains: calls } as unknown as LibvirtClient;
}

const spec = runSpec();

test("the plain name, when it is free", async () => {
  expect(await chooseName(daemon({}), spec)).toBe("bothy-shop-db");
});

test("with the id, when another project has a machine of that name", async () => {
  expect(await chooseName(daemon({ "bothy-shop-db": OURS }), spec)).toBe("bothy-shop-db-0a1b2c3d4e5f");
});

test("a name that is not bothy's is not taken away from anybody", async () => {
  await expect(chooseName(daemon({ "bothy-shop-db": undefined }), spec)).rejects.toMatchObject({
    code: "NAME_TAKEN",
    message: "libvirt has a domain `bothy-shop-db` that bothy did not make",
  });
});

test("a domain that is not there is `undefined`, any other error stays one", async () => {
  expect(await findDomain(daemon({}), "u")).toBeUndefined();
  expect(await absentAs(0, Promise.resolve(1))).toBe(1);
  await expect(absentAs(0, Promise.reject(new Error("other")))).rejects.toThrow("other");
});

test("without a pid file libvirt's word has to do", async () => {
  expect(await hasEnded({ name: "bothy-no-such-domain", uuid: "u", id: 1 })).toBe(false);
});

test("the end of a domain that is gone already is not waited for", async () => {
  const events = { next: () => new Promise(() => {}), [Symbol.asyncDispose]: async () => {} };
  const client = daemon({});
  Object.assign(client.domains, { events: async () => events });
  await expect(awaitEnd(client, "u")).resolves.toBeUndefined();
});
