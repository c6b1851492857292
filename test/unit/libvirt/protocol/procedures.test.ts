import { expect, test } from "vitest";
import { Qemu, Remote } from "../../../../src/libvirt/protocol/index.ts";
import { decode, encode } from "../../../../src/libvirt/xdr/index.ts";

test("each procedure has its name, its program and a number of its own", () => {
  for (const [table, program] of [
    [Remote, 0x20008086],
    [Qemu, 0x20008087],
  ] as const) {
    const procedures = Object.entries(table);
    expect(new Set(procedures.map(([, { number }]) => number)).size).toBe(procedures.length);
    for (const [name, procedure] of procedures) expect(procedure).toMatchObject({ name, program });
  }
});

test("a UUID is sixteen bytes on the wire and text here", () => {
  const { args } = Remote.DOMAIN_LOOKUP_BY_UUID;
  const uuid = "00112233-4455-6677-8899-aabbccddeeff";
  const bytes = encode(args, { uuid }, 100);
  expect(bytes.toString("hex")).toBe("00112233445566778899aabbccddeeff");
  expect(decode(args, bytes)).toEqual({ uuid });
  expect(() => encode(args, { uuid: "not one" }, 100)).toThrow(/uuid: "not one" is not a UUID/);
});
