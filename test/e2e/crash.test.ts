import { describe, expect, it } from "vitest";
import { type Lab, lab, succeeded } from "../support/lab.ts";
import { residueOf } from "../support/residue.ts";

/** Moments of an `up` at which it is killed, milliseconds; they cover all of its steps. */
const MOMENTS = { container: [150, 300, 450, 600, 800, 1100], vm: [200, 500, 900, 1500, 3000] };

const yaml = (isolation: string) => `machines:\n  web: { box: debian/12-slim, isolation: ${isolation} }\n`;

async function killDuringUp(shop: Lab, afterMs: number): Promise<void> {
  await shop.bothyWith(["up"], { signals: [[afterMs, "SIGKILL"]] });
}

describe.each(["container", "vm"] as const)("a killed `up` of a %s", (isolation) => {
  it("is mended by `up`", async () => {
    await using shop = await lab(yaml(isolation));
    for (const moment of MOMENTS[isolation]) {
      await killDuringUp(shop, moment);
      succeeded(await shop.bothy("up"));
      expect(await shop.inside("web", "hostname"), `killed after ${moment} ms`).toBe("web\n");
      succeeded(await shop.bothy("destroy", "-f"));
      expect(await residueOf(shop.layout), `killed after ${moment} ms`).toEqual([]);
    }
  });

  it("is cleaned by `destroy`, and what is left of nothing by `gc`", async () => {
    await using shop = await lab(yaml(isolation));
    for (const moment of MOMENTS[isolation]) {
      await killDuringUp(shop, moment);
      succeeded(await shop.bothy("gc"));
      succeeded(await shop.bothy("destroy", "-f"));
      succeeded(await shop.bothy("gc"));
      expect(await residueOf(shop.layout), `killed after ${moment} ms`).toEqual([]);
      expect((await shop.json<{ machines: { state: string }[] }>("status")).machines[0]?.state).toBe(
        "absent",
      );
    }
  });
});

describe("Ctrl-C during `up`", () => {
  it("once undoes a new machine in order", async () => {
    await using shop = await lab(yaml("container"));
    for (const moment of [350, 600, 900]) {
      const result = await shop.bothyWith(["up"], { signals: [[moment, "SIGINT"]] });
      if (result.exitCode === 0) continue; // it was ready before
      expect(result.exitCode, result.stderr).toBe(130);
      expect(result.stderr).toContain("interrupted");
      expect((await shop.json<{ machines: { state: string }[] }>("status")).machines[0]?.state).toBe(
        "absent",
      );
      expect(await residueOf(shop.layout)).toEqual([]);
    }
  });

  it("stops a machine that was there before and keeps its disk", async () => {
    await using shop = await lab(yaml("vm"));
    succeeded(await shop.bothy("up", "--isolation", "container"));
    await shop.inside("web", "echo kept > /kept");
    succeeded(await shop.bothy("halt"));
    const result = await shop.bothyWith(["up", "--isolation", "vm"], { signals: [[2500, "SIGINT"]] });
    expect(result.exitCode, result.stderr).toBe(130);
    expect((await shop.json<{ machines: { state: string }[] }>("status")).machines[0]?.state).toBe("stopped");
    succeeded(await shop.bothy("up", "--isolation", "container"));
    expect(await shop.inside("web", "cat /kept")).toBe("kept\n");
  });

  it("twice leaves at once, and `gc` finds the rest", async () => {
    await using shop = await lab(yaml("vm"));
    const startedAt = performance.now();
    const result = await shop.bothyWith(["up"], {
      signals: [
        [2500, "SIGINT"],
        [2550, "SIGINT"],
      ],
    });
    expect(result.exitCode).toBe(130);
    expect(performance.now() - startedAt).toBeLessThan(4500);
    succeeded(await shop.bothy("gc"));
    succeeded(await shop.bothy("destroy", "-f"));
    expect(await residueOf(shop.layout)).toEqual([]);
  });
});

describe("two `up`s of one machine at once", () => {
  it("both succeed, and there is one machine", async () => {
    await using shop = await lab(yaml("container"));
    const both = await Promise.all([shop.bothy("up", "--json"), shop.bothy("up", "--json")]);
    const outcomes = both.map((result) => JSON.parse(succeeded(result)).machines[0]);
    expect(outcomes[0].id).toBe(outcomes[1].id);
    expect(outcomes.map(({ action }) => action).sort()).toEqual(["created", "unchanged"]);
  });
});
