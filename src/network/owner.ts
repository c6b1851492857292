import { BothyError } from "../errors.ts";
import type { Layout } from "../system/index.ts";
import { HOST_LINK, projectOfTag } from "./identity.ts";
import { type Link, listLinks, readLink } from "./links.ts";

/** A link of this store and the project it is for. */
export interface OwnedLink {
  readonly name: string;
  readonly project: string;
}

/** The links of this store, bridges last. */
export async function ownedLinks(layout: Layout): Promise<OwnedLink[]> {
  const links = await listLinks("bo");
  const owned = links.map((link) => {
    const master = links.find(({ name }) => name === link.master);
    return { name: link.name, project: projectOf(layout, link, master), last: link.isBridge };
  });
  return owned
    .filter((link): link is OwnedLink & { last: boolean } => link.project !== undefined)
    .sort((a, b) => Number(a.last) - Number(b.last))
    .map(({ name, project }) => ({ name, project }));
}

/**
 * Refuses a name for the host's side of a NIC that something else has. One of ours is a leftover and may be there.
 * @throws BothyError `NETWORK_CONFLICT`.
 */
export async function refuseForeignLink(layout: Layout, name: string, tag: string): Promise<void> {
  const link = await readLink(name);
  if (!link) return;
  const master = link.master === undefined ? undefined : await readLink(link.master);
  if (projectOf(layout, link, master) === undefined) throw foreignLink(link, tag);
}

/** The error for a link that has a name of ours and is not ours. */
export function foreignLink(link: Link, tag: string): BothyError {
  const { name, alias } = link;
  const found = alias ? `its alias is "${alias}"` : "it has no alias";
  return new BothyError("NETWORK_CONFLICT", `the link ${name} is not bothy's: ${found}, not "${tag}"`, {
    hints: [`\`ip -d link show ${name}\` shows what it is`, `\`ip link delete ${name}\` if nothing needs it`],
  });
}

/** The alias tells; a tap that QEMU was just given may not have it yet, but has our name and is on our bridge. */
function projectOf(layout: Layout, link: Link, master: Link | undefined): string | undefined {
  const project = projectOfTag(layout, link.alias);
  if (project !== undefined || link.alias !== "" || !HOST_LINK.test(link.name)) return project;
  return master && projectOfTag(layout, master.alias);
}
