import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { z } from "zod";
import { hostStamp, type Layout, layout, readHostFact, writeHostFact } from "../../../src/system/index.ts";

let store: Layout;

beforeEach(async () => {
  store = layout(await mkdtemp(join(tmpdir(), "bothy-facts-")));
});

afterEach(() => rm(store.home, { recursive: true }));

const read = (key: string, stamp = "s1") => readHostFact(store, key, stamp, z.string());

test("a fact is there until its stamp changes", async () => {
  expect(await read("runtime")).toBeUndefined();
  await writeHostFact(store, "runtime", "s1", "runc");
  expect(await read("runtime")).toBe("runc");
  expect(await read("runtime", "s2")).toBeUndefined();
});

test("writers at the same time keep each other's facts", async () => {
  await Promise.all(["a", "b", "c"].map((key) => writeHostFact(store, key, "s1", key)));
  expect(await Promise.all(["a", "b", "c"].map((key) => read(key)))).toEqual(["a", "b", "c"]);
});

test("what cannot be read is as if it was never learnt, and is written anew", async () => {
  await writeFile(store.host(), "{ half a");
  expect(await read("runtime")).toBeUndefined();
  await writeHostFact(store, "runtime", "s1", "crun");
  expect(JSON.parse(await readFile(store.host(), "utf8"))).toEqual({
    runtime: { stamp: "s1", value: "crun" },
  });
  expect(await readHostFact(store, "runtime", "s1", z.number())).toBeUndefined();
});

test("a stamp changes with the program and not with time", async () => {
  const program = join(store.home, "program");
  await writeFile(program, "1");
  const before = await hostStamp([program, "/does/not/exist"]);
  expect(await hostStamp([program, "/does/not/exist"])).toBe(before);
  await writeFile(program, "22");
  expect(await hostStamp([program, "/does/not/exist"])).not.toBe(before);
});
