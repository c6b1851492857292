import { BothyError, messageOf } from "../errors.ts";
import type { Finding } from "../providers/provider.ts";
import { packageOf, run } from "../system/index.ts";
import { type Drop, detailOf, hintOf } from "./firewall-hints.ts";
import { findDrops } from "./host-firewall.ts";

const TOOLS = [
  ["ip", "-V"],
  ["nft", "-v"],
  ["dnsmasq", "--version"],
] as const;

/** What this host lacks for the networks of bothy, or does against them; no side effects, some 20 ms. */
export async function checkNetwork(): Promise<Finding[]> {
  const tools = await Promise.all(TOOLS.map(checkTool));
  if (tools.some((tool) => tool.status === "missing")) return tools;
  return [...tools, ...(await checkFirewall())];
}

async function checkTool([tool, ...args]: (typeof TOOLS)[number]): Promise<Finding> {
  const id = `tool-${tool}`;
  const title = `${tool} is installed`;
  try {
    await run([tool, ...args]);
    return { id, title, status: "ok" };
  } catch (error) {
    if (!(error instanceof BothyError && error.code === "TOOL_MISSING")) throw error;
    const hint = `apt-get install ${packageOf(tool)}`;
    return { id, title, status: "missing", detail: messageOf(error), hint, packages: [packageOf(tool)] };
  }
}

async function checkFirewall(): Promise<Finding[]> {
  try {
    const drops = await findDrops();
    return drops.length > 0 ? drops.map(finding) : [ok()];
  } catch (error) {
    return [
      {
        id: "nftables",
        title: "the kernel has nftables",
        status: "missing",
        detail: messageOf(error),
        hint: "`nft list tables` must work: load the module nf_tables, or use a kernel with CONFIG_NF_TABLES",
      },
    ];
  }
}

function ok(): Finding {
  return { id: "host-firewall", title: "no other firewall drops the machines' packets", status: "ok" };
}

function finding(drop: Drop): Finding {
  const title = "another firewall drops the machines' packets";
  const id = `host-firewall-${drop.chain.hook}`;
  return { id, title, status: "warning", detail: detailOf(drop), hint: hintOf(drop) };
}
