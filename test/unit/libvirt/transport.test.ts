import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  openUnix,
  parseUri,
  remoteCommand,
  socketPaths,
  sshArguments,
} from "../../../src/libvirt/transport/index.ts";

describe("uri", () => {
  test.each([
    ["qemu:///system", { driver: "qemu", transport: "unix", mode: "system", remoteName: "qemu:///system" }],
    ["qemu+unix:///session", { transport: "unix", mode: "session", remoteName: "qemu:///session" }],
    [
      "qemu+ssh://me%40corp@host.example:2222/system?keyfile=/k&no_tty=1&x=y",
      {
        ...{ transport: "ssh", host: "host.example", port: 2222, user: "me@corp" },
        remoteName: "qemu:///system?x=y",
        parameters: new Map([
          ["keyfile", "/k"],
          ["no_tty", "1"],
        ]),
      },
    ],
    ["qemu+ssh://[fe80::1]/session", { host: "fe80::1", port: undefined, user: undefined, mode: "session" }],
    ["qemu+ssh:///system", { host: "localhost" }],
    ["lxc:///system", { driver: "lxc" }],
    ["test:///default?socket=/s&name=qemu:///other", { mode: "system", remoteName: "qemu:///other" }],
  ])("%s", (text, expected) => {
    expect(parseUri(text)).toMatchObject(expected);
  });

  test.each([
    ["qemu://host/system", "unsupported-transport", /"tls" is not supported \(a host without/],
    ["qemu+tcp://host/system", "unsupported-transport", /transport "tcp" is not supported, use "ssh"/],
    ["qemu+libssh2://host/system", "unsupported-transport", /libssh2/],
    ["qemu:///embed", "invalid-uri", /path must be \/system or \/session/],
    ["qemu+ssh://%zz@host/system", "invalid-uri", /is not a URI/],
    ["system", "invalid-uri", /"system" is not a URI/],
    ["", "invalid-uri", /"" is not a URI/],
  ])("%s is refused: %s", (text, reason, message) => {
    expect(() => parseUri(text)).toThrow(expect.objectContaining({ name: "ConnectError", reason }));
    expect(() => parseUri(text)).toThrow(message);
  });

  test.each([
    ["qemu:///system", {}, ["/run/libvirt/virtqemud-sock", "/run/libvirt/libvirt-sock"]],
    [
      "qemu:///session",
      { XDG_RUNTIME_DIR: "/run/user/7" },
      ["/run/user/7/libvirt/virtqemud-sock", "/run/user/7/libvirt/libvirt-sock"],
    ],
    [
      "lxc:///session",
      { XDG_CACHE_HOME: "/cache" },
      [
        ...[
          `/run/user/${process.getuid?.()}/libvirt/virtlxcd-sock`,
          `/run/user/${process.getuid?.()}/libvirt/libvirt-sock`,
        ],
        ...["/cache/libvirt/virtlxcd-sock", "/cache/libvirt/libvirt-sock"],
      ],
    ],
    ["qemu:///system?socket=/my/sock", {}, ["/my/sock"]],
  ])("sockets of %s with %j", (text, env, paths) => {
    expect(socketPaths(parseUri(text), env)).toEqual(paths);
  });

  test("without an environment the cache is in the home directory", () => {
    expect(socketPaths(parseUri("qemu:///session")).at(-1)).toBe(
      join(homedir(), ".cache/libvirt/libvirt-sock"),
    );
  });
});

describe("ssh command", () => {
  test("ssh gets libvirt's arguments, ours first, the host behind --", () => {
    const uri = parseUri("qemu+ssh://me@host:2222/session?keyfile=/k&no_tty=1&no_verify=1");
    expect(sshArguments(uri, ["-F", "/config"])).toEqual([
      ...["-F", "/config", "-p", "2222", "-l", "me", "-i", "/k", "-T", "-e", "none"],
      ...["-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=no", "--", "host"],
      `sh -c 'exec virt-ssh-helper '\\''qemu:///session'\\'''`,
    ]);
    expect(sshArguments(parseUri("qemu+ssh://host/system?no_tty=0")).slice(0, -1)).toEqual([
      ...["-T", "-e", "none", "--", "host"],
    ]);
  });

  test.each([
    [
      "qemu+ssh://h/system",
      /command -v virt-ssh-helper .* virt-ssh-helper .*qemu:\/\/\/system.* -U .*libvirt-sock/,
    ],
    ["qemu+ssh://h/system?proxy=native", /^sh -c 'exec virt-ssh-helper '\\''qemu:\/\/\/system'\\'''$/],
    ["qemu+ssh://h/session?proxy=netcat", /^sh -c 'if '\\''nc'\\'' -q/],
    ["qemu+ssh://h/system?socket=/s&netcat=/bin/nc6", /'\\''\/bin\/nc6'\\'' -q0 -U '\\''\/s'\\''/],
  ])("%s", (text, command) => {
    expect(remoteCommand(parseUri(text))).toMatch(command);
  });
});

describe("unix socket", () => {
  let directory = "";
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "bothy-unix-"));
  });
  afterAll(() => rm(directory, { recursive: true }));

  test("the first socket that exists is used", async () => {
    const second = join(directory, "second");
    const server = createServer((peer) => peer.end("hello"));
    await new Promise<void>((resolve) => server.listen(second, resolve));
    const transport = await openUnix([join(directory, "first"), second]);
    const chunks: Buffer[] = await transport.readable.toArray();
    expect(Buffer.concat(chunks).toString()).toBe("hello");
    await expect(transport.closed).resolves.toBeUndefined();
    server.close();
  });

  test("without any, the error names them all", async () => {
    await expect(openUnix(["/nonexistent/a", "/nonexistent/b"])).rejects.toMatchObject({
      ...{ name: "ConnectError", reason: "unreachable" },
      message: expect.stringContaining(
        "cannot reach a libvirt daemon at /nonexistent/a or /nonexistent/b: connect ENOENT",
      ),
    });
  });

  test("an aborted attempt rejects with the reason", async () => {
    await expect(openUnix(["/nonexistent/a"], AbortSignal.abort(new Error("enough")))).rejects.toThrow(
      "enough",
    );
  });
});
