import { expect, it } from "vitest";
import { applyRules, RULES } from "../../../../src/config/rules/index.ts";
import { eachMachine } from "../../../../src/config/rules/rule.ts";

const machine = (name: string) => ({ name, entry: name, settings: { environment: {} }, at: () => [name] });

it("applies every rule to the whole project", () => {
  const project = { name: "Shop", machines: [machine("web"), machine("db")] };
  expect(applyRules(project).map(({ path }) => path.join("."))).toEqual(["name", "web", "db"]);
});

it("has no rule twice", () => {
  expect(new Set(RULES).size).toBe(RULES.length);
});

it("can look at each machine alone", () => {
  const rule = eachMachine(function* check({ name }) {
    yield { path: [name], message: "seen" };
  });
  const found = [...rule({ name: "shop", machines: [machine("a"), machine("b")] })];
  expect(found.map(({ path }) => path)).toEqual([["a"], ["b"]]);
});
