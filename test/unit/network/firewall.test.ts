import { expect, it } from "vitest";
import { renderRules, rulesView } from "../../../src/network/firewall.ts";
import type { ProjectNetworks } from "../../../src/network/state.ts";

const network = (bridge: string, third: number) => ({
  bridge,
  subnet: `10.83.${third}.0/24`,
  gateway: `10.83.${third}.1`,
  addresses: {},
});

const state: ProjectNetworks = { version: 1, networks: { default: network("bob0123abcd", 4) } };
const view = rulesView("bothy_c0ffee_0123abcd", state);

it("renders a project's whole ruleset", async () => {
  await expect(await renderRules(view)).toMatchFileSnapshot("golden/rules.nft");
});

it("replaces an older table in the same transaction", async () => {
  expect(await renderRules({ ...view, replace: true })).toContain(
    "\ndelete table inet bothy_c0ffee_0123abcd\n",
  );
});
