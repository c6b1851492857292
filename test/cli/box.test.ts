import { rm, writeFile } from "node:fs/promises";
import { beforeEach, describe, expect, it } from "vitest";
import { describeBox } from "../../src/boxes/box.ts";
import { saveBox } from "../../src/boxes/store.ts";
import { writeRecord } from "../../src/machines/index.ts";
import { cliProject, expectFailure } from "../support/cli-project.ts";
import { machineRecord } from "../support/record.ts";
import { content, putBox } from "../unit/boxes/support.ts";

const here = cliProject();
const { bothy } = here;
const DISK = { digest: "d".repeat(64), sizeBytes: 5 << 20, virtualBytes: 9 << 20, reason: "LVM" };

beforeEach(async () => {
  const { layout } = here.home;
  for (const folder of [layout.boxes(), layout.layers(), layout.machines()])
    await rm(folder, { recursive: true, force: true });
});

/** Two boxes that share a layer, one with a machine, and one that only boots as a VM. */
async function store() {
  const { layout } = here.home;
  const web = await putBox(layout, "docker.io/library/web/1", ["shared", "web"]);
  const other = await putBox(layout, "other", ["shared"]);
  await saveBox(layout, describeBox("windows", { ...content([]), disk: { ...DISK, firmware: "bios" } }));
  const { name, digest, layers } = web;
  await writeRecord(layout, machineRecord({ box: { ...machineRecord().box, name, digest, layers } }));
  return { web, other };
}

describe("box list", () => {
  it("shows what people want to know, in columns", async () => {
    await store();
    const { stdout, exitCode } = await bothy("box", "list");
    expect(exitCode).toBe(0);
    const lines = stdout
      .trimEnd()
      .split("\n")
      .map((line) => line.replace(/\d{4}-\d\d-\d\d \d\d:\d\d/, "TIME").split(/ {2,}/));
    expect(lines).toEqual([
      ["NAME", "KIND", "STATE", "SIZE", "SHARED", "OWN", "CREATED", "MACHINES"],
      ["docker.io/library/web/1", "-", "ok", "0 MiB", "0 MiB", "0 MiB", "TIME", "shop/web"],
      ["other", "-", "ok", "0 MiB", "0 MiB", "0 MiB", "TIME", "-"],
      ["windows", "-", "vm only", "5 MiB", "0 MiB", "5 MiB", "TIME", "-"],
      ["debian/12", "recipe", "recipe", "-", "-", "-", "-", "-"],
      ["debian/12-slim", "recipe", "recipe", "-", "-", "-", "-", "-"],
    ]);
  });

  it("has bytes in its JSON", async () => {
    const { other } = await store();
    const { boxes } = JSON.parse((await bothy("box", "list", "--json")).stdout);
    const sizeBytes = other.layers[0]?.sizeBytes;
    expect(boxes[1]).toEqual({
      ...{ name: "other", state: "ok", kind: null, digest: other.digest, sizeMiB: 0, sizeBytes },
      ...{
        sharedBytes: sizeBytes,
        ownBytes: 0,
        vmOnly: false,
        createdAt: other.createdAt,
        machines: [],
        reason: null,
      },
    });
    expect(boxes[2]).toMatchObject({ name: "windows", vmOnly: true });
  });
});

describe("box remove", () => {
  it("is refused while a machine uses the box, which it names", async () => {
    await store();
    expectFailure(
      await bothy("box", "remove", "web:1"),
      "BOX_IN_USE",
      /`docker.io\/library\/web\/1` is used by shop\/web/,
    );
  });

  it("takes several boxes, however they are written", async () => {
    await store();
    const { stdout, exitCode } = await bothy("box", "remove", "Other", "windows", "--json");
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toEqual({ removed: ["other", "windows"], freedBytes: 0 });
    expectFailure(
      await bothy("box", "remove", "other"),
      "BOX_UNKNOWN",
      /no box `other`.*bothy box add other/s,
    );
  });
});

it("box prune tells before it removes, and what it removed", async () => {
  const { other } = await store();
  await rm(here.home.layout.box("docker.io/library/web/1"));
  await putBox(here.home.layout, "other", ["new"]);
  const dry = await bothy("box", "prune", "--dry-run");
  expect(dry).toMatchObject({ exitCode: 0, stdout: "", stderr: "0 MiB would be freed\n" }); // the machine has it
  await rm(here.home.layout.machines(), { recursive: true });
  const { stdout } = await bothy("box", "prune", "--dry-run");
  expect(stdout).toContain(`would remove layer ${other.layers[0]?.digest.slice(0, 12)}\n`);
  expect((await bothy("box", "prune")).stdout).toBe(stdout.replaceAll("would remove", "removed"));
  expect((await bothy("box", "prune")).stdout).toBe("");
});

it("box verify exits with 1 and names what is damaged", async () => {
  const { other } = await store();
  expect(await bothy("box", "verify", "other")).toMatchObject({
    exitCode: 0,
    stdout: expect.stringContaining("ok"),
  });
  await rm(here.home.layout.layer(other.layers[0]?.digest ?? ""));
  expectFailure(
    await bothy("box", "verify", "-q"),
    "LAYER_DAMAGED",
    /3 of 3 are damaged.*box verify --repair other/s,
  );
  expectFailure(
    await bothy("box", "inspect", "other", "--verify"),
    "LAYER_DAMAGED",
    /is missing.*verify --repair other/s,
  );
});

describe("box outdated and update", () => {
  it("say why there is nothing newer, and change nothing", async () => {
    const { other } = await store();
    const { stdout, exitCode } = await bothy("box", "outdated", "other", "--json");
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      boxes: [{ name: "other", state: "fixed", reason: expect.any(String) }],
    });
    expect(await bothy("box", "update", "other", "--json")).toMatchObject({ exitCode: 0 });
    expect(JSON.parse((await bothy("box", "inspect", "other", "--json")).stdout).digest).toBe(other.digest);
    expectFailure(await bothy("box", "update"), "USAGE", /--all/);
  });

  it("exit with 1 where something cannot be asked", async () => {
    const { other } = await store();
    const source = { archive: "oci:/no/such", manifest: "sha256:a" };
    await saveBox(here.home.layout, { ...other, source });
    const { stdout, exitCode } = await bothy("box", "outdated", "--json");
    expect(exitCode).toBe(1);
    expect(JSON.parse(stdout).boxes[1]).toMatchObject({ name: "other", state: "failed" });
    expectFailure(await bothy("box", "update", "other", "-q"), "USAGE", /\/no\/such/);
  });
});

it("a box whose file is damaged or oddly named harms no other", async () => {
  await store();
  await writeFile(here.home.layout.box("bad"), "{");
  await writeFile(here.home.layout.box("Odd Name"), "{");
  const { stdout } = await bothy("box", "list", "--json");
  const states = JSON.parse(stdout).boxes.map(
    ({ name, state }: Record<string, string>) => `${name} ${state}`,
  );
  expect(states.slice(0, 2)).toEqual(["Odd Name broken", "bad broken"]);
  expectFailure(await bothy("box", "inspect", "bad"), "STATE_INVALID", /bad\.json is damaged/);
  expect(await bothy("box", "remove", "Odd Name", "bad")).toMatchObject({ exitCode: 0 });
});
