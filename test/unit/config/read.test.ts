import { expect, it } from "vitest";
import { readProject } from "../../../src/config/read.ts";
import { seeded } from "./support/seeded.ts";

const BASE = `name: shop
defaults: &d { box: debian/12, environment: [A=1, B] }
machines:
  db:
    isolation: vm
    cpus: \${CPUS:-2}
    memory: 1GiB
    volumes: [/var/lib/postgresql]
    limits: { pids: 512 }
    vm: { acceleration: tcg }
  web: { <<: *d, count: 2, hostname: "{{name}}.x", environment: { N: "{{index}}", V: 1.10 } }
`;

const read = (text: string) => readProject({ file: "f", text, folderName: "shop", lookup: () => undefined });

it("gives a configuration or problems, never both and never neither", () => {
  for (const text of [BASE, "", "machines: {}", BASE.replace("vm:", "mv:")]) {
    const { config, problems } = read(text);
    expect(Boolean(config)).toBe(problems.length === 0);
  }
});

it("survives any damage to a file: every problem has a place in it", () => {
  const random = seeded(3);
  for (let round = 0; round < 1000; round++) {
    const text = damage(BASE, random);
    const lines = text.split("\n");
    const { config, problems, warnings } = read(text);
    expect(Boolean(config)).toBe(problems.length === 0);
    for (const { line, column, message } of [...problems, ...warnings]) {
      expect(message).not.toBe("");
      expect(lines[line - 1]?.length, `${line}:${column} ${message}\n${text}`).toBeGreaterThanOrEqual(
        column - 1,
      );
    }
  }
});

const PIECES = [
  "",
  " ",
  "\n",
  "\t",
  ":",
  "- ",
  "[",
  "]",
  "{",
  "}",
  "&d ",
  "*d",
  "<<",
  "$",
  "{",
  "'",
  '"',
  "#",
  "!x ",
  "~",
  "0",
  "|",
  "\0",
];

/** Cuts a few pieces out and puts others in. */
function damage(text: string, random: (limit: number) => number): string {
  let damaged = text;
  for (let cuts = 1 + random(4); cuts > 0; cuts--) {
    const at = random(damaged.length);
    const piece =
      random(3) === 0 ? damaged.slice(random(damaged.length)).slice(0, 30) : PIECES[random(PIECES.length)];
    damaged = damaged.slice(0, at) + piece + damaged.slice(at + random(6));
  }
  return damaged;
}
