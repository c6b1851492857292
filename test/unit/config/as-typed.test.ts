import { expect, it } from "vitest";
import { keepAsTyped } from "../../../src/config/as-typed.ts";
import { parseYaml } from "../../../src/config/parse.ts";
import { machineOf, problemsOf } from "./support/read.ts";

it("keeps values under `environment:` as they were typed", () => {
  const lines = "environment: { V: 1.10, T: true, H: 0x10, O: 0755, N: 1_000, E: 1e3 }";
  const expected = { V: "1.10", T: "true", H: "0x10", O: "0755", N: "1_000", E: "1e3" };
  expect(machineOf(lines).environment).toEqual(expected);
});

it("keeps keys as they were typed", () => {
  expect(machineOf("environment: { NULL: a, TRUE: b }").environment).toEqual({
    NULL: "a",
    TRUE: "b",
  });
  expect(problemsOf("machines: { 0x10: { box: x } }")).toEqual([]);
});

it("leaves every other value to YAML, and merge keys at work", () => {
  const { document } = parseYaml("a: 1.10\nb: &b { environment: { X: 1.0 }, y: 2 }\nc: { <<: *b }\n");
  keepAsTyped(document);
  expect(document.toJS()).toEqual({
    a: 1.1,
    b: { environment: { X: "1.0" }, y: 2 },
    c: { environment: { X: "1.0" }, y: 2 },
  });
});
