import { createServer } from "node:net";
import { expect, test, vi } from "vitest";
import { connect } from "../../../../src/libvirt/index.ts";
import { Prng } from "../support/prng.ts";
import { loadRecording } from "../support/recording.ts";
import { replay } from "../support/replay.ts";
import { scenario } from "../support/scenario.ts";
import { SshSandbox } from "../support/ssh-sandbox.ts";

const recording = loadRecording();

/** Runs the recorded scenario through the sandbox's ssh. */
async function runThrough(sandbox: SshSandbox, uri: string, bridgeSocket?: string): Promise<unknown> {
  const server = createServer({ allowHalfOpen: true }, (peer) => {
    void replay(peer, recording.frames, new Prng(4));
  });
  await new Promise<void>((resolve) => server.listen(sandbox.socket, resolve));
  const env = bridgeSocket ? { ...sandbox.env, BRIDGE_SOCKET: bridgeSocket } : sandbox.env;
  const options = { command: sandbox.ssh, env };
  try {
    const client = await connect({ uri, ssh: options, keepalive: false });
    const result = await scenario(client, recording.poolDirectory);
    await client.close();
    return JSON.parse(JSON.stringify(result));
  } finally {
    server.close();
  }
}

test("virt-ssh-helper is used where it is installed", async () => {
  await using sandbox = await SshSandbox.create(["virt-ssh-helper", "nc"]);
  const result = await runThrough(sandbox, "qemu+ssh://me@far.example:2222/system", sandbox.socket);
  expect(result).toEqual(recording.result);
  expect(await sandbox.bridges()).toEqual([["virt-ssh-helper", "qemu:///system"]]);
  expect((await sandbox.sshArguments()).slice(0, 9)).toEqual([
    ...["-p", "2222", "-l", "me", "-T", "-e", "none", "--", "far.example"],
  ]);
});

test("nc is used where it is not, and for a given socket", async () => {
  await using sandbox = await SshSandbox.create(["nc"]);
  const result = await runThrough(sandbox, `qemu+ssh://far.example/system?socket=${sandbox.socket}`);
  expect(result).toEqual(recording.result);
  expect((await sandbox.bridges()).at(-1)).toEqual(["nc", "-U", sandbox.socket]);
});

test("what ssh printed is in the error", async () => {
  await using sandbox = await SshSandbox.create([]);
  await sandbox.install("ssh", "#!/bin/sh\necho 'Permission denied (publickey).' >&2\nexit 255\n");
  const ssh = { command: sandbox.ssh, env: sandbox.env };
  await expect(connect({ uri: "qemu+ssh://far.example/system", ssh })).rejects.toMatchObject({
    ...{ name: "ConnectError", reason: "ssh" },
    message: expect.stringMatching(/exit status 255\): Permission denied \(publickey\)\.$/),
  });
});

test("a missing ssh is an error too", async () => {
  const ssh = { command: "/nonexistent/ssh" };
  await expect(connect({ uri: "qemu+ssh://far.example/system", ssh })).rejects.toMatchObject({
    ...{ name: "ConnectError", reason: "ssh", message: expect.stringContaining("ENOENT") },
  });
});

test("an aborted connect ends ssh", async () => {
  await using sandbox = await SshSandbox.create([]);
  await sandbox.install("ssh", '#!/bin/sh\necho $$ > "$SSH_LOG"\nexec /bin/sleep 60\n');
  const ssh = { command: sandbox.ssh, env: sandbox.env };
  const controller = new AbortController();
  const { signal } = controller;
  const connecting = connect({ uri: "qemu+ssh://far.example/system", ssh, signal });
  const outcome = expect(connecting).rejects.toThrow("enough");
  await vi.waitFor(
    () => expect(sandbox.sshArguments()).resolves.toEqual([expect.stringMatching(/^\d+$/)]),
    5000,
  );
  controller.abort(new Error("enough"));
  await outcome;
  const [pid] = await sandbox.sshArguments();
  expect(() => process.kill(Number(pid), 0)).toThrow("ESRCH");
});
