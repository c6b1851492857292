import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { lab, succeeded } from "../support/lab.ts";
import { writeOwnDiskBox } from "../support/own-disk.ts";
import { tempHome } from "../support/temp-home.ts";

it("a disk that nobody can read boots as a VM, lets our key in, and is no container", async () => {
  await using making = await tempHome();
  await using shop = await lab("machines: { old: { box: team/old, memory: 256MiB, cpus: 1 } }");
  const box = await writeOwnDiskBox(shop.layout, await making.sub("disk"));
  const added = await shop.bothy("box", "add", box, "--name", "team/old");
  expect(added.stderr).toContain("no Linux system that bothy can read");
  succeeded(added);

  const refused = await shop.bothy("up");
  expect(refused.exitCode).toBe(3);
  expect(refused.stderr).toContain("the box team/old cannot run as a container");
  expect((await shop.json<{ machines: { state: string }[] }>("status")).machines[0]?.state).toBe("absent");

  succeeded(await shop.bothy("up", "--isolation", "vm"));
  expect(succeeded(await shop.bothy("ssh", "old", "-c", "echo $USER; cat .ssh/authorized_keys"))).toMatch(
    /^vagrant\nssh-ed25519 \S+ bothy:[0-9a-f]{12}\n$/,
  );
  expect(succeeded(await shop.bothy("logs", "old"))).toContain("own system: ready");
  const exec = await shop.bothy("exec", "old", "--", "true");
  expect([exec.exitCode, exec.stderr]).toEqual([125, expect.stringContaining("boots a system of its own")]);
  expect((await shop.bothy("box", "remove", "team/old")).exitCode).toBe(3);

  succeeded(await shop.bothy("halt", "--force"));
  const [machine] = (await shop.json<{ machines: { id: string }[] }>("status")).machines;
  const { keys } = shop.layout.machine(machine?.id ?? "");
  expect(await readFile(join(keys, "learnt_host_key.pub"), "utf8")).toMatch(/^ssh-ed25519 /);
});
