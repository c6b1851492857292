import { join } from "node:path";
import { expect, it } from "vitest";
import { ConfigError, loadProject } from "../../../src/config/index.ts";
import { folderWith } from "./support/folder.ts";

const file = "machines: { web: { box: debian/12, cpus: $CPUS, environment: { A: $NO } } }\n";

it("loads a project from a folder inside it, with .env beside the file", async () => {
  await using folder = await folderWith({
    "shop/bothy.yaml": file,
    "shop/.env": "CPUS=3\n",
    "shop/src/.env": "CPUS=9\n",
  });
  const project = await loadProject({ cwd: join(folder.path, "shop/src"), env: {} });
  expect(project).toMatchObject({
    path: join(folder.path, "shop/bothy.yaml"),
    folder: join(folder.path, "shop"),
    config: { name: "shop", machines: [{ name: "web", cpus: 3 }] },
    warnings: [
      '../bothy.yaml:1:67: machines.web.environment.A: the variable "NO" is not set and counts as empty',
    ],
  });
});

it("lets the environment win over .env", async () => {
  await using folder = await folderWith({ "bothy.yaml": file, ".env": "CPUS=3\n" });
  const { config } = await loadProject({ cwd: folder.path, env: { CPUS: "5", NO: "" } });
  expect(config.machines[0]?.cpus).toBe(5);
});

it("warns of a second project file", async () => {
  await using folder = await folderWith({ "bothy.yaml": "machines: { a: { box: x } }", "bothy.yml": "" });
  const { warnings } = await loadProject({ cwd: folder.path, env: {} });
  expect(warnings).toEqual(['bothy.yaml:1:1: "bothy.yml" lies beside it and is not read']);
});

it("throws one error with everything, .env included, in paths that can be clicked", async () => {
  await using folder = await folderWith({
    "bothy.yaml": "machines:\n  web:\n    boks: 1\n",
    ".env": "A B\n",
    "in/x": "",
  });
  const failure = loadProject({ cwd: join(folder.path, "in"), env: {} });
  await expect(failure).rejects.toBeInstanceOf(ConfigError);
  await expect(failure).rejects.toMatchObject({ code: "CONFIG_INVALID", exit: 2 });
  const error = (await failure.catch((caught: unknown) => caught)) as ConfigError;
  expect(error.message).toMatchInlineSnapshot(`
    "the project file has 3 problems:
    ../.env:1:1: expected "=" after "A"
    ../bothy.yaml:2:3: machines.web.box: no box; write \`box: debian/12\`, \`image:\` or \`build:\` here or under \`defaults:\`
    ../bothy.yaml:3:5: machines.web.boks: unknown key; the keys here are box, image, build, user, isolation, cpus, memory, disk, volumes, hostname, environment, run, limits, vm, container, count"
  `);
  expect(error.problems[2]).toMatchInlineSnapshot(`
    {
      "column": 5,
      "file": "../bothy.yaml",
      "line": 3,
      "message": "unknown key; the keys here are box, image, build, user, isolation, cpus, memory, disk, volumes, hostname, environment, run, limits, vm, container, count",
      "path": "machines.web.boks",
    }
  `);
});
