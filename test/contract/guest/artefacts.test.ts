import { readdir } from "node:fs/promises";
import { expect, test } from "vitest";
import { buildKernel, buildTools, findKernel, findTools } from "../../../src/boxes/index.ts";
import { tempHome } from "../../support/temp-home.ts";
import { store } from "./machine.ts";

/** Real builds from real packages, in a store of their own, beside those of the tests' store. */
test.each([
  ["tools", buildTools, findTools],
  ["kernel", buildKernel, findKernel],
] as const)(
  "the same %s come out of the same packages, and nothing else stays",
  async (kind, build, find) => {
    const known = await build(store);
    await using home = await tempHome();
    const lines: string[] = [];
    const made = await build(home.layout, { report: (line) => lines.push(line) });
    expect(made.digest).toBe(known.digest);
    expect(lines).toHaveLength(2);
    expect(await find(home.layout)).toEqual(made);
    expect(await readdir(home.layout.temporary())).toEqual([]);
    const startedAt = performance.now();
    expect(await build(home.layout)).toEqual(made);
    expect(performance.now() - startedAt).toBeLessThan(500);
    expect((await readdir(home.layout.artefacts(kind))).sort()).toEqual([made.digest, "current.json"].sort());
  },
);

test.each([
  ["at once", 0],
  ["while it fetches", 1500],
])("an aborted build leaves nothing: %s", async (_, afterMs) => {
  await using home = await tempHome();
  const signal = afterMs === 0 ? AbortSignal.abort() : AbortSignal.timeout(afterMs);
  await expect(buildKernel(home.layout, { signal })).rejects.toMatchObject({ code: "INTERRUPTED" });
  expect(await findKernel(home.layout)).toBeUndefined();
  expect(await readdir(home.layout.temporary()).catch(() => [])).toEqual([]);
});
