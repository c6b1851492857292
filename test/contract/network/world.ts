import { writeFile } from "node:fs/promises";
import { run } from "../../../src/system/index.ts";
import { inside, ip, serve, UPLINK, WORLD } from "./lab.ts";

/**
 * The outside world: a network namespace behind the host's default route, with a DNS server that knows
 * `example.test`, a web server, and a route to bothy's subnets as a curious neighbour would set it.
 */
export async function setup(): Promise<() => void> {
  await run(["ip", "netns", "add", "world"]);
  await ip(`
    link add uplink mtu 1400 type veth peer name eth0 netns world
    addr add ${UPLINK}/24 dev uplink
    link set uplink up
    route add default via ${WORLD}`);
  await inside("world", ["ip", "addr", "add", `${WORLD}/24`, "dev", "eth0"]);
  await inside("world", ["ip", "link", "set", "eth0", "up"]);
  await inside("world", ["ip", "route", "add", "10.83.0.0/16", "via", UPLINK]);
  const answers = ["--no-resolv", "--no-hosts", `--address=/example.test/${WORLD}`];
  await inside("world", [
    "dnsmasq",
    "-C",
    "/dev/null",
    "--pid-file=",
    "-q",
    "--log-facility=/run/world.log",
    ...answers,
  ]);
  await writeFile("/run/resolv.conf", `nameserver ${WORLD}\n`);
  await run(["mount", "--bind", "/run/resolv.conf", "/etc/resolv.conf"]);
  return await serve("world", 8080);
}
