import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readTail } from "../../../src/providers/tail.ts";

test("only the end of a large log is read, and only what is behind a place in it", async () => {
  const folder = await mkdtemp(join(tmpdir(), "bothy-tail-"));
  const log = join(folder, "console.log");
  try {
    expect(await readTail(log)).toBe("");
    await writeFile(log, `${"x".repeat(1 << 20)}end`);
    expect(await readTail(log)).toMatch(/^x+end$/);
    expect(await readTail(log)).toHaveLength(64 * 1024);
    expect(await readTail(log, 1 << 20)).toBe("end");
    await writeFile(log, "anew");
    expect(await readTail(log, 1 << 20)).toBe("anew");
  } finally {
    await rm(folder, { recursive: true });
  }
});
