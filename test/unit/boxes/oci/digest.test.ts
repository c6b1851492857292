import { expect, it } from "vitest";
import { digestOf, verifyBytes } from "../../../../src/boxes/oci/digest.ts";

const BYTES = Buffer.from("some bytes");

it.each(["sha256", "sha512"])(
  "bytes have the %s that was promised, or are refused with both",
  (algorithm) => {
    const digest = digestOf(BYTES, algorithm);
    verifyBytes("it", BYTES, { digest }, "try");
    verifyBytes("it", BYTES, { digest, size: BYTES.length }, "try");
    const other = digestOf(Buffer.from("other"), algorithm);
    expect(() => verifyBytes("it", BYTES, { digest: other }, "try")).toThrow(
      expect.objectContaining({
        code: "CHECKSUM_MISMATCH",
        message: `it: the digest is ${digest}, and ${other} was promised`,
        hints: ["try"],
      }),
    );
  },
);

it("another size is told without reading on", () => {
  const promised = { digest: digestOf(BYTES), size: 3 };
  expect(() => verifyBytes("it", BYTES, promised, "try")).toThrow("it: 3 bytes were promised, and it has 10");
});
