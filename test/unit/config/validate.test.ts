import { describe, expect, it } from "vitest";
import { validate } from "../../../src/config/validate.ts";
import { machineFile, problemsOf, read } from "./support/read.ts";

/** The problems of one machine's lines, without file and position of the machine. */
const machineProblems = (lines: string) =>
  problemsOf(machineFile(lines)).map((line) => line.replace(/^bothy\.yaml:/, ""));

describe("unknown keys of a machine", () => {
  it.each([
    ["memroy: 1g", '4:5: machines.web.memroy: unknown key, did you mean "memory"?'],
    ["imge: nginx", '4:5: machines.web.imge: unknown key, did you mean "image"?'],
    ["CPUS: 2", '4:5: machines.web.CPUS: unknown key, did you mean "cpus"?'],
    ["pids_limit: 5", '4:5: machines.web.pids_limit: unknown key, did you mean "limits.pids"?'],
    ["pids: 500", "4:5: machines.web.pids: unknown key here; it belongs under `limits:`"],
    ["acceleration: kvm", "4:5: machines.web.acceleration: unknown key here; it belongs under `vm:`"],
    ["machines: {}", "4:5: machines.web.machines: unknown key here; it belongs to the top of the file"],
    [
      "frobnicate: 1",
      "4:5: machines.web.frobnicate: unknown key; the keys here are box, image, build, user, isolation, cpus, memory, disk, volumes, hostname, environment, run, limits, vm, container, count",
    ],
    ["limits: { pid: 100 }", '4:15: machines.web.limits.pid: unknown key, did you mean "pids"?'],
    [
      "vm: { accel: kvm }",
      "4:11: machines.web.vm.accel: unknown key; the keys here are acceleration, kernel",
    ],
    [
      "container: { privileged: true }",
      "4:18: machines.web.container.privileged: unknown key; there are no keys here yet",
    ],
  ])("%s", (line, problem) => {
    expect(machineProblems(line)).toEqual([problem]);
  });

  it("are not excused by x-, which is for the top of the file", () => {
    expect(machineProblems("x-mine: 1")).toHaveLength(1);
  });
});

describe("unknown keys elsewhere", () => {
  it.each([
    ["nmae: x", 'bothy.yaml:1:1: nmae: unknown key, did you mean "name"?'],
    ["services: {}", 'bothy.yaml:1:1: services: unknown key, did you mean "machines"?'],
    ["memory: 1g", "bothy.yaml:1:1: memory: unknown key here; it belongs to a machine or to `defaults:`"],
    ["count: 2", "bothy.yaml:1:1: count: unknown key here; it belongs to a machine"],
    [
      "networks: {}",
      "bothy.yaml:1:1: networks: unknown key; the keys here are $schema, name, defaults, machines",
    ],
    ["defaults: { count: 2 }", "bothy.yaml:1:13: defaults.count: unknown key here; it belongs to a machine"],
  ])("%s", (line, problem) => {
    expect(problemsOf(`${line}\nmachines: { web: { box: debian/12 } }\n`)).toEqual([problem]);
  });
});

describe("wrong types and values", () => {
  it.each([
    ["user: [a]", '4:11: machines.web.user: expected text such as "bothy", got a list'],
    ["isolation: docker", '4:16: machines.web.isolation: expected one of "vm", "container", got "docker"'],
    [
      "isolation: containr",
      '4:16: machines.web.isolation: expected one of "vm", "container", got "containr"; did you mean "container"?',
    ],
    ["isolation: true", '4:16: machines.web.isolation: expected one of "vm", "container", got true'],
    ["cpus: two", '4:11: machines.web.cpus: expected a number such as 2, got "two"'],
    ["cpus: -1", "4:11: machines.web.cpus: must be at least 0.01, not -1"],
    ["cpus: .inf", "4:11: machines.web.cpus: expected a number such as 2, got Infinity"],
    ["memory: 512", '4:13: machines.web.memory: expected text such as "512MiB", got 512'],
    ["memory:", '4:5: machines.web.memory: expected text such as "512MiB", got nothing'],
    ["disk: { size: 1g }", '4:11: machines.web.disk: expected text such as "20GiB", got a mapping'],
    ["volumes: /a", '4:14: machines.web.volumes: expected a list, got "/a"'],
    ["volumes: [/a, 5]", "4:19: machines.web.volumes[1]: expected text, got 5"],
    ["environment: A=1", '4:18: machines.web.environment: expected a mapping or a list, got "A=1"'],
    [
      "environment: { A: [1] }",
      "4:23: machines.web.environment.A: expected text or a number or true or false, got a list",
    ],
    ["environment: [5]", "4:19: machines.web.environment[0]: expected text, got 5"],
    ["limits: 5", "4:13: machines.web.limits: expected a mapping, got 5"],
    ["limits: { pids: 1.5 }", "4:21: machines.web.limits.pids: expected a whole number such as 512, got 1.5"],
    ["limits: { pids: 1 }", "4:21: machines.web.limits.pids: must be at least 32, not 1"],
    ["count: 0", "4:12: machines.web.count: must be at least 1, not 0"],
    ["count: 201", "4:12: machines.web.count: must be at most 200, not 201"],
  ])("%s", (line, problem) => {
    expect(machineProblems(line)).toEqual([problem]);
  });

  it.each([
    [
      "name: shop\n",
      "bothy.yaml:1:1: machines: `machines:` is missing; a project needs one machine at least",
    ],
    ["machines:\n", "bothy.yaml:1:1: machines: expected a mapping, got nothing"],
    ["machines: {}\n", "bothy.yaml:1:11: machines: there is no machine; a project needs one at least"],
    ["machines: [web]\n", "bothy.yaml:1:11: machines: expected a mapping, got a list"],
    ["machines: { web: debian/12 }\n", 'bothy.yaml:1:18: machines.web: expected a mapping, got "debian/12"'],
    [
      "name: [a]\nmachines: { web: { box: x } }\n",
      'bothy.yaml:1:7: name: expected text such as "shop", got a list',
    ],
    [
      "machines: { web: { box: 12 } }\n",
      'bothy.yaml:1:25: machines.web.box: expected text such as "debian/12", got 12',
    ],
  ])("%j", (text, problem) => {
    expect(problemsOf(text)).toEqual([problem]);
  });
});

it("finds everything at once: schema, variables and rules, sorted by position", () => {
  const text = `nmae: shop
defaults: { box: debian/12, memory: 1m }
machines:
  db:
    isolation: docker
    memroy: 1GiB
    volumes: [5, /proc]
    user: \${DB_USER:?who}
  Web_1:
    disk: huge
  web:
    limits: { pids: many }
  web:
`;
  expect(problemsOf(text)).toMatchInlineSnapshot(`
    [
      "bothy.yaml:1:1: nmae: unknown key, did you mean "name"?",
      "bothy.yaml:2:37: defaults.memory: "1m" is too little; the least that works is 128MiB",
      "bothy.yaml:5:16: machines.db.isolation: expected one of "vm", "container", got "docker"",
      "bothy.yaml:6:5: machines.db.memroy: unknown key, did you mean "memory"?",
      "bothy.yaml:7:15: machines.db.volumes[0]: expected text, got 5",
      "bothy.yaml:7:18: machines.db.volumes[1]: "/proc" cannot be a volume: it belongs to the system",
      "bothy.yaml:8:11: machines.db.user: the variable "DB_USER" is not set: who",
      "bothy.yaml:9:3: machines.Web_1: "Web_1" is no legal machine name, "web-1" would be (lower-case letters, digits and hyphens, no hyphen at either end, at most 63 characters)",
      "bothy.yaml:10:11: machines.Web_1.disk: "huge" is no size; write a number with a unit, such as "10GiB"",
      "bothy.yaml:13:3: machines.web: a machine of that name is there already, on line 11",
    ]
  `);
});

it("leaves top-level keys x-... to the user, for anchors", () => {
  const text = "x-small: &small { memory: 256m }\nmachines:\n  web: { box: debian/12, <<: *small }\n";
  expect(read(text).config?.machines[0]?.memoryMiB).toBe(256);
});

it.each([
  ["itself", "machines: &m\n  web: *m\n"],
  ["itself in a list", "x: &m [*m]\nmachines: { web: { box: x } }\n"],
  ["itself where text belongs", "machines:\n  web: &w { box: debian/12, environment: { A: *w } }\n"],
])("survives an alias of %s", (_, text) => {
  expect(problemsOf(text).length).toBeGreaterThan(0);
});

it("refuses aliases that grow without bounds", () => {
  const lines = Array.from(
    { length: 12 },
    (_, i) => `x-${i}: &a${i} [${Array(10).fill(i ? `*a${i - 1}` : "x")}]`,
  );
  expect(problemsOf(`${lines.join("\n")}\nmachines: { web: { box: x } }\n`)).toMatchInlineSnapshot(`
    [
      "bothy.yaml:1:1: the aliases (\`*name\`) of the file expand to far too much",
    ]
  `);
});

it("gives what is right to the rules, whatever else is wrong", () => {
  const { written, complaints } = validate(
    { machines: { web: { box: 5, user: "u", x: 1 }, db: null } },
    () => false,
  );
  expect(written).toEqual({ machines: { web: { user: "u" }, db: null } });
  expect(complaints.map(({ path }) => path.join("."))).toEqual(["machines.web.box", "machines.web.x"]);
});
