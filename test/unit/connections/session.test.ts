import { randomBytes } from "node:crypto";
import { rm } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openSession, type SshSession } from "../../../src/connections/index.ts";
import { ensureKeys } from "../../../src/machines/index.ts";
import { finish } from "../../support/conformance/harness.ts";
import { type SshServer, sshServer } from "../../support/ssh-server.ts";
import { type TempHome, tempHome } from "../../support/temp-home.ts";

let home: TempHome;
let server: SshServer;
let session: SshSession;

beforeAll(async () => {
  home = await tempHome();
  server = await sshServer(home);
  session = await openSession(server.target);
});

afterAll(async () => {
  await session[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
  await home[Symbol.asyncDispose]();
});

const runLine = async (line: string, input?: Buffer) => finish(await session.exec(line), input);

describe("a session", () => {
  it.each([
    ["true", 0],
    ["exit 3", 3],
    ["/etc/passwd", 126],
    ["no-such-command", 127],
    ["kill -TERM $$", 143],
    ["kill -KILL $$", 137],
    ["kill -USR1 $$", 138],
  ])("%s ends with %i", async (line, code) => {
    expect((await runLine(line)).code).toBe(code);
  });

  it("keeps stdout and stderr apart", async () => {
    const { stdout, stderr } = await runLine("echo to-out; echo to-err >&2");
    expect([stdout.toString(), stderr]).toEqual(["to-out\n", "to-err\n"]);
  });

  it("passes binary data both ways unchanged", async () => {
    const data = randomBytes(2 << 20);
    expect((await runLine("cat", data)).stdout.equals(data)).toBe(true);
  });

  it("runs commands side by side", async () => {
    const ran = await Promise.all(
      [0, 1, 2, 3, 4, 5, 6, 7].map((n) => runLine("cat", Buffer.from(`input ${n}`))),
    );
    expect(ran.map(({ stdout }) => stdout.toString())).toEqual(
      [0, 1, 2, 3, 4, 5, 6, 7].map((n) => `input ${n}`),
    );
  });

  it("runs any number of commands one after the other without a warning of Node's", async () => {
    const warnings: string[] = [];
    const onWarning = (warning: Error) => warnings.push(warning.message);
    process.on("warning", onWarning);
    for (let round = 0; round < 15; round++) await runLine("true");
    await delay(10);
    process.off("warning", onWarning);
    expect(warnings).toEqual([]);
  });

  it.each([
    ["TERM", 143],
    ["INT", 130],
    ["HUP", 129],
    ["KILL", 137],
  ] as const)("sends SIG%s", async (signal, code) => {
    const command = await session.exec("exec sleep 30");
    await delay(50);
    await command.kill(signal);
    expect((await finish(command)).code).toBe(code);
    await expect(command.kill(signal)).resolves.toBeUndefined();
  });
});

describe("a command's end", () => {
  it("is heard of also when it closed its streams long before", async () => {
    expect((await runLine("exec >&- 2>&- <&-; sleep 0.3; exit 5")).code).toBe(5);
  });

  it("comes with a signal also after its stdin has ended", async () => {
    const command = await session.exec("exec sleep 30");
    const ran = finish(command);
    await delay(100);
    await command.kill("INT");
    expect((await ran).code).toBe(130);
  });
});

describe("a login that is refused", () => {
  const refused = (reason: string) => ({ code: "CONNECT_FAILED", message: expect.stringContaining(reason) });

  it("by us, when the host shows another key", async () => {
    const other = await ensureKeys(join(home.folder, "other"), "0123456789ab");
    const attempt = openSession({ ...server.target, hostKey: other.hostKeyPublic });
    await expect(attempt).rejects.toMatchObject(refused("it shows another host key than the one we gave it"));
  });

  it("by the host, when it does not know our key", async () => {
    const other = await ensureKeys(join(home.folder, "other"), "0123456789ab");
    const attempt = openSession({ ...server.target, identityFile: other.identityFile });
    await expect(attempt).rejects.toMatchObject(refused("authentication methods failed"));
  });

  it("because nobody listens", async () => {
    await expect(openSession({ ...server.target, port: 1 })).rejects.toMatchObject(refused("ECONNREFUSED"));
  });

  it("because who listens says nothing", async () => {
    const silent = createServer();
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const address = silent.address();
    const port = typeof address === "object" ? (address?.port ?? 0) : 0;
    await expect(openSession({ ...server.target, port }, { timeoutMs: 200 })).rejects.toMatchObject(
      refused("Timed out"),
    );
    silent.close();
  });

  it("because our own key is gone", async () => {
    const other = await ensureKeys(join(home.folder, "gone"), "0123456789ab");
    await rm(other.identityFile);
    const attempt = openSession({ ...server.target, identityFile: other.identityFile });
    await expect(attempt).rejects.toMatchObject(refused(other.identityFile));
  });
});

describe("a connection that is lost", () => {
  it("fails the commands that ran on it, and none can be started", async () => {
    await using doomed = await openSession(server.target);
    const command = await doomed.exec("sleep 30");
    const end = command.exitCode.catch((error: unknown) => error);
    server.dropConnections();
    expect(await end).toMatchObject({ code: "CONNECT_FAILED" });
    await expect(doomed.exec("true")).rejects.toMatchObject({ code: "CONNECT_FAILED" });
    session = await openSession(server.target); // that of the other tests went with it
  });
});
