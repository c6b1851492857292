import { expect, it } from "vitest";
import { isAlias, isMap, parseDocument, visit } from "yaml";
import { isMergeKey, keyText, pathOf, resolved } from "../../../src/config/nodes.ts";
import { formatPath } from "../../../src/config/problems.ts";

const document = parseDocument("a: &x { 1: [p, { q: r }] }\nb:\n  <<: *x\n", { merge: true });

it("knows the path of every value", () => {
  const paths: string[] = [];
  visit(document, {
    Scalar: (position, node, chain) => {
      if (position !== "key") paths.push(`${node.value}: ${formatPath(pathOf([...chain, node]))}`);
    },
  });
  expect(paths).toEqual(["p: a.1[0]", "r: a.1[1].q"]);
});

it("names keys as they are called in the value", () => {
  const keys: string[] = [];
  visit(document, { Pair: (_, { key }) => void keys.push(isMergeKey(key) ? "merge" : keyText(key)) });
  expect(keys).toEqual(["a", "1", "q", "b", "merge"]);
});

it("follows aliases and leaves other nodes alone", () => {
  const alias = document.getIn(["b", "<<"], true) ?? undefined;
  const found: unknown[] = [];
  visit(document, { Alias: (_, node) => void found.push(node) });
  expect(found.every((node) => isAlias(node) && isMap(resolved(document, node)))).toBe(true);
  expect(resolved(document, alias)).toBe(isAlias(alias) ? document.get("a") : alias);
});
