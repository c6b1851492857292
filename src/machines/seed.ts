import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Isolation, Nic } from "../providers/provider.ts";
import { type Layout, removeTree, shellQuote } from "../system/index.ts";
import { healthFact } from "./health.ts";
import type { MachineKeys } from "./keys.ts";
import { type Program, programOf } from "./program.ts";
import type { MachineRecord } from "./record.ts";
import { volumesOf } from "./volumes.ts";

/** TCP port of the command channel in machines whose provider reaches them over the network. */
export const MANAGEMENT_PORT = 722;

/** What the seed is made of; see docs/guest.md. */
export interface SeedFacts {
  readonly record: MachineRecord;
  readonly isolation: Isolation;
  /** Its provider has no other way in than the command channel. */
  readonly needsChannel: boolean;
  /** It has a kernel of its own, so that limits on processes are set inside. */
  readonly limitsItself: boolean;
  readonly keys: MachineKeys;
  readonly nics: readonly Nic[];
  /** The resolver and search domain for /etc/resolv.conf. */
  readonly resolver: { readonly address: string; readonly domain: string };
}

/** The seed's files by name: pure, docs/guest.md is its specification. */
export function seedFiles(facts: SeedFacts): Record<string, string> {
  const { record, keys, nics, resolver } = facts;
  const program = programOf(record);
  const files: Record<string, string | undefined> = {
    // what older tools would not run they shall refuse
    format: program ? "2" : "1",
    level: facts.isolation,
    hostname: record.hostname,
    "machine-id": record.machineId,
    user: record.box.user,
    authorized_keys: keys.authorizedKey,
    ssh_host_ed25519_key: keys.hostKeyPrivate.trimEnd(),
    "ssh_host_ed25519_key.pub": keys.hostKeyPublic,
    interfaces: nics.map(interfaceLine).join("\n"),
    "resolv.conf": `search ${resolver.domain}\nnameserver ${resolver.address}`,
    hosts: hostsFile(record.hostname, resolver.domain, nics),
    volumes:
      volumesOf(record)
        .map((path) => `${volumeName(path)} ${path}`)
        .join("\n") || undefined,
    init: record.box.init,
    ...programFacts(program),
    healthcheck: healthFact(record),
    management: facts.needsChannel ? String(MANAGEMENT_PORT) : undefined,
    pids: facts.limitsItself ? record.pids?.toString() : undefined,
    environment: environmentLines({ ...record.box.environment, ...record.environment }) || undefined,
  };
  const present = Object.entries(files).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return Object.fromEntries(present.map(([name, text]) => [name, `${text}\n`]));
}

/** The folder name of a volume on the data disk: its path, made one unambiguous name. */
export function volumeName(path: string): string {
  const encoded = encodeURIComponent(path.replace(/^\/+/, ""));
  return encoded.replace(/[!'()*~]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** Replaces the machine's seed folder with these files, 0600 in a 0700 folder. */
export async function writeSeed(layout: Layout, id: string, files: Record<string, string>): Promise<void> {
  const machine = layout.machine(id);
  const fresh = `${machine.seed}.new`;
  await removeTree(fresh, { within: machine.folder });
  await mkdir(fresh, { mode: 0o700 });
  await Promise.all(
    Object.entries(files).map(([name, text]) => writeFile(join(fresh, name), text, { mode: 0o600 })),
  );
  await removeTree(machine.seed, { within: machine.folder });
  await rename(fresh, machine.seed);
}

function programFacts(program: Program | undefined): Record<string, string> {
  if (!program) return {};
  return {
    command: shellQuote(program.argv),
    "run-as": program.runAs,
    workdir: program.workdir,
    "stop-signal": String(program.stopSignal),
    restart: program.restart,
  };
}

/** A line each; a value's further lines begin with a tab, which no name does. */
function environmentLines(environment: Readonly<Record<string, string>>): string {
  return Object.entries(environment)
    .map(([key, value]) => `${key}=${value.replaceAll("\n", "\n\t")}`)
    .join("\n");
}

function interfaceLine(nic: Nic, index: number): string {
  return `eth${index} ${nic.mac} ${nic.address} ${nic.gateway ?? "-"}`;
}

function hostsFile(hostname: string, domain: string, nics: readonly Nic[]): string {
  const own = nics[0]?.address.split("/")[0] ?? "127.0.1.1";
  return [
    "127.0.0.1 localhost",
    `${own} ${hostname}.${domain} ${hostname}`,
    "::1 localhost ip6-localhost ip6-loopback",
    "ff02::1 ip6-allnodes",
    "ff02::2 ip6-allrouters",
  ].join("\n");
}
