import { expect, test } from "vitest";
import { parseUri, socketPaths } from "../../../../src/libvirt/transport/index.ts";

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
    { HOME: "/home/me" },
    ["/home/me/.cache/libvirt/virtlxcd-sock", "/home/me/.cache/libvirt/libvirt-sock"],
  ],
  ["qemu:///system?socket=/my/sock", {}, ["/my/sock"]],
])("sockets of %s with %j", (text, env, paths) => {
  expect(socketPaths(parseUri(text), env)).toEqual(paths);
});
