import { expect, test } from "vitest";
import { ProtocolError } from "../../../src/libvirt/errors/index.ts";
import { packetHead, parsePacket, Qemu, Remote } from "../../../src/libvirt/protocol/index.ts";
import { decode, encode } from "../../../src/libvirt/xdr/index.ts";

const header = { program: 0x20008086, procedure: 66, type: 0, serial: 5, status: 2 };

test("a header is six words behind the length of everything", () => {
  const head = packetHead(header, 8);
  expect(head.toString("hex")).toBe("00000024200080860000000100000042000000000000000500000002");
  expect(parsePacket(Buffer.concat([head.subarray(4), Buffer.from("payload!")]))).toEqual({
    ...header,
    payload: Buffer.from("payload!"),
  });
});

test("a short message and another version are refused", () => {
  expect(() => parsePacket(Buffer.alloc(23))).toThrow(ProtocolError);
  expect(() => parsePacket(Buffer.alloc(24, 7))).toThrow(/program version/);
});

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
