import { describe, expect, it } from "vitest";
import type { Isolation } from "../../src/providers/provider.ts";
import type { Harness } from "../support/conformance/harness.ts";
import { FAKE_STEPS, FakeBackend, fakeProvider } from "../support/fake-provider.ts";
import { fakeStore } from "../support/fake-store.ts";
import { machineSpec, type Wish } from "../support/machine-spec.ts";
import { tempHome } from "../support/temp-home.ts";
import { describeProvider } from "./provider.contract.ts";

interface FakeHarness extends Harness {
  readonly backend: FakeBackend;
}

async function fakeHarness(isolation: Isolation): Promise<FakeHarness> {
  const home = await tempHome();
  const backend = new FakeBackend();
  const options = { isolation, bridges: ["bobfake"] };
  let count = 1;
  const nicsOf = async (id: string) => {
    count += 1;
    const address = `10.83.0.${count}/24`;
    const nic = { network: "default", bridge: "bobfake", hostLink: `bo${id}0`, mac: "52:54:00:00:00:01" };
    return [{ ...nic, address, gateway: "10.83.0.1" }];
  };
  const place = {
    layout: home.layout,
    isolation,
    images: await fakeStore(home.layout),
    project: { id: "0123abcd", name: "fake" },
    nicsOf,
  };
  const machine = (id: string) => backend.machines.get(`${home.layout.tag} ${id}`);
  return {
    backend,
    open: () => fakeProvider(backend, home.layout.tag, options),
    elsewhere: () => fakeProvider(backend, "ffffff", options),
    spec: (wish: Wish = {}) => machineSpec(place, wish),
    crash: ({ id }) => backend.crash(home.layout.tag, id),
    setLink: async ({ id }, up) => {
      const found = machine(id);
      if (found) found.networkIsUp = up;
    },
    residue: async (id) => [...backend.resources].filter((held) => id === undefined || held.endsWith(id)),
    [Symbol.asyncDispose]: () => home[Symbol.asyncDispose](),
  };
}

for (const isolation of ["container", "vm"] as const) {
  describeProvider({ name: `fake ${isolation}`, make: () => fakeHarness(isolation), bootMs: 5000 });
}

describe("the fake's own faults", () => {
  it.each(FAKE_STEPS)("a start that fails at its step %s leaves nothing", async (step) => {
    await using harness = await fakeHarness("container");
    harness.backend.faults.set(step, "fail");
    await expect(harness.open().start(await harness.spec())).rejects.toThrow(step);
    expect(await harness.residue()).toEqual([]);
  });

  it.each(FAKE_STEPS)(
    "a start that hangs at its step %s ends with the abort and leaves nothing",
    async (step) => {
      await using harness = await fakeHarness("container");
      harness.backend.faults.set(step, "hang");
      const start = harness.open().start(await harness.spec(), { signal: AbortSignal.timeout(20) });
      await expect(start).rejects.toMatchObject({ code: "INTERRUPTED" });
      expect(await harness.residue()).toEqual([]);
    },
  );
});
