import { Refusal } from "../refusal.ts";

/** What extended headers say, in their order: a key may come more than once (the sparse format 0.0 does that). */
export type PaxRecords = readonly (readonly [key: string, value: Buffer])[];

/** Nobody needs more for one entry. */
export const MOST_PAX_BYTES = 1 << 20;

/**
 * The records of an extended header, `LENGTH KEY=VALUE\n` each (POSIX.1-2001, "pax Extended Header").
 * @throws Refusal when a record's length does not fit.
 */
export function readPax(body: Buffer, entry: string): PaxRecords {
  const records: [string, Buffer][] = [];
  for (let offset = 0; offset < body.length; ) {
    if (body[offset] === 0) break; // some writers pad with zeros
    const record = readRecord(body, offset, entry);
    records.push([record.key, record.value]);
    offset = record.end;
  }
  return records;
}

/** The last value of a key as text, one character a byte; `undefined` when there is none or it was taken back. */
export function paxText(records: PaxRecords, key: string): string | undefined {
  const value = records.findLast(([name]) => name === key)?.[1];
  return value === undefined || value.length === 0 ? undefined : value.toString("latin1");
}

/** The last value of a key as a whole number that is not negative. */
export function paxNumber(records: PaxRecords, key: string, entry: string): number | undefined {
  const value = paxText(records, key);
  return value === undefined ? undefined : wholeNumber(value, key, entry);
}

/** Digits and nothing else, as a number that is exact. */
export function wholeNumber(digits: string, what: string, entry: string): number {
  const number = /^\d{1,19}$/.test(digits) ? Number(digits) : Number.NaN;
  if (!Number.isSafeInteger(number))
    throw new Refusal(`has \`${digits.slice(0, 40)}\` as its ${what}`, entry);
  return number;
}

function readRecord(
  body: Buffer,
  offset: number,
  entry: string,
): { key: string; value: Buffer; end: number } {
  const space = body.indexOf(0x20, offset);
  const length = space < 0 ? "" : body.toString("latin1", offset, space);
  const end = /^\d{1,7}$/.test(length) ? offset + Number(length) : 0;
  const equals = body.indexOf(0x3d, space);
  if (end > body.length || end <= space || body[end - 1] !== 0x0a || equals < 0 || equals >= end - 1) {
    throw new Refusal("has an extended header that is damaged", entry);
  }
  return {
    key: body.toString("latin1", space + 1, equals),
    value: Buffer.from(body.subarray(equals + 1, end - 1)),
    end,
  };
}
