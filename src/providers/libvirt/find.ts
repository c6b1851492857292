import { BothyError } from "../../errors.ts";
import type { DomainRef, LibvirtClient } from "../../libvirt/index.ts";
import { readIfExists } from "../../system/index.ts";
import type { RunSpec } from "../provider.ts";
import { isNoDomain } from "./daemon/index.ts";
import { type DomainTag, domainNames, METADATA_NAMESPACE, parseMetadata } from "./domain/index.ts";

/** Where the host's daemon keeps a pid file for each domain. */
const STATE_FOLDER = "/run/libvirt/qemu";

/** The domain with that UUID, or `undefined`. */
export function findDomain(client: LibvirtClient, uuid: string): Promise<DomainRef | undefined> {
  return absentAs(undefined, client.domains.lookupByUuid(uuid));
}

/**
 * Whether a domain's QEMU has ended and libvirt only has not noticed or is not done yet. That is
 * milliseconds, but seconds where nobody collects ended processes.
 */
export async function hasEnded({ name }: DomainRef): Promise<boolean> {
  const pid = (await readIfExists(`${STATE_FOLDER}/${name}.pid`))?.trim();
  if (!pid) return false; // another daemon's, in a world of its own: libvirt's word has to do
  const stat = await readIfExists(`/proc/${pid}/stat`).catch(() => undefined);
  return stat === undefined || /^[ZX]/.test(stat.slice(stat.lastIndexOf(")") + 2));
}

/** Waits until a domain that is ending is gone. */
export async function awaitEnd(client: LibvirtClient, uuid: string, signal?: AbortSignal): Promise<void> {
  await using events = await client.domains.events(); // before the look-up, so that no end is missed
  if (!(await findDomain(client, uuid))) return;
  await events.next(
    ({ domain, type }) => domain.uuid === uuid && type === "stopped",
    signal ? { signal } : {},
  );
}

/** Who a domain is, or `undefined` when it is none of bothy's or has just gone. */
export async function readTag(client: LibvirtClient, domain: DomainRef): Promise<DomainTag | undefined> {
  const xml = await absentAs(undefined, client.domains.metadata(domain, METADATA_NAMESPACE));
  return xml === undefined ? undefined : parseMetadata(xml);
}

/** The result of a call about one domain, or `absent` when there is no such domain (any more). */
export async function absentAs<T, A>(absent: A, call: Promise<T>): Promise<T | A> {
  try {
    return await call;
  } catch (error) {
    if (isNoDomain(error)) return absent;
    throw error;
  }
}

/**
 * A free name: the plain one, or with the machine's id behind it when another project or store has a
 * machine of that name.
 * @throws BothyError `NAME_TAKEN` when a domain that is not bothy's has it; that one is never touched.
 */
export async function chooseName(client: LibvirtClient, spec: RunSpec): Promise<string> {
  for (const name of domainNames(spec)) {
    const holder = await absentAs(undefined, client.domains.lookupByName(name));
    if (!holder) return name;
    if (!(await readTag(client, holder))) throw taken(name);
  }
  throw taken(domainNames(spec)[1]);
}

function taken(name: string): BothyError {
  return new BothyError("NAME_TAKEN", `libvirt has a domain \`${name}\` that bothy did not make`, {
    hints: [`see whose it is: \`virsh dominfo ${name}\``, "or give the machine or the project another name"],
  });
}
