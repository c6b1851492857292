import { describe, expect, it } from "vitest";
import { packageOf, TOOL_PACKAGES } from "../../../src/system/index.ts";

describe("packageOf", () => {
  it("knows the package of every tool, also by its path, and takes an unknown one's own name", () => {
    expect(packageOf("dnsmasq")).toBe("dnsmasq-base");
    expect(packageOf("/usr/sbin/dnsmasq")).toBe("dnsmasq-base");
    expect(packageOf("constructor")).toBe("constructor");
    expect(packageOf("no-such-tool")).toBe("no-such-tool");
  });

  it("names Debian packages only", () => {
    for (const name of Object.values(TOOL_PACKAGES)) expect(name).toMatch(/^[a-z0-9][a-z0-9+.-]+$/);
  });
});
