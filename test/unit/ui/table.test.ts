import { describe, expect, it } from "vitest";
import { duration, size, table } from "../../../src/ui/index.ts";

describe("table", () => {
  it("makes columns as wide as their widest cell", () => {
    const text = table(
      ["name", "state"],
      [
        ["web", "running"],
        ["database", "-"],
      ],
    );
    expect(text).toBe("NAME      STATE\nweb       running\ndatabase  -");
  });

  it("is the header without rows", () => {
    expect(table(["name", "state"], [])).toBe("NAME  STATE");
  });

  it("fills cells that a row lacks", () => {
    expect(table(["a", "b"], [["1"]])).toBe("A  B\n1");
  });
});

describe("duration", () => {
  it.each([
    [0, "0 s"],
    [0.4, "0 s"],
    [59.9, "59 s"],
    [60, "1 min"],
    [61, "1 min 1 s"],
    [3599, "59 min 59 s"],
    [3600, "1 h"],
    [3660, "1 h 1 min"],
    [86_400, "1 d"],
    [86_460, "1 d"],
    [273_600, "3 d 4 h"],
  ])("%d seconds: %s", (seconds, text) => {
    expect(duration(seconds)).toBe(text);
  });
});

describe("size", () => {
  it.each([
    [0, "0 MiB"],
    [0.44, "0.4 MiB"],
    [300, "300 MiB"],
    [1023, "1023 MiB"],
    [1023.9, "1 GiB"],
    [1024, "1 GiB"],
    [1536, "1.5 GiB"],
    [10_240, "10 GiB"],
  ])("%d MiB: %s", (mebibytes, text) => {
    expect(size(mebibytes)).toBe(text);
  });
});
