import type { Command } from "@oclif/core";
import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { runCli } from "../support/run-cli.ts";
import { runSource, type SourceCommand, sourceCommands } from "../support/run-source.ts";
import { tempHome } from "../support/temp-home.ts";

type Flag = NonNullable<Command.Class["flags"]>[string];

describe("the command surface", () => {
  it("is what was agreed: names, arguments, flags", async () => {
    const commands = await sourceCommands();
    const surface = Object.fromEntries(commands.map((one) => [one.id, describeCommand(one)]));
    await expect(stringify(surface, { lineWidth: 0 })).toMatchFileSnapshot("golden/surface.yaml");
  });

  it("says in the root's help what there is", async () => {
    await using home = await tempHome();
    const { exitCode, stdout } = await runCli(["--help"], { cwd: home.folder, env: home.env });
    expect(exitCode).toBe(0);
    const text = stdout.replace(/bothy\/\S+ \S+ node-\S+/, "bothy/VERSION");
    await expect(text).toMatchFileSnapshot("golden/help.txt");
  });

  it.each(["up", "exec", "box build"])(
    "explains %s with examples that begin with the program's name",
    async (id) => {
      await using home = await tempHome();
      const { exitCode, stdout } = await runCli([...id.split(" "), "--help"], {
        cwd: home.folder,
        env: home.env,
      });
      expect(exitCode).toBe(0);
      expect(stdout).toContain(`$ bothy ${id}`);
      expect(stdout).toContain("EXAMPLES\n  $ bothy");
    },
  );

  it("is the same in the sources and in what was built", async () => {
    await using home = await tempHome();
    const project = await home.sub("shop");
    const fromSource = await runSource("init", ["debian/12", "--output", "-", "--cwd", project]);
    const built = await runCli(["init", "debian/12", "--output", "-"], { cwd: project, env: home.env });
    expect(built.stdout).toBe(fromSource.stdout);
    expect(built.stdout).toContain("box: debian/12");
  });
});

function describeCommand({ command }: SourceCommand) {
  const args = Object.entries(command.args ?? {}).map(([name, arg]) =>
    arg.required ? `${name} (required)` : name,
  );
  return {
    summary: command.summary,
    arguments: command.strict === false ? [`${args.join(" ")}...`] : args,
    flags: describeFlags({ ...command.flags, ...command.baseFlags }),
    json: command.enableJsonFlag,
  };
}

function describeFlags(flags: Record<string, Flag>): Record<string, string> {
  const sorted = Object.entries(flags).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(sorted.map(([name, flag]) => [name, describeFlag(flag)]));
}

function describeFlag(flag: Flag): string {
  const facts: (string | false | undefined)[] = [
    flag.char && `-${flag.char}`,
    flag.type === "boolean" ? flag.allowNo && "can be negated" : "takes a value",
    flag.type === "option" && flag.multiple && "may be repeated",
    flag.type === "option" && flag.options && `one of ${flag.options.join(", ")}`,
    flag.type === "option" && typeof flag.default === "string" && `default ${flag.default}`,
    flag.dependsOn && `needs ${flag.dependsOn.join(", ")}`,
  ];
  return facts.filter((fact) => fact).join("; ");
}
