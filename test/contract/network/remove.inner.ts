import { symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { inspectNetwork, removeNetwork, sweepNetworks } from "../../../src/network/index.ts";
import { type Layout, packageRoot, run } from "../../../src/system/index.ts";
import { dismantle, ip, makeProject, newStore, traces } from "./lab.ts";

const shop = { id: "dddd0001", name: "shop" };
const other = { id: "dddd0002", name: "other" };
let store: Layout;
let count = 0;

beforeEach(async () => {
  store = await newStore(`remove${count++}`);
  await makeProject(store, shop, ["shop-a"]);
  await makeProject(store, other, ["other-a"]);
});

afterEach(async () => {
  await dismantle(store, shop.id, other.id);
  expect(await traces(store)).toEqual([]);
});

describe("removeNetwork", () => {
  it("leaves nothing, has no effect the second time, and touches no other project", async () => {
    await removeNetwork(store, shop.id);
    await removeNetwork(store, shop.id);
    expect((await traces(store)).filter((trace) => trace.includes(shop.id))).toEqual([]);
    expect((await inspectNetwork(store, other.id))[0]).toMatchObject({ up: true, ports: 1 });
  });

  it("goes on when half of it is gone", async () => {
    await run(["nft", "flush", "ruleset"]);
    await run(["ip", "link", "del", "bobdddd0001"]);
    await removeNetwork(store, shop.id);
    expect((await traces(store)).filter((trace) => trace.includes(shop.id))).toEqual([]);
  });
});

describe("sweepNetworks", () => {
  const keepOther = (id: string) => id === other.id;

  it("finds what no project needs, and removes it when asked to", async () => {
    await run(["rm", `${store.project(shop.id).names}/pid`]);
    const found = await sweepNetworks(store, keepOther, { dryRun: true });
    expect(found.map(({ kind, project }) => `${kind} ${project}`).sort()).toEqual([
      "link dddd0001",
      "link dddd0001",
      "names dddd0001",
      "rules dddd0001",
    ]);
    expect(found.map(({ name }) => name)).toContain("bodddd000100000");
    expect((await inspectNetwork(store, shop.id))[0]).toMatchObject({ up: true });
    expect(await sweepNetworks(store, keepOther, { dryRun: false })).toEqual(found);
    expect((await traces(store)).filter((trace) => trace.includes(shop.id))).toEqual([]);
    expect(await sweepNetworks(store, keepOther, { dryRun: false })).toEqual([]);
    expect((await inspectNetwork(store, other.id))[0]).toMatchObject({ up: true, ports: 1 });
  });

  it("sees nothing of another store", async () => {
    const stranger = await newStore(`stranger${count}`);
    expect(await sweepNetworks(stranger, () => false, { dryRun: false })).toEqual([]);
    await ip("link add bodddd000900000 type veth peer name bobby0");
    expect(await sweepNetworks(store, () => true, { dryRun: false })).toEqual([]);
    expect((await sweepNetworks(store, () => false, { dryRun: true })).map(({ name }) => name)).not.toContain(
      "bobby0",
    );
    await run(["ip", "link", "del", "bobby0"]);
  });
});

describe("several processes at once", () => {
  it("make one network of it", async () => {
    await removeNetwork(store, shop.id);
    const program = await driver();
    const machines = ["dddd0001aaaa", "dddd0001bbbb", "dddd0001cccc", "dddd0001dddd"];
    const outputs = await Promise.all(
      machines.map((id) => run([process.execPath, program, store.home, shop.id, id])),
    );
    const addresses = outputs.map(({ stdout }) => stdout.trim());
    expect(new Set(addresses).size).toBe(machines.length);
    expect((await inspectNetwork(store, shop.id))[0]).toMatchObject({ up: true });
  });

  it("give each project a subnet of its own", async () => {
    const program = await driver();
    const projects = ["dddd0011", "dddd0012", "dddd0013", "dddd0014"];
    const outputs = await Promise.all(
      projects.map((id) => run([process.execPath, program, store.home, id, `${id}0000`])),
    );
    const subnets = outputs.map(({ stdout }) => stdout.split(".").slice(0, 3).join("."));
    expect(new Set(subnets).size).toBe(projects.length);
    for (const id of projects) await removeNetwork(store, id);
  });
});

/** A program that brings a machine's network up, in one file: as `bothy up` in another terminal would. */
async function driver(): Promise<string> {
  const contents = `
    import { allocate, ensureNetwork, updateNames } from "./src/network/index.ts";
    import { layout } from "./src/system/index.ts";
    const [home, project, machine] = process.argv.slice(2);
    const nics = await allocate(layout(home), project, [machine]);
    await ensureNetwork(layout(home), project);
    await updateNames(layout(home), { id: project, name: "p" }, [{ id: machine, name: "m" }]);
    console.log(nics.get(machine)[0].address);`;
  const banner = {
    js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);',
  };
  const outfile = "/run/driver/driver.mjs";
  await build({
    stdin: { contents, resolveDir: packageRoot, loader: "ts" },
    ...{ outfile, banner, bundle: true, platform: "node", format: "esm", target: "node20" },
  });
  await writeFile("/run/driver/package.json", "{}");
  await symlink(join(packageRoot, "templates"), "/run/driver/templates").catch(() => {});
  return outfile;
}
