import { expect, test } from "vitest";
import { projectOfTag } from "../../../src/network/identity.ts";
import { linkAlias } from "../../../src/providers/link-alias.ts";
import { layout } from "../../../src/system/index.ts";

test("the alias names store, project and machine, and the network reads the project", () => {
  const store = layout("/somewhere");
  const alias = linkAlias({ storeTag: store.tag, project: { id: "0123abcd" }, id: "m1" });
  expect(alias).toBe(`bothy:${store.tag}:0123abcd:m1`);
  expect(projectOfTag(store, alias)).toBe("0123abcd");
});
