import { addition, type Change, removal, removals, replacement } from "./change.ts";
import type { Tree } from "./inside.ts";

const INTERFACES = `# bothy sets names, addresses and routes before init starts. What the box had is in interfaces.box.
auto lo
iface lo inet loopback
`;
const NETWORKD = `# bothy sets names, addresses and routes before init starts.
[Match]
Type=ether

[Link]
Unmanaged=yes
`;
const NETWORK_MANAGER = `# bothy sets names, addresses, routes and the resolver before init starts.
[main]
dns=none
no-auto-default=*

[keyfile]
unmanaged-devices=type:ethernet
`;

/**
 * Nothing in the box may take an interface away, rename it or ask for another address: ifupdown, netplan, networkd,
 * NetworkManager, Red Hat's scripts, dhcpcd, wicked and OpenRC's ways.
 */
export async function networkChanges(tree: Tree): Promise<Change[]> {
  const hasInterfaces = (await tree.statHere("/etc/network"))?.isDirectory();
  return [
    ...(hasInterfaces ? await replacement(tree, "/etc/network/interfaces", INTERFACES) : []),
    ...(await removals(tree, "/etc/network/interfaces.d", /^[\w.-]+$/)),
    ...(await removals(tree, "/etc/netplan", /\.ya?ml$/)),
    ...(await addition(tree, "/etc/systemd/network/00-bothy.network", NETWORKD)),
    ...(await removals(tree, "/etc/systemd/network", /\.link$/)),
    ...(await addition(tree, "/etc/NetworkManager/conf.d/00-bothy.conf", NETWORK_MANAGER)),
    ...(await removals(tree, "/etc/NetworkManager/system-connections", /./)),
    ...(await removals(tree, "/etc/sysconfig/network-scripts", /^(?:ifcfg|route6?|rule6?)-(?!lo$)/)),
    ...(await removals(tree, "/etc/sysconfig/network", /^(?:ifcfg|ifroute)-(?!lo$)/)),
    ...(await removals(tree, "/etc/udev/rules.d", /persistent-net|70-snap\.network|cloud-init.*net/)),
    ...(await clients(tree)),
  ];
}

/** Programs that ask for addresses on whatever interface they find. */
async function clients(tree: Tree): Promise<Change[]> {
  const changes: Change[] = [];
  for (const unit of ["dhcpcd.service", "connman.service", "wickedd.service"]) {
    const enabled = `/etc/systemd/system/multi-user.target.wants/${unit}`;
    changes.push(...(await removal(tree, enabled)));
  }
  for (const level of ["boot", "default", "sysinit"]) {
    changes.push(...(await removals(tree, `/etc/runlevels/${level}`, /^(?:dhcpcd|connman|cloud-|udhcpc)/)));
  }
  return changes;
}
