import { describe, expect, it } from "vitest";
import { boxSchema, canonical, describeBox, digestOfContent } from "../../../src/boxes/box.ts";
import { content } from "./support.ts";

const layer = { digest: "a".repeat(64), sizeBytes: 4096 };

describe("a box's digest", () => {
  it("is the same for the same layers and configuration, whatever its name, time and source", () => {
    const one = describeBox("one", content([layer]), undefined, new Date(0));
    const other = describeBox("other", content([layer]), {
      source: { recipe: "debian/12", inputs: "b".repeat(64) },
    });
    expect(one.digest).toBe(other.digest);
  });

  it("changes with layers and with configuration", () => {
    const digests = [
      content([layer]),
      content([layer, layer]),
      { ...content([layer]), init: "/sbin/init" },
      { ...content([layer]), environment: { LANG: "C" } },
    ].map(digestOfContent);
    expect(new Set(digests).size).toBe(digests.length);
  });

  it("does not depend on the order of keys", () => {
    expect(canonical({ b: [{ d: 1, c: undefined }], a: 2 })).toBe(canonical({ a: 2, b: [{ d: 1 }] }));
  });
});

describe("boxSchema", () => {
  const box = describeBox("one", content([layer]), undefined);
  it("reads what it wrote", () => expect(boxSchema.parse(JSON.parse(JSON.stringify(box)))).toEqual(box));

  it.each([
    { layers: [] },
    { layers: [{ digest: "../../etc/passwd", sizeBytes: 1 }] },
    { layers: [{ digest: layer.digest, sizeBytes: -1 }] },
    { init: "sbin/init" },
    { version: 2 },
  ])("refuses %j", (wrong) => expect(boxSchema.safeParse({ ...box, ...wrong }).success).toBe(false));
});
