import { BothyError } from "../errors.ts";
import { readIfExists, run } from "../system/index.ts";
import { type BaseChain, type Drop, keeperOf } from "./firewall-hints.ts";
import { BRIDGE_PREFIX } from "./identity.ts";

interface ListedChain {
  readonly family: string;
  readonly table: string;
  readonly name: string;
  readonly hook?: string;
  readonly policy?: string;
}

/** The chains of this host that would drop our packets: policy drop (or firewalld's last rule), no rule for `bob*`. */
export async function findDrops(): Promise<Drop[]> {
  const { stdout } = await run(["nft", "-j", "list", "chains"]);
  const candidates = parseChains(stdout);
  const judged = await Promise.all(candidates.map(judge));
  return [...judged.flat(), ...(await legacyDrops())];
}

/** The base chains in the output of `nft -j list chains` that may drop what they do not know. */
export function parseChains(json: string): BaseChain[] {
  const listing = JSON.parse(json) as { nftables: readonly { chain?: ListedChain }[] };
  return listing.nftables.flatMap(({ chain }) => {
    const hook = chain?.hook;
    if (!chain || (hook !== "forward" && hook !== "input") || !["ip", "inet"].includes(chain.family))
      return [];
    const { family, table, name } = chain;
    return chain.policy === "drop" || table === "firewalld" ? [{ family, table, name, hook }] : [];
  });
}

/**
 * Whether a chain, or one that it jumps to, has a rule for our bridges in each direction that its hook needs.
 * `text` is what `nft list table` or `iptables -S` prints.
 */
export function letsOursPass(text: string, { name, hook }: Pick<BaseChain, "name" | "hook">): boolean {
  const rules = rulesFrom(chainsIn(text), name).join("\n");
  const into = new RegExp(`(iifname|-i) "?${BRIDGE_PREFIX}[*+]`).test(rules);
  const outOf = new RegExp(`(oifname|-o) "?${BRIDGE_PREFIX}[*+]`).test(rules);
  return into && (hook === "input" || outOf);
}

function chainsIn(text: string): Map<string, string[]> {
  const chains = new Map<string, string[]>();
  let current = "";
  for (const line of text.split("\n")) {
    current = /^\s*chain (\S+) \{|^-A (\S+)/.exec(line)?.slice(1).find(Boolean) ?? current;
    chains.set(current, [...(chains.get(current) ?? []), line]);
  }
  return chains;
}

function rulesFrom(chains: Map<string, string[]>, name: string): string[] {
  const rules = chains.get(name) ?? [];
  chains.delete(name); // a chain is read once
  const targets = rules.flatMap((rule) => / (?:jump|goto|-j|-g) (\S+)/.exec(rule)?.[1] ?? []);
  return [...rules, ...targets.flatMap((target) => rulesFrom(chains, target))];
}

/** The chain of another firewall that drops our packets, with the text of its table. */
async function judge(chain: BaseChain): Promise<Drop[]> {
  const { stdout } = await run(["nft", "-s", "list", "table", chain.family, chain.table]);
  return letsOursPass(stdout, chain) ? [] : [{ chain, keeper: keeperOf(chain, stdout) }];
}

async function legacyDrops(): Promise<Drop[]> {
  const tables = await readIfExists("/proc/net/ip_tables_names");
  if (!tables?.split("\n").includes("filter")) return [];
  const listed = await run(["iptables-legacy", "-S"]).catch((error: unknown) => {
    if (error instanceof BothyError && error.code === "TOOL_MISSING") return undefined; // then nobody set a policy
    throw error;
  });
  return parseLegacy(listed?.stdout ?? "");
}

/** The dropping chains in the output of `iptables-legacy -S`. */
export function parseLegacy(rules: string): Drop[] {
  const chains = (["forward", "input"] as const).map(
    (hook): BaseChain => ({ family: "ip", table: "filter", name: hook.toUpperCase(), hook }),
  );
  return chains
    .filter((chain) => rules.includes(`-P ${chain.name} DROP`) && !letsOursPass(rules, chain))
    .map((chain) => ({ chain, keeper: keeperOf(chain, rules) }));
}
