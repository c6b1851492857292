import { describe, expect, it } from "vitest";
import {
  choosePlatform,
  hostPlatform,
  type Platform,
  parsePlatform,
  platformText,
  runsOn,
} from "../../../../src/boxes/oci/platform.ts";

const entries = (...platforms: (string | undefined)[]) =>
  platforms.map((text) => ({ text, platform: text === undefined ? undefined : parsePlatform(text) }));
const choose = (wanted: string, ...platforms: (string | undefined)[]) =>
  choosePlatform(entries(...platforms), parsePlatform(wanted), "app").text;

describe("platforms", () => {
  it.each([
    ["linux/amd64", { os: "linux", architecture: "amd64" }],
    ["arm64", { os: "linux", architecture: "arm64" }],
    ["Linux/aarch64/v8", { os: "linux", architecture: "arm64", variant: "v8" }],
    ["x86_64", { os: "linux", architecture: "amd64" }],
  ] as [string, Platform][])("%s", (text, platform) => expect(parsePlatform(text)).toEqual(platform));

  it.each([[""], ["a/b/c/d"], ["linux/"], ["linux amd64"]])("`%s` is none", (text) => {
    expect(() => parsePlatform(text)).toThrow(expect.objectContaining({ code: "USAGE" }));
  });

  it("has Go's names for this host's processor", () => {
    expect(platformText(hostPlatform("x64"))).toBe("linux/amd64");
    expect(platformText(hostPlatform("arm"))).toBe("linux/arm/v7");
    expect(platformText(hostPlatform("riscv64"))).toBe("linux/riscv64");
  });
});

describe("the entry for a platform", () => {
  it.each([
    ["linux/amd64", ["linux/arm64", "linux/amd64", "linux/amd64/v1"], "linux/amd64"],
    ["linux/arm64", ["linux/arm64/v8"], "linux/arm64/v8"],
    ["linux/arm64/v8", ["linux/arm64"], "linux/arm64"],
    ["linux/arm/v7", ["linux/arm/v5", "linux/arm/v6"], "linux/arm/v6"],
    ["linux/amd64", ["linux/amd64/v3", "linux/amd64"], "linux/amd64"],
  ])("%s of %j", (wanted, there, chosen) => expect(choose(wanted, ...there)).toBe(chosen));

  it("is the only one there is when that names none", () => {
    expect(choose("linux/amd64", undefined)).toBeUndefined();
  });

  it.each([
    ["linux/arm/v6", ["linux/arm/v7"]],
    ["linux/amd64", ["windows/amd64", "unknown/unknown"]],
    ["linux/amd64", []],
  ])("%s is missing in %j, and those there are named", (wanted, there) => {
    const hint = there.length > 0 ? `there are: ${there[0]}` : "it names no platform at all";
    expect(() => choose(wanted, ...there)).toThrow(
      expect.objectContaining({ code: "PLATFORM_MISSING", hints: [hint] }),
    );
  });
});

it("knows what runs where", () => {
  expect(runsOn(parsePlatform("arm/v6"), parsePlatform("arm/v7"))).toBe(true);
  expect(runsOn(parsePlatform("arm/v7"), parsePlatform("arm/v6"))).toBe(false);
  expect(runsOn(parsePlatform("arm"), parsePlatform("arm/v6"))).toBe(true);
  expect(runsOn(parsePlatform("amd64"), parsePlatform("arm64"))).toBe(false);
});
