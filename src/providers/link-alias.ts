import type { RunSpec } from "./provider.ts";

/** Whose a link is: of which store, project and machine. */
export interface LinkOwner extends Pick<RunSpec, "storeTag" | "id"> {
  readonly project: Pick<RunSpec["project"], "id">;
}

/** The alias of a machine's link on the host, which says whose it is; `src/network` reads its first three parts. */
export function linkAlias({ storeTag, project, id }: LinkOwner): string {
  return `bothy:${storeTag}:${project.id}:${id}`;
}
