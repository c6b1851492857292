import { expect, test } from "vitest";
import type { DomainStatus, LibvirtClient } from "../../../../src/libvirt/index.ts";
import { awaken } from "../../../../src/providers/libvirt/awaken.ts";

const domain = { name: "bothy-shop-db", uuid: "u", id: 1 };

async function calls(
  state: DomainStatus["state"],
  answer = '{"return":{},"id":"libvirt-1"}',
): Promise<string[]> {
  const done: string[] = [];
  const domains = {
    resume: async () => void done.push("resume"),
    monitorCommand: async (_: unknown, command: string) => {
      done.push(command);
      return answer;
    },
  };
  await awaken({ domains } as unknown as LibvirtClient, domain, { state, reason: "user" });
  return done;
}

test("a guest that is held goes on, one that sleeps is woken, any other is left alone", async () => {
  expect(await calls("paused")).toEqual(["resume"]);
  expect(await calls("pmsuspended")).toEqual(['{"execute":"system_wakeup"}']);
  expect(await calls("running")).toEqual([]);
});

test("one that cannot be woken is no success", async () => {
  const answer = '{"error":{"class":"GenericError","desc":"no wake-up here"}}';
  await expect(calls("pmsuspended", answer)).rejects.toMatchObject({
    code: "START_FAILED",
    message: expect.stringContaining("no wake-up here"),
  });
});
