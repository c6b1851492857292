import { stringify } from "yaml";
import type { SeedFacts } from "./seed.ts";

/** What cloud-init reads as its NoCloud data source (datasources/nocloud); other systems ignore it. */
export function cloudSeedFiles(facts: Pick<SeedFacts, "record" | "keys" | "nics">): Record<string, string> {
  const { record, keys, nics } = facts;
  const userData = {
    hostname: record.hostname,
    users: ["default", account(record.box.user, keys.authorizedKey)],
    ssh_authorized_keys: [keys.authorizedKey],
    disable_root: record.box.user !== "root", // else the key only tells to log in as somebody else
    ssh_deletekeys: true,
    ssh_keys: { ed25519_private: keys.hostKeyPrivate, ed25519_public: keys.hostKeyPublic },
  };
  const network = {
    version: 2,
    ethernets: Object.fromEntries(nics.map(({ mac }, index) => ethernet(mac, index))),
  };
  return {
    "user-data": `#cloud-config\n${stringify(userData, { lineWidth: 0 })}`,
    "meta-data": stringify({ "instance-id": record.machineId, "local-hostname": record.hostname }),
    "network-config": stringify(network),
  };
}

function account(name: string, key: string): object {
  return {
    name,
    sudo: "ALL=(ALL) NOPASSWD:ALL",
    shell: "/bin/bash",
    lock_passwd: true,
    ssh_authorized_keys: [key],
  };
}

/** The address comes by DHCP from the project's own server, which knows the machine by its MAC. */
function ethernet(mac: string, index: number): [string, object] {
  return [`nic${index}`, { match: { macaddress: mac }, dhcp4: true }];
}
