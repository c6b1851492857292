import { EventEmitter } from "node:events";
import type { ClientChannel } from "ssh2";
import { expect, test, vi } from "vitest";
import { BothyError } from "../../../../src/errors.ts";
import { channelProcess, commandLine, terminalCommand } from "../../../../src/providers/libvirt/ssh/index.ts";
import { run } from "../../../../src/system/index.ts";
import { runSpec } from "./fixtures.ts";

test("every part of a command reaches the guest's shell as one word", async () => {
  const argv = ["printf", "%s\\n", "a b", "it's", "$HOME", "", "*", "two\nlines", "é"];
  const line = commandLine({ argv, user: "bothy", cwd: "/a dir", env: { K: "v w", L: "'" } });
  const { stdout } = await run(["sh", "-c", line.replace(/^exec \S+/, "printf '%s|'")]);
  const words = ["-u", "bothy", "-w", "/a dir", "-e", "K=v w", "-e", "L='", "--", ...argv];
  expect(stdout).toBe(words.map((word) => `${word}|`).join(""));
  expect(line.startsWith("exec /.bothy/exec ")).toBe(true);
});

test("a terminal is the system's ssh with nothing of the user's configuration", () => {
  const host = { alias: "0a1b2c3d4e5f", knownHosts: "/run/bothy/known_hosts" };
  const argv = terminalCommand(runSpec().management, host, { argv: ["sh", "-l"] });
  expect(argv.slice(0, 5)).toEqual(["ssh", "-F", "none", "-t", "-e"]);
  expect(argv).toContain('UserKnownHostsFile="/run/bothy/known_hosts"');
  expect(argv).toContain("StrictHostKeyChecking=yes");
  expect(argv).toContain("IdentitiesOnly=yes");
  expect(argv.slice(-2)).toEqual(["10.83.0.2", "exec /.bothy/exec -- sh -l"]);
});

test("ssh accepts these options", async () => {
  const host = { alias: "0a1b2c3d4e5f", knownHosts: "/run/a b/known_hosts" };
  const [ssh = "", ...rest] = terminalCommand(runSpec().management, host, { argv: ["true"] });
  const { stdout } = await run([ssh, "-G", ...rest]);
  expect(stdout).toContain("userknownhostsfile /run/a b/known_hosts");
  expect(stdout).toContain("hostkeyalias 0a1b2c3d4e5f");
  expect(stdout).toContain("port 722");
});

const lost = () => new BothyError("CONNECT_FAILED", "lost");

function fakeChannel() {
  const channel = Object.assign(new EventEmitter(), { signal: vi.fn(), stderr: new EventEmitter() });
  return { channel, process: channelProcess(channel as unknown as ClientChannel, lost) };
}

test("an exit code is passed on, and signals end with it", async () => {
  const { channel, process } = fakeChannel();
  await process.kill("INT");
  channel.emit("exit", 42);
  channel.emit("close");
  expect(await process.exitCode).toBe(42);
  await process.kill("TERM");
  expect(channel.signal.mock.calls).toEqual([["INT"]]);
});

test("a signal becomes 128 + n", async () => {
  const { channel, process } = fakeChannel();
  channel.emit("exit", null, "SIGKILL");
  expect(await process.exitCode).toBe(137);
});

test("a channel that ends without a status was cut off", async () => {
  const { channel, process } = fakeChannel();
  channel.emit("close");
  await expect(process.exitCode).rejects.toMatchObject({ code: "CONNECT_FAILED" });
});
