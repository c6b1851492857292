import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type MachineRecord, readRecord, writeRecord } from "../../src/machines/index.ts";
import { tryLock } from "../../src/system/index.ts";
import { type Lab, lab, succeeded } from "../support/lab.ts";
import { residueOf } from "../support/residue.ts";

const YAML = "machines:\n  web: { box: debian/12-slim }\n";

interface Found {
  found: { kind: string; name: string }[];
}

/** A machine that runs and whose record says that its making was interrupted. */
async function halfMade(shop: Lab): Promise<MachineRecord> {
  succeeded(await shop.bothy("up"));
  const { machines } = await shop.json<{ machines: { id: string }[] }>("status");
  const record = await readRecord(shop.layout, machines[0]?.id ?? "");
  await writeRecord(shop.layout, { ...record, intent: "creating" });
  return record;
}

describe("gc", () => {
  it("lists a half-made machine and a killed build with --dry-run, and then removes them", async () => {
    await using shop = await lab(YAML);
    const { id } = await halfMade(shop);
    const build = join(shop.layout.temporary(), "box-debian-12");
    await mkdir(join(build, "tree"), { recursive: true });
    const dry = await shop.json<Found>("gc", "--dry-run");
    expect(dry.found).toContainEqual({ kind: "machine", name: "web (creating was interrupted)" });
    expect(dry.found).toContainEqual({ kind: "build", name: "box-debian-12" });
    expect(await shop.inside("web", "hostname")).toBe("web\n");
    expect(existsSync(build)).toBe(true);
    const done = await shop.json<Found>("gc");
    expect(done.found).toEqual(expect.arrayContaining(dry.found));
    expect([build, shop.layout.machine(id).folder].map(existsSync)).toEqual([false, false]);
    expect(await residueOf(shop.layout)).toEqual([]);
    expect(await shop.json<Found>("gc")).toEqual({ found: [] });
  });

  it("leaves a half-made machine alone while another process has it", async () => {
    await using shop = await lab(YAML);
    const { id } = await halfMade(shop);
    await using _ = await tryLock(shop.layout.lock(`machine-${id}`));
    const { found } = await shop.json<Found>("gc");
    expect(found.map(({ kind }) => kind)).not.toContain("machine");
    expect(await shop.inside("web", "hostname")).toBe("web\n");
  });

  it.each(["container", "vm"])("harms no `up` of a %s that runs meanwhile", async (isolation) => {
    await using shop = await lab(`machines:\n  web: { box: debian/12-slim, isolation: ${isolation} }\n`);
    for (let round = 0; round < 2; round++) {
      let ended = false;
      const up = shop.bothy("up").finally(() => {
        ended = true;
      });
      while (!ended) succeeded(await shop.bothy("gc"));
      succeeded(await up);
      succeeded(await shop.bothy("gc"));
      expect(await shop.inside("web", "hostname"), `round ${round}`).toBe("web\n");
      succeeded(await shop.bothy("destroy", "-f"));
    }
  });
});
