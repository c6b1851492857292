import { BRIDGE_PREFIX } from "./identity.ts";

/** A chain of another firewall through which the machines' packets go, and which drops what it does not know. */
export interface BaseChain {
  readonly family: string;
  readonly table: string;
  readonly name: string;
  /** `forward`: between machines and the outside. `input`: DHCP and DNS for the machines. */
  readonly hook: "forward" | "input";
}

/** Who writes a chain's rules: rules of ours have to go in by its door, or it throws them out again. */
export type Keeper = "firewalld" | "ufw" | "docker" | "iptables" | "nftables";

/** A chain that drops the machines' packets. */
export interface Drop {
  readonly chain: BaseChain;
  readonly keeper: Keeper;
}

/** Who keeps a chain, as its table's text (`nft list table` or `iptables -S`) shows. */
export function keeperOf(chain: BaseChain, text: string): Keeper {
  if (chain.table === "firewalld") return "firewalld";
  if (/\bufw-user-/.test(text)) return "ufw";
  if (chain.hook === "forward" && /\bDOCKER-USER\b/.test(text)) return "docker";
  return chain.table === "filter" && chain.name === chain.hook.toUpperCase() ? "iptables" : "nftables";
}

/** What the chain does to machines. */
export function detailOf({ chain, keeper }: Drop): string {
  const lost =
    chain.hook === "forward" ? "machines reach nothing outside" : "machines get no names and no DHCP";
  return `${keeper}: the chain ${chain.family} ${chain.table} ${chain.name} drops what it has no rule for: ${lost}`;
}

/** The commands that let the machines' packets pass; into them still comes only what bothy's own rules let in. */
export function hintOf({ chain, keeper }: Drop): string {
  const both = (command: (direction: "in" | "out") => string) =>
    chain.hook === "input" ? command("in") : `${command("in")} && ${command("out")}`;
  const ours = `${BRIDGE_PREFIX}+`;
  const insert = (name: string) =>
    both((direction) => `iptables -I ${name} ${direction === "in" ? "-i" : "-o"} ${ours} -j ACCEPT`);
  switch (keeper) {
    case "firewalld":
      return `firewall-cmd --permanent --zone=trusted --add-interface=${ours} && firewall-cmd --reload`;
    case "ufw":
      return both(
        (direction) => `ufw ${chain.hook === "forward" ? "route " : ""}allow ${direction} on ${ours}`,
      );
    case "docker":
      return insert("DOCKER-USER");
    case "iptables":
      return insert(chain.name);
    case "nftables":
      return both((direction) => nftRule(chain, direction));
  }
}

function nftRule({ family, table, name }: BaseChain, direction: "in" | "out"): string {
  return `nft insert rule ${family} ${table} ${name} ${direction === "in" ? "iifname" : "oifname"} '"${BRIDGE_PREFIX}*"' accept`;
}
