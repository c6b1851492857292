/** Namespace of what we write into a domain's metadata; the number is the format's. */
export const METADATA_NAMESPACE = "https://bothy.dev/xmlns/libvirt/1";

/** Who a domain is: enough to stop and remove it with no local state at all. */
export interface DomainTag {
  /** Which store's machine it is. */
  readonly store: string;
  readonly id: string;
  readonly name: string;
  readonly projectId: string;
  readonly projectName: string;
  /** Seconds since 1970, when it was started. */
  readonly startedS: number;
}

const FORMAT = "1";
const ENTITIES: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

/** Reads the element that `domain.xml` has under `metadata`; `undefined` when it is not of our format. */
export function parseMetadata(xml: string): DomainTag | undefined {
  const element = /^\s*<(?:[\w.-]+:)?machine\s([^<>]*?)\/?>/.exec(xml)?.[1];
  if (element === undefined) return undefined;
  const value = readAttributes(element);
  const tag = {
    store: value.get("store"),
    id: value.get("id"),
    name: value.get("name"),
    projectId: value.get("project"),
    projectName: value.get("project-name"),
  };
  if (value.get("format") !== FORMAT || !isComplete(tag)) return undefined;
  return { ...tag, startedS: Number(value.get("started")) || 0 };
}

function readAttributes(text: string): Map<string, string> {
  const pairs = text.matchAll(/([\w:.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g);
  return new Map(
    [...pairs].map(([, name = "", double, single]) => [name, unescapeXml(double ?? single ?? "")]),
  );
}

function unescapeXml(text: string): string {
  return text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (whole, hex, decimal, name) => {
    if (hex || decimal) return String.fromCodePoint(hex ? Number.parseInt(hex, 16) : Number(decimal));
    return ENTITIES[name] ?? whole;
  });
}

function isComplete<T extends object>(tag: T): tag is { [K in keyof T]: NonNullable<T[K]> } {
  return Object.values(tag).every((value) => value !== undefined);
}
