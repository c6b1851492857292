/** The longest label of the domain name system. */
export const LONGEST_NAME = 63;

/** What a legal name is, for messages. */
export const NAME_RULE = `lower-case letters, digits and hyphens, no hyphen at either end, at most ${LONGEST_NAME} characters`;

/** A label of a host's name in lower case, as a regular expression that JSON Schema understands too. */
export const LABEL_PATTERN = "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$";

/** Whether it can be a label of a host's name, in lower case. */
export function isLabel(name: string): boolean {
  return new RegExp(LABEL_PATTERN).test(name);
}

/** The legal label nearest to any text, such as a folder's name; empty when nothing of it can be kept. */
export function toLabel(text: string): string {
  const plain = text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  const label = plain.replace(/[^a-z0-9]+/g, "-").slice(0, LONGEST_NAME);
  return label.replace(/^-+|-+$/g, "");
}
