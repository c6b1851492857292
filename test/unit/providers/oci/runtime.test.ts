import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { HostFacts } from "../../../../src/providers/oci/host/index.ts";
import { checkHost } from "../../../../src/providers/oci/runtime/check.ts";
import { runtimeFinder } from "../../../../src/providers/oci/runtime/finder.ts";
import { type Layout, layout } from "../../../../src/system/index.ts";

const FACTS: HostFacts = {
  boundingSet: "00000000a80435fb",
  cgroups: { kind: "v2", hierarchies: ["/sys/fs/cgroup"], delegated: true },
  swapAccounting: true,
  openFilesHard: 1024,
  architecture: "x86_64",
};

let store: Layout;

beforeEach(async () => {
  store = layout(await mkdtemp(join(tmpdir(), "bothy-runtime-")));
});

afterEach(() => rm(store.home, { recursive: true }));

/** A program that stands in for a runtime: says how often it was asked, then does as told. */
async function fakeRuntime(name: string, end: string): Promise<string> {
  const path = join(store.home, name);
  await writeFile(path, `#!/bin/sh\necho asked >>"$0.log"\n${end}\n`);
  await chmod(path, 0o755);
  vi.stubEnv("BOTHY_RUNTIME", path);
  return path;
}

describe("the runtime", () => {
  test("is one that ran a container, and later processes do not ask again", async () => {
    const path = await fakeRuntime("works", '[ -f "$5/config.json" ]');
    expect(await runtimeFinder(store)(FACTS, true)).toMatchObject({ path });
    expect(await runtimeFinder(store)(FACTS, true)).toMatchObject({ path });
    expect(await readFile(`${path}.log`, "utf8")).toBe("asked\n");
  });

  test("is asked again when its file changes, and when nobody wanted to remember", async () => {
    const path = await fakeRuntime("works", "exit 0");
    await runtimeFinder(store)(FACTS, false);
    await runtimeFinder(store)(FACTS, true);
    await fakeRuntime("works", "exit 0 # a newer version");
    await runtimeFinder(store)(FACTS, true);
    expect(await readFile(`${path}.log`, "utf8")).toBe("asked\n".repeat(3));
  });

  test("that refuses is named with its last words", async () => {
    await fakeRuntime("refuses", "echo first >&2; echo cgroups in hybrid mode >&2; exit 1");
    await expect(runtimeFinder(store)(FACTS, true)).rejects.toMatchObject({
      code: "RUNTIME_UNUSABLE",
      message: expect.stringMatching(/refuses: cgroups in hybrid mode$/),
    });
    expect(await readdir(store.temporary())).toEqual([]);
  });

  test("that is not there is said to be missing", async () => {
    vi.stubEnv("PATH", store.home);
    vi.stubEnv("BOTHY_RUNTIME", "no-such-runtime");
    await expect(runtimeFinder(store)(FACTS, true)).rejects.toMatchObject({
      code: "RUNTIME_UNUSABLE",
      message: expect.stringContaining("'no-such-runtime' is not installed"),
    });
  });
});

test("what the host lacks is told by findings with ids of their own, and a failing runtime is one", async () => {
  const findings = await checkHost(async () => {
    throw new Error("no runtime today");
  });
  const ids = findings.map((finding) => finding.id);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids).toEqual(expect.arrayContaining(["root", "tool-conmon", "kernel-erofs", "loop", "cgroups"]));
  const runtime = findings.find((finding) => finding.id === "oci-runtime");
  expect(runtime?.status).not.toBe("ok");
});
