import { expect, it } from "vitest";
import { freezeDomain } from "../../../../src/providers/libvirt/freeze.ts";
import { tempHome } from "../../../support/temp-home.ts";

it("cannot hold the disk of a VM that nobody can reach", async () => {
  await using home = await tempHome();
  const management = { address: "127.0.0.1", port: 1, privateKey: "/nowhere", hostKey: "ssh-ed25519 AAAA" };
  const freeze = freezeDomain({ layout: home.layout }, "0123456789ab", management);
  await expect(freeze).rejects.toMatchObject({ name: "BothyError" });
});
