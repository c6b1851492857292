import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { describe, expect, it } from "vitest";
import type { MachineRecord } from "../../../src/machines/index.ts";
import { copy } from "../../../src/operations/copy.ts";
import { exec } from "../../../src/operations/exec.ts";
import { type FakeLab, fakeLab } from "../../support/fake-lab.ts";

const ONE = "machines: { web: {} }\n";

const runIn = async (lab: FakeLab, argv: string[], input = "") => {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const code = await exec(lab.ctx, { argv, stdio: { stdin: Readable.from([input]), stdout, stderr } });
  stdout.end();
  stderr.end();
  return { code, stdout: String(await buffer(stdout)), stderr: String(await buffer(stderr)) };
};

const filesOf = (lab: FakeLab, web: MachineRecord) =>
  lab.backends.container.filesOf(lab.ctx.layout.machine(web.id).disk);

describe("exec", () => {
  it("joins the command with the caller's streams and returns its exit code", async () => {
    await using lab = await fakeLab(ONE);
    await lab.add("web", { running: true });
    expect(await runIn(lab, ["sh", "-c", "cat; echo to-err >&2; exit 7"], "given")).toEqual({
      code: 7,
      stdout: "given",
      stderr: "to-err\n",
    });
  });

  it("refuses a machine that does not run, with the way to start it", async () => {
    await using lab = await fakeLab(ONE);
    await expect(runIn(lab, ["true"])).rejects.toMatchObject({
      code: "MACHINE_STATE",
      hints: ["bothy up web"],
    });
    await lab.add("web");
    await expect(runIn(lab, ["true"])).rejects.toMatchObject({
      code: "MACHINE_STATE",
      message: 'machine "web" is stopped',
      hints: ["bothy up web"],
    });
  });
});

describe("copy", () => {
  it("sends a file into a folder that is there, or under another name", async () => {
    await using lab = await fakeLab(ONE);
    const web = await lab.add("web", { running: true });
    await writeFile(join(lab.folder, "note.txt"), "from the host");
    await copy(lab.ctx, { from: "./note.txt", to: "web:/srv" });
    await copy(lab.ctx, { from: "note.txt", to: "web:/srv/renamed.txt" });
    await copy(lab.ctx, { from: "note.txt", to: "web:" });
    const files = await filesOf(lab, web);
    for (const path of ["/srv/note.txt", "/srv/renamed.txt", "/home/bothy/note.txt"]) {
      expect(files.read(path)?.toString()).toBe("from the host");
    }
  });

  it("sends a folder with all that is in it, also under another name", async () => {
    await using lab = await fakeLab(ONE);
    const web = await lab.add("web", { running: true });
    await mkdir(join(lab.folder, "site/a.b"), { recursive: true });
    await writeFile(join(lab.folder, "site/a.b/site"), "deep");
    await copy(lab.ctx, { from: "site", to: "web:/srv/" });
    await copy(lab.ctx, { from: "site", to: "web:/srv/pa&ge,1" });
    const files = await filesOf(lab, web);
    expect(files.read("/srv/site/a.b/site")?.toString()).toBe("deep");
    expect(files.read("/srv/pa&ge,1/a.b/site")?.toString()).toBe("deep");
  });

  it("fetches a file and a folder", async () => {
    await using lab = await fakeLab(ONE);
    const files = await filesOf(lab, await lab.add("web", { running: true }));
    files.write("/var/log/syslog", Buffer.from("line"));
    await copy(lab.ctx, { from: "web:/var/log/syslog", to: "." });
    await copy(lab.ctx, { from: "web:/var/log/syslog", to: "renamed.txt" });
    await copy(lab.ctx, { from: "web:/var/log", to: join(lab.folder, "logs") });
    expect((await readdir(lab.folder)).sort()).toEqual([
      ".bothy",
      "bothy.yaml",
      "logs",
      "renamed.txt",
      "syslog",
    ]);
    expect(await readFile(join(lab.folder, "renamed.txt"), "utf8")).toBe("line");
    expect(await readFile(join(lab.folder, "logs/syslog"), "utf8")).toBe("line");
  });

  it("takes a colon after a slash for a part of a path", async () => {
    await using lab = await fakeLab(ONE);
    const web = await lab.add("web", { running: true });
    await writeFile(join(lab.folder, "a:b"), "odd");
    await copy(lab.ctx, { from: "./a:b", to: "web:/srv/x:y" });
    expect((await filesOf(lab, web)).read("/srv/x:y")?.toString()).toBe("odd");
  });

  it.each([
    ["a", "b"],
    ["./web:a", "/tmp/b"],
    ["web:/a", "web:/b"],
  ])("refuses %s to %s: one side has to be a machine", async (from, to) => {
    await using lab = await fakeLab(ONE);
    await expect(copy(lab.ctx, { from, to })).rejects.toMatchObject({ code: "USAGE" });
  });

  it.each([
    ["a source that is not there", "missing.txt", "web:/srv", "missing.txt"],
    ["a source inside that is not there", "web:/no/such", ".", "/no"],
    ["a target folder that is not there", "bothy.yaml", "web:/no/such/folder/x", "/no/such/folder"],
    ["a target folder of the host that is not there", "web:/etc/passwd", "no/such/x", "no/such"],
  ])("says why for %s", async (_, from, to, reason) => {
    await using lab = await fakeLab(ONE);
    const files = await filesOf(lab, await lab.add("web", { running: true }));
    files.write("/etc/passwd", Buffer.from("root"));
    await expect(copy(lab.ctx, { from, to })).rejects.toMatchObject({
      code: "COPY_FAILED",
      message: expect.stringContaining(reason),
    });
  });
});
