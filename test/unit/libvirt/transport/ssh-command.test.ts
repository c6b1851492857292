import { expect, test } from "vitest";
import { parseUri, remoteCommand, sshArguments } from "../../../../src/libvirt/transport/index.ts";

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
