import { describe, expect, it } from "vitest";
import { locate } from "../../../src/config/locate.ts";
import { parseYaml } from "../../../src/config/parse.ts";
import type { Path } from "../../../src/config/problems.ts";

const text = `name: shop
defaults: &all
  box: debian/12
machines:
  web:
    <<: *all
    volumes: [/a, /b]
    user:
  db: *all
  more:
    <<: [{ cpus: 1 }, *all]
`;

const source = parseYaml(text);
const at = (path: Path, on?: "key") => {
  const { line, column } = locate(source, { path, on });
  return `${line}:${column}`;
};

describe("the place of", () => {
  it.each<[string, Path, "key" | undefined, string]>([
    ["a value", ["name"], undefined, "1:7"],
    ["a key", ["name"], "key", "1:1"],
    ["an item of a list", ["machines", "web", "volumes", 1], undefined, "7:19"],
    ["an empty value: its key", ["machines", "web", "user"], undefined, "8:5"],
    ["a merged value: where it is written", ["machines", "web", "box"], undefined, "3:8"],
    ["a value merged from a list", ["machines", "more", "box"], undefined, "3:8"],
    ["a value of a merged literal", ["machines", "more", "cpus"], undefined, "11:18"],
    ["an alias", ["machines", "db"], undefined, "9:7"],
    ["something in an alias", ["machines", "db", "box"], undefined, "3:8"],
    ["what is missing: the key above", ["machines", "web", "memory"], undefined, "5:3"],
    ["what is missing in a value", ["name", "x", "y"], undefined, "1:1"],
    ["what is missing at the top: the start", ["nothing"], undefined, "1:1"],
    ["an item that is missing", ["machines", "web", "volumes", 7], undefined, "7:5"],
    ["the file", [], undefined, "1:1"],
  ])("%s", (_, path, on, expected) => {
    expect(at(path, on)).toBe(expected);
  });
});
