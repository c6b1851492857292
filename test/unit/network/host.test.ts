import { expect, it } from "vitest";
import { parseMainRoutes } from "../../../src/network/host.ts";
import { formatSubnet } from "../../../src/network/subnets.ts";
import { recorded } from "./recorded.ts";

it("reads /proc/net/route", () => {
  const routes = parseMainRoutes(recorded("proc-net-route"));
  expect(routes.map(({ device, subnet, metric }) => `${device} ${formatSubnet(subnet)} ${metric}`)).toEqual([
    "tun0 0.0.0.0/1 0",
    "eth0b 0.0.0.0/0 100",
    "* 10.83.2.0/24 0",
    "tun0 128.0.0.0/1 0",
    "docker0 172.17.0.0/16 0",
    "eth0b 192.168.1.0/24 0",
  ]);
});

it("reads it when there are no routes", () => {
  expect(parseMainRoutes("Iface\tDestination\tGateway \tFlags\n")).toEqual([]);
});
