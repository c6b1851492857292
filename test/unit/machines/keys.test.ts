import { readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ensureKeys, fingerprint } from "../../../src/machines/index.ts";
import { run } from "../../../src/system/index.ts";
import { tempHome } from "../../support/temp-home.ts";

describe("ensureKeys", () => {
  it("makes keys that OpenSSH reads, private and public parts belonging together", async () => {
    await using home = await tempHome();
    for (let round = 0; round < 12; round++) {
      const keys = await ensureKeys(join(home.folder, `keys${round}`), "0123456789ab");
      const derived = await run(["ssh-keygen", "-y", "-f", keys.identityFile]);
      expect(keys.authorizedKey.startsWith(derived.stdout.trim().split(" ").slice(0, 2).join(" "))).toBe(
        true,
      );
      const hostKey = join(home.folder, `host${round}`);
      await writeFile(hostKey, keys.hostKeyPrivate, { mode: 0o600 });
      const hostDerived = await run(["ssh-keygen", "-y", "-f", hostKey]);
      expect(keys.hostKeyPublic.split(" ")[1]).toBe(hostDerived.stdout.split(" ")[1]?.trim());
    }
  });

  it("says the fingerprint that ssh-keygen says", async () => {
    await using home = await tempHome();
    const keys = await ensureKeys(join(home.folder, "keys"), "0123456789ab");
    const { stdout } = await run(["ssh-keygen", "-l", "-f", `${keys.identityFile}.pub`]);
    expect(stdout).toBe(`256 ${fingerprint(keys.authorizedKey)} bothy:0123456789ab (ED25519)\n`);
  });

  it("lets nobody else read the private parts", async () => {
    await using home = await tempHome();
    const folder = join(home.folder, "keys");
    await ensureKeys(folder, "0123456789ab");
    const modes = ["", "id_ed25519", "ssh_host_ed25519_key"].map(
      async (name) => (await stat(join(folder, name))).mode & 0o777,
    );
    expect(await Promise.all(modes)).toEqual([0o700, 0o600, 0o600]);
  });

  it("returns the same keys ever after", async () => {
    await using home = await tempHome();
    const folder = join(home.folder, "keys");
    const first = await ensureKeys(folder, "0123456789ab");
    expect(await ensureKeys(folder, "0123456789ab")).toEqual(first);
  });

  it.each(["id_ed25519", "id_ed25519.pub", "ssh_host_ed25519_key", "ssh_host_ed25519_key.pub"])(
    "makes a pair anew when %s is gone, and keeps the other",
    async (name) => {
      await using home = await tempHome();
      const folder = join(home.folder, "keys");
      const before = await ensureKeys(folder, "0123456789ab");
      await rm(join(folder, name));
      const after = await ensureKeys(folder, "0123456789ab");
      const kept = name.startsWith("id_") ? "hostKeyPublic" : "authorizedKey";
      const renewed = name.startsWith("id_") ? "authorizedKey" : "hostKeyPublic";
      expect(after[kept]).toBe(before[kept]);
      expect(after[renewed]).not.toBe(before[renewed]);
      expect(await readFile(`${after.identityFile}.pub`, "utf8")).toBe(`${after.authorizedKey}\n`);
    },
  );
});
