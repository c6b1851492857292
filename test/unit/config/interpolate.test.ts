// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of project files look like that
import { describe, expect, it } from "vitest";
import { interpolate } from "../../../src/config/interpolate.ts";
import { parseYaml } from "../../../src/config/parse.ts";
import { formatProblem } from "../../../src/config/problems.ts";
import { machineFile, machineOf, problemsOf, read } from "./support/read.ts";

function interpolated(text: string, env: Record<string, string>): unknown {
  const { document } = parseYaml(text);
  interpolate(document, (name) => env[name]);
  return document.toJS();
}

it("replaces values of every kind of text, and never keys", () => {
  const text = "$K: $K\na: '$K'\nb: \"$K\"\nc: |\n  $K\nd: [$K, { $K: $K }]\n";
  expect(interpolated(text, { K: "v" })).toEqual({
    $K: "v",
    a: "v",
    b: "v",
    c: "v\n",
    d: ["v", { $K: "v" }],
  });
});

it("does not read a value as YAML", () => {
  expect(interpolated("a: $V", { V: "[1, 2]" })).toEqual({ a: "[1, 2]" });
});

it("replaces an anchor's value once, however often it is used", () => {
  expect(interpolated("a: &x $V\nb: *x\nc: *x\n", { V: "$V" })).toEqual({ a: "$V", b: "$V", c: "$V" });
});

it("leaves comments alone", () => {
  expect(read(machineFile("# ${NO:?never asked}")).problems).toEqual([]);
});

describe("where a number is wanted", () => {
  it.each([
    ["cpus: ${CPUS:-2}", { cpus: 2 }],
    ['cpus: "${CPUS:-0.5}"', { cpus: 0.5 }],
    ["limits: { pids: $P }", { limits: { pids: 100 } }],
    ["memory: ${M:-512}m", { memoryMiB: 512 }],
  ])("%s", (line, expected) => {
    expect(machineOf(line, { P: "100" })).toMatchObject(expected);
  });

  it.each([
    ["cpus: ${CPUS:-two}", 'bothy.yaml:4:11: machines.web.cpus: expected a number such as 2, got "two"'],
    [
      "limits: { pids: $P }",
      "bothy.yaml:4:21: machines.web.limits.pids: expected a whole number such as 512, got 1.5",
    ],
    ["cpus: ${CPUS:-0}", "bothy.yaml:4:11: machines.web.cpus: must be at least 0.01, not 0"],
    ['cpus: "2"', 'bothy.yaml:4:11: machines.web.cpus: expected a number such as 2, got "2"'],
  ])("%s is a problem", (line, problem) => {
    expect(problemsOf(machineFile(line), { P: "1.5" })).toEqual([problem]);
  });

  it("works for count, which makes machines", () => {
    expect(read(machineFile("count: $N"), { N: "3" }).config?.machines).toHaveLength(3);
  });
});

it("warns once of each variable that is not set, where it is first", () => {
  const { config, warnings } = read(machineFile("environment: { A: $NO, B: x$NO, C: $ALSO }"));
  expect(config?.machines[0]?.environment).toEqual({ A: "", B: "x", C: "" });
  expect(warnings.map(formatProblem)).toMatchInlineSnapshot(`
    [
      "bothy.yaml:4:23: machines.web.environment.A: the variable "NO" is not set and counts as empty",
      "bothy.yaml:4:40: machines.web.environment.C: the variable "ALSO" is not set and counts as empty",
    ]
  `);
});

it("reports missing variables and nothing that follows from them", () => {
  expect(problemsOf(machineFile("memory: ${M:?how much}\ndisk: 5$"))).toMatchInlineSnapshot(`
    [
      "bothy.yaml:4:13: machines.web.memory: the variable "M" is not set: how much",
      "bothy.yaml:5:11: machines.web.disk: "$" before the end names no variable; write "$$" for a dollar sign",
    ]
  `);
});
