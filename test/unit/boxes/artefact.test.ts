import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type ArtefactKind, buildArtefact, findArtefact } from "../../../src/boxes/artefact.ts";
import { digestOfText } from "../../../src/boxes/digest.ts";
import { type Layout, layout } from "../../../src/system/index.ts";

let home: string;
let store: Layout;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "artefact-"));
  store = layout(home);
});
afterEach(() => rm(home, { recursive: true }));

/** A kind whose recipe and packages are what a test sets; counts what it is asked for. */
function fakeKind() {
  const kind = {
    name: "tools" as const,
    files: ["image"],
    quick: "q1",
    key: "k1",
    made: 0,
    asked: 0,
    during: async (_folder: string): Promise<void> => {},
    quickKey: async () => kind.quick,
    inputs: async () => {
      kind.asked++;
      const { key } = kind;
      return {
        key,
        make: async (folder: string, scratch: string) => {
          kind.made++;
          await writeFile(join(scratch, "rubbish"), "");
          await writeFile(join(folder, "image"), key);
          await kind.during(folder);
          return digestOfText(key);
        },
      };
    },
  };
  return kind satisfies ArtefactKind;
}

const leftovers = () => readdir(store.temporary());

describe("findArtefact", () => {
  test("does not find what another recipe made", async () => {
    const kind = { ...fakeKind(), recipeKey: async () => "recipe 1" };
    const digest = await buildArtefact(store, kind, {});
    expect(await findArtefact(store, kind)).toBe(digest);
    expect(await findArtefact(store, { ...kind, recipeKey: async () => "recipe 2" })).toBeUndefined();
  });
});

describe("buildArtefact", () => {
  test("builds once and finds it again", async () => {
    const kind = fakeKind();
    expect(await findArtefact(store, kind)).toBeUndefined();
    const digest = await buildArtefact(store, kind, {});
    expect(await readFile(join(store.artefact("tools", digest), "image"), "utf8")).toBe("k1");
    expect(await buildArtefact(store, kind, {})).toBe(digest);
    expect(await findArtefact(store, kind)).toBe(digest);
    expect([kind.asked, kind.made, await leftovers()]).toEqual([1, 1, []]);
  });

  test("asks again but does not build when the packages turn out to be the same", async () => {
    const kind = fakeKind();
    const digest = await buildArtefact(store, kind, {});
    kind.quick = "q2";
    expect(await buildArtefact(store, kind, {})).toBe(digest);
    expect(await buildArtefact(store, kind, {})).toBe(digest);
    expect([kind.asked, kind.made]).toEqual([2, 1]);
  });

  test("keeps the old one beside a new one", async () => {
    const kind = fakeKind();
    const old = await buildArtefact(store, kind, {});
    Object.assign(kind, { quick: "q2", key: "k2" });
    const digest = await buildArtefact(store, kind, {});
    expect(digest).not.toBe(old);
    expect((await readdir(store.artefacts("tools"))).sort()).toEqual([old, digest, "current.json"].sort());
  });

  test("leaves the old one and nothing else when a build fails", async () => {
    const kind = fakeKind();
    const old = await buildArtefact(store, kind, {});
    Object.assign(kind, { quick: "q2", key: "k2", during: () => Promise.reject(new Error("no luck")) });
    await expect(buildArtefact(store, kind, {})).rejects.toMatchObject({
      code: "BOX_BUILD_FAILED",
      message: "the tools could not be built: no luck",
    });
    expect(await findArtefact(store, kind)).toBe(old);
    expect([await leftovers(), (await readdir(store.artefacts("tools"))).length]).toEqual([[], 2]);
  });

  test("builds again when the pointer or a file is damaged", async () => {
    const kind = fakeKind();
    const digest = await buildArtefact(store, kind, {});
    await writeFile(join(store.artefacts("tools"), "current.json"), "{");
    expect(await findArtefact(store, kind)).toBeUndefined();
    expect(await buildArtefact(store, kind, {})).toBe(digest);
    await rm(join(store.artefact("tools", digest), "image"));
    expect(await findArtefact(store, kind)).toBeUndefined();
    expect(await buildArtefact(store, kind, {})).toBe(digest);
    expect(kind.made).toBe(3);
  });

  test("builds once for two who ask at the same time", async () => {
    const kind = fakeKind();
    kind.during = () => delay(100);
    const digests = await Promise.all([buildArtefact(store, kind, {}), buildArtefact(store, kind, {})]);
    expect(digests[0]).toBe(digests[1]);
    expect(kind.made).toBe(1);
  });
});
