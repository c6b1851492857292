import { readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import type { MachineConfig } from "../../../src/config/index.ts";
import { projectTemplates, renderProjectFile } from "../../../src/config/index.ts";
import { asset, packageRoot } from "../../../src/system/index.ts";
import { configOf, read } from "./support/read.ts";

const options = { box: "debian/12", name: "shop" };

it("knows every file in templates/project", async () => {
  const files = await readdir(asset("templates", "project"));
  expect((await projectTemplates()).map((name) => `${name}.yaml.hbs`)).toEqual(files);
});

describe.each(await projectTemplates())("the template %s", (template) => {
  it.each(["vm", "container"] as const)("makes a valid project file at the level %s", async (isolation) => {
    const text = await renderProjectFile({ ...options, template, isolation });
    const { config, problems, warnings } = read(text);
    expect({ problems, warnings }).toEqual({ problems: [], warnings: [] });
    expect(config?.name).toBe("shop");
    expect(
      config?.machines.every((machine) => machine.isolation === isolation && boxOf(machine) === "debian/12"),
    ).toBe(true);
  });

  it("stays valid when every commented key is put to use", async () => {
    const text = await renderProjectFile({ ...options, template });
    const used = text.replace(/^(\s*)# (\s*)(?=\w+:|- )/gm, "$1$2");
    expect(used).not.toBe(text);
    expect(read(used, { TOKEN: "x" }).problems).toEqual([]);
  });

  it("names the shipped schema in its first line", async () => {
    const [first] = (await renderProjectFile({ ...options, template })).split("\n");
    expect(first).toBe(`# yaml-language-server: $schema=${asset("docs", "schema.json")}`);
  });
});

it("names the schema by a relative path when the package lies in the project", async () => {
  const folder = dirname(packageRoot);
  const [first] = (await renderProjectFile({ ...options, folder })).split("\n");
  const [, path = ""] = first?.split("$schema=") ?? [];
  expect(path.startsWith("./")).toBe(true);
  expect(join(folder, path)).toBe(asset("docs", "schema.json"));
});

it("runs as a container when nobody says otherwise", async () => {
  expect(configOf(await renderProjectFile(options)).machines[0]?.isolation).toBe("container");
});

it.each([
  ["My Shop!", "my-shop"],
  ["null", "null"],
  ["123", "123"],
  ["日本", "project"],
])("turns the name %j into %j", async (name, expected) => {
  expect(configOf(await renderProjectFile({ ...options, name })).name).toBe(expected);
});

it("quotes a box that YAML would read otherwise", async () => {
  const [machine] = configOf(await renderProjectFile({ ...options, box: "12" })).machines;
  expect(machine?.source).toEqual({ kind: "box", name: "12" });
});

it("refuses a template that is not there", async () => {
  await expect(renderProjectFile({ ...options, template: "nope" })).rejects.toMatchObject({
    code: "USAGE",
    message: 'no template "nope"; there is single',
    hints: ["`bothy init --template single`"],
  });
});

function boxOf({ source }: MachineConfig): string | undefined {
  return source.kind === "box" ? source.name : undefined;
}
