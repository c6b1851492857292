import { describe, expect, it } from "vitest";
import { normalise } from "../../../src/config/normalise.ts";
import { configOf, machineOf } from "./support/read.ts";

describe("defaults", () => {
  it("fill in what a machine does not say; mappings key by key, lists as a whole", () => {
    const { machines } = configOf(`
defaults:
  box: debian/12
  cpus: 4
  volumes: [/a]
  environment: { A: "1", B: "1" }
  limits: { pids: 100 }
  vm: { acceleration: tcg }
machines:
  web:
  db:
    cpus: 1
    volumes: [/b]
    environment: ["B=2", "C=2"]
    limits: {}
`);
    expect(machines).toMatchObject([
      {
        name: "web",
        cpus: 4,
        volumes: ["/a"],
        environment: { A: "1", B: "1" },
        limits: { pids: 100 },
        vm: { acceleration: "tcg" },
      },
      {
        name: "db",
        cpus: 1,
        volumes: ["/b"],
        environment: { A: "1", B: "2", C: "2" },
        limits: { pids: 100 },
      },
    ]);
  });

  it("may be empty", () => {
    expect(configOf("defaults:\nmachines: { web: { box: debian/12 } }").machines).toHaveLength(1);
  });
});

it("fills in everything that neither says", () => {
  expect(configOf("machines: { web: { box: debian/12 } }")).toMatchInlineSnapshot(`
    {
      "machines": [
        {
          "cpus": 2,
          "diskMiB": 10240,
          "environment": {},
          "hostname": "web",
          "isolation": "container",
          "limits": {
            "pids": undefined,
          },
          "memoryMiB": 1024,
          "name": "web",
          "run": undefined,
          "source": {
            "kind": "box",
            "name": "debian/12",
          },
          "user": undefined,
          "vm": {
            "acceleration": "auto",
            "kernel": "bothy",
          },
          "volumes": [],
        },
      ],
      "name": "shop",
    }
  `);
});

it("names a project after its folder, and makes that name legal", () => {
  const written = { machines: { web: null } };
  const nameOf = (folder: string) => normalise(written, folder, () => undefined).name;
  expect(["shop", "My Shop", "2024_Q1", "日本", "/"].map(nameOf)).toEqual([
    "shop",
    "my-shop",
    "2024-q1",
    "project",
    "project",
  ]);
  expect(normalise({ ...written, name: "x" }, "shop", () => undefined).name).toBe("x");
});

it("makes as many machines as `count` says, in the order of the file", () => {
  const { machines } = configOf(`
defaults: { box: debian/12 }
machines:
  db: {}
  web: { count: 2, hostname: "{{name}}.example.org", environment: { N: "{{index}}" }, volumes: ["/srv/{{ index }}"] }
  one: { count: 1 }
`);
  expect(machines.map(({ name }) => name)).toEqual(["db", "web-1", "web-2", "one-1"]);
  expect(machines[2]).toMatchObject({
    hostname: "web-2.example.org",
    environment: { N: "2" },
    volumes: ["/srv/2"],
  });
});

it("fills templates in any text, also without `count`, and leaves other braces alone", () => {
  const line = 'environment: { A: "{{name}} {{index}}", B: "{{.Names}} {{ host }}" }\nmemory: "{{index}}GiB"';
  expect(machineOf(line)).toMatchObject({
    memoryMiB: 1024,
    environment: { A: "web 1", B: "{{.Names}} {{ host }}" },
  });
});

it("gives keys of `environment` without a value the host's, or leaves them out", () => {
  const env = { TERM: "xterm" };
  expect(machineOf("environment: [TERM, NO, A=, B=x=y]", env).environment).toEqual({
    TERM: "xterm",
    A: "",
    B: "x=y",
  });
  expect(machineOf("environment: { TERM: , NO: ~ }", env).environment).toEqual({ TERM: "xterm" });
});
