/** Powers of 1024: `m`, `MB` and `MiB` are the same, as in Compose. */
const UNITS = { b: -2, k: -1, m: 0, g: 1, t: 2 } as const;

/** A number and a unit, as a regular expression that JSON Schema understands too. */
export const SIZE_PATTERN = "^\\s*\\d+(\\.\\d+)?\\s*([bB]|[kKmMgGtT]([iI]?[bB])?)\\s*$";

/** The size in MiB, rounded up; `undefined` when the text is no size. */
export function parseMiB(text: string): number | undefined {
  if (!new RegExp(SIZE_PATTERN).test(text)) return undefined;
  const unit = /[bkmgt]/i.exec(text)?.[0].toLowerCase() as keyof typeof UNITS;
  return Math.ceil(Number.parseFloat(text) * 1024 ** UNITS[unit]);
}

/** The size as people write it: `512MiB`, `10GiB`. */
export function formatMiB(mebibytes: number): string {
  return mebibytes > 0 && mebibytes % 1024 === 0 ? `${mebibytes / 1024}GiB` : `${mebibytes}MiB`;
}
