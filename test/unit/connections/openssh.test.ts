import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sshCommand } from "../../../src/connections/index.ts";
import { ensureKeys } from "../../../src/machines/index.ts";
import { run } from "../../../src/system/index.ts";
import { type SshServer, sshServer } from "../../support/ssh-server.ts";
import { type TempHome, tempHome } from "../../support/temp-home.ts";

let home: TempHome;
let server: SshServer;

beforeAll(async () => {
  home = await tempHome();
  server = await sshServer(home);
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await home[Symbol.asyncDispose]();
});

describe("sshCommand", () => {
  it("has options that OpenSSH takes and understands as we mean them", async () => {
    const [ssh = "", ...rest] = await sshCommand(server.target);
    const { stdout } = await run([ssh, "-G", ...rest]);
    const { identityFile, folder, port } = server.target;
    for (const line of [
      "hostname 127.0.0.1",
      `port ${port}`,
      "user root",
      `identityfile ${identityFile.replace("%", "%%")}`, // what ssh expands later
      "identitiesonly yes",
      `userknownhostsfile ${join(folder, "known_hosts")}`,
      "hostkeyalias web.shop.internal",
      "globalknownhostsfile /dev/null",
      "stricthostkeychecking true",
      "passwordauthentication no",
    ]) {
      expect(stdout.split("\n")).toContain(line);
    }
  });

  it("pins the host's key under the machine's name, in a file of ours", async () => {
    await sshCommand(server.target);
    const path = join(server.target.folder, "known_hosts");
    expect(await readFile(path, "utf8")).toBe(`web.shop.internal ${server.target.hostKey}\n`);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it("logs in and passes the exit code on, also from a store with an odd name", async () => {
    const { exitCode, stdout } = await run(await sshCommand(server.target, ["echo hello; exit 7"]), {
      okCodes: [7],
    });
    expect([exitCode, stdout]).toEqual([7, "hello\n"]);
  });

  it("refuses a host that shows another key", async () => {
    const other = await ensureKeys(join(home.folder, "other"), "0123456789ab");
    const argv = await sshCommand({ ...server.target, hostKey: other.hostKeyPublic }, ["true"]);
    await expect(run(argv)).rejects.toMatchObject({
      result: { exitCode: 255, stderr: expect.stringContaining("Host key verification failed") },
    });
  });
});
