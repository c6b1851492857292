import { BothyError } from "../errors.ts";
import { readIfExists, run } from "../system/index.ts";
import { BRIDGE_PREFIX } from "./identity.ts";

/** A chain of another firewall through which the machines' packets go, and which drops what it does not know. */
export interface BaseChain {
  readonly family: string;
  readonly table: string;
  readonly name: string;
  /** `forward`: between machines and the outside. `input`: DHCP and DNS for the machines. */
  readonly hook: "forward" | "input";
}

interface ListedChain {
  readonly family: string;
  readonly table: string;
  readonly name: string;
  readonly hook?: string;
  readonly policy?: string;
}

/** iptables of old, which nft does not list. */
const LEGACY = "legacy";

/** The chains of this host that would drop our packets: policy drop (or firewalld's last rule), no rule for `bob*`. */
export async function droppingChains(): Promise<BaseChain[]> {
  const { stdout } = await run(["nft", "-j", "list", "chains"]);
  const candidates = parseChains(stdout);
  const judged = await Promise.all(
    candidates.map(async (chain) => ((await letsUsPass(chain)) ? [] : [chain])),
  );
  return [...judged.flat(), ...(await legacyChains())];
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

/** Whether the text of a table or of `iptables -S` has a rule for our bridges, in each direction that the hook needs. */
export function mentionsOurs(text: string, hook: BaseChain["hook"]): boolean {
  const into = new RegExp(`(iifname|-i) "?${BRIDGE_PREFIX}[*+]`).test(text);
  const outOf = new RegExp(`(oifname|-o) "?${BRIDGE_PREFIX}[*+]`).test(text);
  return into && (hook === "input" || outOf);
}

/** What to tell about such a chain, and the commands that make it let the machines' packets pass. */
export function explainDrop(chain: BaseChain): { detail: string; hint: string } {
  const what =
    chain.hook === "forward" ? "machines reach nothing outside" : "machines get no names and no DHCP";
  const where =
    chain.table === LEGACY
      ? `iptables ${chain.name}`
      : `nft chain ${chain.family} ${chain.table} ${chain.name}`;
  return { detail: `${where} drops what it has no rule for: ${what}`, hint: hintFor(chain) };
}

function hintFor({ family, table, name, hook }: BaseChain): string {
  const ours = `${BRIDGE_PREFIX}+`;
  if (table === "firewalld")
    return `firewall-cmd --permanent --zone=trusted --add-interface=${ours} && firewall-cmd --reload`;
  if (table === LEGACY || name === name.toUpperCase()) {
    const rules = [`iptables -I ${name} -i ${ours} -j ACCEPT`];
    if (hook === "forward") rules.push(`iptables -I ${name} -o ${ours} -j ACCEPT`);
    return `${rules.join(" && ")} (with Docker: in the chain DOCKER-USER; with ufw: \`ufw route allow in on ${ours}\` and so on)`;
  }
  const rules = [`nft insert rule ${family} ${table} ${name} iifname "${BRIDGE_PREFIX}*" accept`];
  if (hook === "forward")
    rules.push(`nft insert rule ${family} ${table} ${name} oifname "${BRIDGE_PREFIX}*" accept`);
  return `${rules.join(" && ")} (and in /etc/nftables.conf, so that it stays)`;
}

async function letsUsPass({ family, table, hook }: BaseChain): Promise<boolean> {
  const { stdout } = await run(["nft", "-s", "list", "table", family, table]);
  return mentionsOurs(stdout, hook);
}

async function legacyChains(): Promise<BaseChain[]> {
  const tables = await readIfExists("/proc/net/ip_tables_names");
  if (!tables?.split("\n").includes("filter")) return [];
  const listed = await run(["iptables-legacy", "-S"]).catch((error: unknown) => {
    if (error instanceof BothyError && error.code === "TOOL_MISSING") return undefined; // then nobody set a policy
    throw error;
  });
  return parseLegacy(listed?.stdout ?? "");
}

/** The dropping chains in the output of `iptables-legacy -S`. */
export function parseLegacy(rules: string): BaseChain[] {
  const hooks = ["forward", "input"] as const;
  return hooks
    .filter((hook) => rules.includes(`-P ${hook.toUpperCase()} DROP`) && !mentionsOurs(rules, hook))
    .map((hook) => ({ family: "ip", table: LEGACY, name: hook.toUpperCase(), hook }));
}
