import { readFileSync } from "node:fs";
import { join } from "node:path";

/** A real tool's output, recorded on a host with Docker, a VPN, a stopped libvirt network and strict firewalls. */
export function recorded(name: string): string {
  return readFileSync(join(import.meta.dirname, "recorded", `${name}.txt`), "utf8");
}
