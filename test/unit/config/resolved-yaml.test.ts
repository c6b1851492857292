import { expect, it } from "vitest";
import { resolvedYaml } from "../../../src/config/resolved-yaml.ts";
import { configOf } from "./support/read.ts";

const text = `
defaults: { box: debian/12, memory: 1.5g }
machines:
  db:
    isolation: vm
    user: root
    volumes: [/var/lib/postgresql]
    environment: { PRICE: 5$$, TRUE: "true", NUMBER: "1.10", QUOTE: 'it''s "x"', BRACES: "{{ x }}", NULL: "null" }
    limits: { pids: 100 }
    vm: { acceleration: tcg }
  web: { count: 2, cpus: 0.5, hostname: "{{name}}.example.org", disk: 700m }
`;

it("prints everything, also what the file leaves out", () => {
  expect(resolvedYaml(configOf(text))).toMatchInlineSnapshot(`
    "name: shop
    machines:
      db:
        box: debian/12
        user: root
        isolation: vm
        cpus: 2
        hostname: db
        vm:
          acceleration: tcg
          kernel: bothy
        memory: 1536MiB
        disk: 10GiB
        volumes:
          - /var/lib/postgresql
        environment:
          PRICE: 5$$
          "TRUE": "true"
          NUMBER: "1.10"
          QUOTE: it's "x"
          BRACES: "{{ x }}"
          "NULL": "null"
        limits:
          pids: 100
      web-1:
        box: debian/12
        isolation: container
        cpus: 0.5
        hostname: web-1.example.org
        vm:
          acceleration: auto
          kernel: bothy
        memory: 1536MiB
        disk: 700MiB
      web-2:
        box: debian/12
        isolation: container
        cpus: 0.5
        hostname: web-2.example.org
        vm:
          acceleration: auto
          kernel: bothy
        memory: 1536MiB
        disk: 700MiB
    "
  `);
});

it("is a project file that means the same", () => {
  const config = configOf(text);
  expect(configOf(resolvedYaml(config))).toEqual(config);
});
