import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { PrivateDaemon } from "./private-daemon.ts";
import { connectionSuite } from "./suites/connection.ts";
import { domainSuite } from "./suites/domains.ts";
import { lossSuite } from "./suites/loss.ts";
import { storageSuite } from "./suites/storage.ts";

vi.setConfig({ testTimeout: 30_000 });

/** One daemon for all suites: its first answer takes seconds, as it looks at QEMU. */
describe("against a real libvirtd", () => {
  let daemon: PrivateDaemon | undefined;
  const running = () => {
    if (!daemon) throw new Error("the daemon is not running");
    return daemon;
  };

  beforeAll(async () => {
    daemon = await PrivateDaemon.start();
  });
  afterAll(() => daemon?.[Symbol.asyncDispose]());

  describe("connection", () => connectionSuite(running));
  describe("domains", () => domainSuite(running));
  describe("storage", () => storageSuite(running));
  describe("loss", () => lossSuite(running));

  test("no domain is left", async () => {
    expect(await running().domainPids()).toEqual([]);
  });
});
