import { describe, expect, it } from "vitest";
import { machineFile, machineOf, problemsOf } from "../support/read.ts";

it.each(["Bob", "1st", "a b", "-x", "x".repeat(33), "a:b", ""])("%j is no legal user", (user) => {
  expect(problemsOf(machineFile(`user: "${user}"`))).toEqual([
    `bothy.yaml:4:11: machines.web.user: "${user}" is no legal user name (lower-case letters, digits, hyphens and underscores, first a letter, at most 32 characters)`,
  ]);
});

it.each(["root", "bothy", "www-data", "_apt"])("%s is a legal user", (user) => {
  expect(machineOf(`user: ${user}`).user).toBe(user);
});

describe("environment", () => {
  it("has names that a shell can export, and values of one line", () => {
    expect(
      problemsOf(machineFile('environment: { 1A: x, a-b: x, OK: "two\\nlines", "": x }')),
    ).toMatchInlineSnapshot(`
      [
        "bothy.yaml:4:20: machines.web.environment.1A: "1A" is no legal variable name (letters, digits and underscores, first a letter)",
        "bothy.yaml:4:27: machines.web.environment.a-b: "a-b" is no legal variable name (letters, digits and underscores, first a letter)",
        "bothy.yaml:4:39: machines.web.environment.OK: the value has more than one line; one is the most",
        "bothy.yaml:4:53: machines.web.environment."": "" is no legal variable name (letters, digits and underscores, first a letter)",
      ]
    `);
  });

  it("is checked as a list too", () => {
    expect(problemsOf(machineFile("environment: [A B=x, =x]"))).toMatchInlineSnapshot(`
      [
        "bothy.yaml:4:5: machines.web.environment."A B": "A B" is no legal variable name (letters, digits and underscores, first a letter)",
        "bothy.yaml:4:5: machines.web.environment."": "" is no legal variable name (letters, digits and underscores, first a letter)",
      ]
    `);
  });
});
