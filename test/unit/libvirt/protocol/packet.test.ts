import { expect, test } from "vitest";
import { ProtocolError } from "../../../../src/libvirt/errors/index.ts";
import { packetHead, parsePacket } from "../../../../src/libvirt/protocol/index.ts";

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
