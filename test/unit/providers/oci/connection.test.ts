import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { startCommand } from "../../../../src/providers/oci/connection/command.ts";
import { connectTo } from "../../../../src/providers/oci/connection/connection.ts";
import { openStore } from "../../../../src/providers/oci/machine/index.ts";
import { layout } from "../../../../src/system/index.ts";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "bothy-oci-"));
});

afterEach(() => rm(folder, { recursive: true }));

describe("a command through a runtime (a shell stands in for it)", () => {
  const pidFile = () => join(folder, "pid");
  const runtime = (script: string) => startCommand(["sh", "-c", script, "sh", pidFile()], pidFile());

  test("has its own exit code once its pid was written, and leaves no file", async () => {
    const command = runtime('echo $$ >"$1"; echo out; exit 255');
    expect(await text(command.stdout)).toBe("out\n");
    expect(await command.exitCode).toBe(255);
    expect(await readdir(folder)).toEqual([]);
  });

  test("has failed to connect when the runtime ended before that", async () => {
    const command = runtime("echo no container >&2; exit 255");
    await expect(command.exitCode).rejects.toMatchObject({ code: "CONNECT_FAILED" });
  });

  test("has failed to connect when there is no runtime", async () => {
    const command = startCommand([join(folder, "none"), "exec"], pidFile());
    await expect(command.exitCode).rejects.toMatchObject({ code: "CONNECT_FAILED" });
  });

  test("can be signalled before it has a pid: the signal waits for it", async () => {
    const command = runtime('sleep 0.2; exec setsid -w sh -c "echo \\$\\$ >$1; sleep 10"');
    await command.kill("TERM");
    expect(await command.exitCode).toBe(143);
    await command.kill("KILL");
  });
});

test("there is no way into a machine that does not run", async () => {
  await expect(connectTo(openStore(layout(folder)), "m1")).rejects.toMatchObject({ code: "MACHINE_STATE" });
});
