import { expect, it } from "vitest";
import { parse } from "yaml";
import { cloudSeedFiles } from "../../../src/machines/cloud-seed.ts";
import { machineRecord } from "../../support/record.ts";

const keys = {
  identityFile: "/keys/id_ed25519",
  authorizedKey: "ssh-ed25519 AAAAours bothy",
  hostKeyPrivate: "-----BEGIN OPENSSH PRIVATE KEY-----\nabc\n-----END OPENSSH PRIVATE KEY-----\n",
  hostKeyPublic: "ssh-ed25519 AAAAhost",
};
const nic = {
  network: "default",
  bridge: "bob",
  hostLink: "bo0",
  mac: "52:54:00:00:00:01",
  address: "10.83.0.2/24",
};

it("tells cloud-init who the machine is, whom to let in and where its address comes from", () => {
  const files = cloudSeedFiles({ record: machineRecord(), keys, nics: [nic] });
  expect(files["user-data"]?.split("\n")[0]).toBe("#cloud-config");
  expect(parse(files["user-data"] ?? "")).toMatchObject({
    hostname: "web",
    users: ["default", { name: "bothy", ssh_authorized_keys: [keys.authorizedKey], lock_passwd: true }],
    ssh_keys: { ed25519_private: keys.hostKeyPrivate, ed25519_public: keys.hostKeyPublic },
  });
  expect(parse(files["meta-data"] ?? "")).toEqual({ "instance-id": "f".repeat(32), "local-hostname": "web" });
  expect(parse(files["network-config"] ?? "")).toEqual({
    version: 2,
    ethernets: { nic0: { match: { macaddress: nic.mac }, dhcp4: true } },
  });
});

it("lets root in only where root is who logs in", () => {
  const disabled = (user: string) => {
    const record = { ...machineRecord(), box: { ...machineRecord().box, user } };
    return parse(cloudSeedFiles({ record, keys, nics: [nic] })["user-data"] ?? "").disable_root;
  };
  expect([disabled("root"), disabled("bothy")]).toEqual([false, true]);
});
