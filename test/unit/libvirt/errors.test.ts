import { expect, test } from "vitest";
import {
  ConnectError,
  ConnectionLostError,
  ErrorCode,
  errorCodeName,
  LibvirtError,
  ProtocolError,
} from "../../../src/libvirt/errors/index.ts";

const fields = {
  code: 42,
  domain: 10,
  level: 2,
  message: null,
  str1: "s",
  str2: null,
  str3: null,
  int1: 1,
  int2: 2,
};

test("codes have names, unknown ones too", () => {
  for (const [name, code] of Object.entries(ErrorCode)) expect(errorCodeName(code)).toBe(name);
  expect(errorCodeName(4711)).toBe("ERROR_4711");
});

test("a server's error without a message shows its code", () => {
  const error = new LibvirtError("DOMAIN_RESET", fields);
  expect(error).toMatchObject({
    ...fields,
    message: "NO_DOMAIN",
    codeName: "NO_DOMAIN",
    procedure: "DOMAIN_RESET",
  });
});

test("the others have a name, a reason and a cause", () => {
  const cause = new ProtocolError("nonsense");
  expect(new ConnectError("ssh", "no", { cause })).toMatchObject({
    name: "ConnectError",
    reason: "ssh",
    cause,
  });
  expect(new ConnectionLostError("protocol", "no", { cause })).toMatchObject({
    ...{ name: "ConnectionLostError", reason: "protocol", cause },
  });
});
