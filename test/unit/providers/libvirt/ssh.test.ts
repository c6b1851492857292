import { EventEmitter } from "node:events";
import type { ClientChannel } from "ssh2";
import { expect, test, vi } from "vitest";
import { channelProcess } from "../../../../src/connections/channel.ts";
import { BothyError } from "../../../../src/errors.ts";
import { commandLine, terminalCommand } from "../../../../src/providers/libvirt/ssh/index.ts";
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
const never = new Promise<never>(() => {});

/** Of ssh2's channel, what we use. */
function fakeChannel(ended: Promise<unknown> = never) {
  const channel = Object.assign(new EventEmitter(), {
    destroy: vi.fn(),
    stderr: new EventEmitter(),
    outgoing: { id: 5, state: "open" },
    _client: { _protocol: { signal: vi.fn() } },
  });
  const { destroy } = channel;
  const { signal } = channel._client._protocol;
  return {
    channel,
    destroy,
    signal,
    process: channelProcess(channel as unknown as ClientChannel, { ended, lost }),
  };
}

test("an exit code is passed on, and signals end with it", async () => {
  const { channel, process, signal } = fakeChannel();
  await process.kill("INT");
  channel.emit("exit", 42);
  channel.emit("close");
  expect(await process.exitCode).toBe(42);
  await process.kill("TERM");
  expect(signal.mock.calls).toEqual([[5, "INT"]]);
});

test("a signal is sent also after the end of stdin, and not on a closed channel", async () => {
  const { channel, process, signal } = fakeChannel();
  channel.outgoing.state = "eof";
  await process.kill("INT");
  channel.outgoing.state = "closed";
  await process.kill("INT");
  expect(signal).toHaveBeenCalledOnce();
});

test("the end of both streams does not close the channel before the exit status is there", async () => {
  const { channel, destroy, process } = fakeChannel();
  channel.destroy();
  expect(destroy).not.toHaveBeenCalled();
  channel.emit("exit", 0);
  await process.exitCode;
  channel.destroy();
  expect(destroy).toHaveBeenCalledOnce();
});

test("an error closes it at any time", () => {
  const { channel, destroy } = fakeChannel();
  channel.destroy(new Error("x"));
  expect(destroy).toHaveBeenCalledOnce();
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

test("the end of the connection is told also when nobody reads the command's output", async () => {
  const { process } = fakeChannel(Promise.resolve());
  await expect(process.exitCode).rejects.toMatchObject({ code: "CONNECT_FAILED" });
});
