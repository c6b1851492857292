import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { readSettings } from "../../../../src/boxes/registry/index.ts";
import { tempHome } from "../../../support/temp-home.ts";

async function settingsOf(text: string) {
  await using home = await tempHome();
  const file = join(home.folder, "registries.yaml");
  await writeFile(file, text);
  vi.stubEnv("BOTHY_REGISTRIES", file);
  return await readSettings();
}

describe("readSettings", () => {
  it("has nothing to say without files", async () => {
    await using home = await tempHome();
    vi.stubEnv("XDG_CONFIG_HOME", home.folder);
    const settings = await readSettings();
    expect([settings.of("docker.io"), settings.authorities]).toEqual([{}, []]);
  });

  it("reads the user's file", async () => {
    await using home = await tempHome();
    vi.stubEnv("XDG_CONFIG_HOME", home.folder);
    await mkdir(join(home.folder, "bothy"));
    await writeFile(join(home.folder, "bothy/registries.yaml"), "registries: { Lab:5000: { http: true } }");
    expect((await readSettings()).of("lab:5000")).toEqual({ http: true });
  });

  it("reads all that a file can say", async () => {
    const settings = await settingsOf(`
      ca: /etc/all.pem
      registries:
        docker.io: { mirrors: ["http://10.0.0.1:5000", "https://m.example/cache", "other:5000/a/b"] }
        lab.example: { insecure: true, ca: /etc/lab.pem }`);
    expect(settings.authorities).toEqual(["/etc/all.pem"]);
    expect(settings.of("lab.example")).toEqual({ insecure: true, ca: "/etc/lab.pem" });
    expect(settings.of("docker.io").mirrors?.length).toBe(3);
  });

  it.each(["", "registries:", "# nothing"])("takes an empty file: `%s`", async (text) => {
    expect((await settingsOf(text)).of("docker.io")).toEqual({});
  });

  it("reports every problem with its line", async () => {
    const text = "registries:\n  lab:\n    insecur: true\n    http: 1\n  a/b: {}\nca: relative.pem\n";
    const failure = await settingsOf(text).catch((error: Error) => error);
    expect(failure).toMatchObject({ code: "CONFIG_INVALID" });
    const { message } = failure as Error;
    for (const line of [
      "line 3:",
      "line 4: registries.lab.http:",
      "line 5:",
      "line 6: ca: must be an absolute path",
    ]) {
      expect(message).toContain(line);
    }
  });

  it("reports what is no YAML, and a file that is not there", async () => {
    await expect(settingsOf("a: [1")).rejects.toMatchObject({ message: expect.stringContaining("line 1") });
    vi.stubEnv("BOTHY_REGISTRIES", "/nowhere/registries.yaml");
    await expect(readSettings()).rejects.toMatchObject({ message: expect.stringContaining("no such file") });
  });
});
