import { describe, expect, it } from "vitest";
import { problemsOf } from "../support/read.ts";

const RULE = "(lower-case letters, digits and hyphens, no hyphen at either end, at most 63 characters)";
const withMachine = (key: string, value = "{}") =>
  `defaults: { box: debian/12 }\nmachines:\n  ${key}: ${value}\n`;

describe("machine names", () => {
  it.each([
    ["Web", `bothy.yaml:3:3: machines.Web: "Web" is no legal machine name, "web" would be ${RULE}`],
    ["web_1", `bothy.yaml:3:3: machines.web_1: "web_1" is no legal machine name, "web-1" would be ${RULE}`],
    [
      "web.example",
      `bothy.yaml:3:3: machines."web.example": "web.example" is no legal machine name, "web-example" would be ${RULE}`,
    ],
    ["-", `bothy.yaml:3:3: machines.-: "-" is no legal machine name ${RULE}`],
    ["'../x'", `bothy.yaml:3:3: machines."../x": "../x" is no legal machine name, "x" would be ${RULE}`],
    [
      "10",
      'bothy.yaml:3:3: machines.10: "10" is no legal machine name: as a host name it means something else',
    ],
    [
      "localhost",
      'bothy.yaml:3:3: machines.localhost: "localhost" is no legal machine name: as a host name it means something else',
    ],
  ])("%s", (name, problem) => {
    expect(problemsOf(withMachine(name.startsWith("-") ? '"-"' : name))).toEqual([problem]);
  });

  it("leave room for the number", () => {
    const name = "x".repeat(62);
    expect(problemsOf(withMachine(name))).toEqual([]);
    expect(problemsOf(withMachine(name, "{ count: 12 }"))).toEqual([
      `bothy.yaml:3:3: machines.${name}: too long: with its number the name may have 63 characters`,
    ]);
  });

  it.each([
    ["before", "web-2: {}\n  web: { count: 2 }", "3:3"],
    ["after", "web: { count: 2 }\n  web-2: {}", "4:3"],
  ])("are unique, also with those that `count` makes: %s", (_, entries, place) => {
    expect(problemsOf(`defaults: { box: debian/12 }\nmachines:\n  ${entries}\n`)).toEqual([
      `bothy.yaml:${place}: machines.web-2: the name "web-2" is also made by \`count: 2\` of "web"`,
    ]);
  });
});

it.each(["Shop", "-shop", "a.b", "''"])("refuses the project name %s", (name) => {
  expect(problemsOf(`name: ${name}\nmachines: { web: { box: x } }`)[0]).toContain("is no legal name");
});

describe("host names", () => {
  it.each(["db.example.org", "DB", "db-2"])("%s is legal", (name) => {
    expect(problemsOf(withMachine("db", `{ hostname: ${name} }`))).toEqual([]);
  });

  it.each(["a b", "a_b", "a..b", ".", "-a", "x".repeat(65), "a/b"])("%j is not", (name) => {
    expect(problemsOf(withMachine("db", `{ hostname: "${name}" }`))).toEqual([
      `bothy.yaml:3:19: machines.db.hostname: "${name}" is no legal host name (labels of letters, digits and hyphens, with dots between, at most 64 characters)`,
    ]);
  });

  it("are unique in the project", () => {
    expect(problemsOf(withMachine("web", "{ count: 2, hostname: www }\n  db: { hostname: web-1 }"))).toEqual([
      'bothy.yaml:3:30: machines.web.hostname: "www" is the name of "web-1" too; {{name}} or {{index}} in it makes it unique',
      'bothy.yaml:4:19: machines.db.hostname: "web-1" is the name of "web-1" too; {{name}} or {{index}} in it makes it unique',
    ]);
  });
});
