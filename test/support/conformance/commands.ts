import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { run, shellQuote } from "../../../src/system/index.ts";
import { exec, finish, output, type Running } from "./harness.ts";

const MIB = 1024 * 1024;

/** What `exec` promises: exit codes, signals, streams, who and where. */
export function describeCommands(running: () => Running): void {
  const connection = () => running().connection;
  const sh = (script: string) => exec(connection(), { argv: ["sh", "-c", script] });

  describe("exit codes", () => {
    it.each([
      ["a command's own, 0", ["true"], 0],
      ["a command's own, 3", ["sh", "-c", "exit 3"], 3],
      ["126 for a file that is no program", ["/etc/passwd"], 126],
      ["127 for no such command", ["/no/such/command"], 127],
      ["127 for no such name", ["no-such-command"], 127],
      ["128 + 9 after SIGKILL", ["sh", "-c", "kill -KILL $$"], 137],
      ["128 + 15 after SIGTERM", ["sh", "-c", "kill -TERM $$"], 143],
    ])("%s", async (_, argv, code) => {
      expect((await exec(connection(), { argv })).code).toBe(code);
    });

    it.each(["TERM", "INT", "HUP", "KILL"] as const)("kill(%s) ends a command", async (signal) => {
      const process = await connection().exec({ argv: ["sh", "-c", "echo here; exec sleep 60"] });
      await once(process.stdout, "readable"); // it is there to be killed
      await process.kill(signal);
      const numbers = { TERM: 15, INT: 2, HUP: 1, KILL: 9 };
      expect((await finish(process)).code).toBe(128 + numbers[signal]);
    });

    it("kill is no error when the command is gone", async () => {
      const process = await connection().exec({ argv: ["true"] });
      await finish(process);
      await expect(process.kill("TERM")).resolves.toBeUndefined();
    });
  });

  describe("streams", () => {
    it("stdin ends when it is ended, and binary data passes both ways unchanged", async () => {
      const data = randomBytes(2 * MIB);
      const { code, stdout } = await exec(connection(), { argv: ["cat"] }, data);
      expect({ code, sha256: sha256(stdout) }).toEqual({ code: 0, sha256: sha256(data) });
    });

    it("several MiB of stdout arrive whole", async () => {
      const data = randomBytes(3 * MIB);
      const write = await exec(connection(), { argv: ["sh", "-c", "cat > /root/big"] }, data);
      const { code, stdout } = await exec(connection(), { argv: ["cat", "/root/big"] });
      await output(connection(), "rm", "-f", "/root/big");
      expect([write.code, code, stdout.length, sha256(stdout)]).toEqual([0, 0, 3 * MIB, sha256(data)]);
    });

    it("keeps stderr apart from stdout", async () => {
      const { code, stdout, stderr } = await sh("echo to-out; echo to-err >&2");
      expect([code, stdout.toString(), stderr]).toEqual([0, "to-out\n", "to-err\n"]);
    });

    it("holds a command back whose output nobody reads", async () => {
      const size = 6 * MIB; // more than all buffers on the way
      const script = `head -c ${size} /dev/zero && echo done > /root/done`;
      const process = await connection().exec({ argv: ["sh", "-c", script] });
      await delay(700);
      const early = await exec(connection(), { argv: ["test", "-f", "/root/done"] });
      const { code, stdout } = await finish(process);
      await output(connection(), "rm", "/root/done");
      expect([early.code, code, stdout.length]).toEqual([1, 0, size]);
    });

    it("runs eight commands at once on one connection", async () => {
      const processes = await Promise.all(
        Array.from({ length: 8 }, () => connection().exec({ argv: ["cat"] })),
      );
      const ran = await Promise.all(
        processes.map((process, n) => finish(process, Buffer.from(`input ${n}`))),
      );
      expect(ran.map(({ stdout }) => stdout.toString())).toEqual(processes.map((_, n) => `input ${n}`));
    });
  });

  describe("who and where", () => {
    it("starts as root in root's home", async () => {
      const { stdout } = await sh("id -u; id -g; pwd; echo $HOME");
      expect(stdout.toString()).toBe("0\n0\n/root\n/root\n");
    });

    it.each([
      ["a name", "bothy", "1000\n1000\n/home/bothy\n"],
      ["a uid", "1000", "1000\n1000\n/home/bothy\n"],
      ["uid:gid", "1000:0", "1000\n0\n/home/bothy\n"],
      ["a uid that nobody has", "4321:1234", "4321\n1234\n/\n"],
    ])("takes %s as the user", async (_, user, expected) => {
      const argv = ["sh", "-c", "id -u; id -g; pwd"];
      expect((await exec(connection(), { argv, user })).stdout.toString()).toBe(expected);
    });

    it("works in the folder that it is given", async () => {
      const { stdout } = await exec(connection(), { argv: ["pwd"], cwd: "/tmp" });
      expect(stdout.toString()).toBe("/tmp\n");
    });

    it.each([
      ["a missing folder", { cwd: "/no/such/folder" }, "/no/such/folder"],
      ["a missing user", { user: "nosuchuser" }, "nosuchuser"],
    ])("125 with a message for %s", async (_, where, named) => {
      const { code, stdout, stderr } = await exec(connection(), { argv: ["pwd"], ...where });
      expect([code, stdout.toString()]).toEqual([125, ""]);
      expect(stderr).toContain(named);
    });

    it("has the variables of the machine and of the request, the latter winning", async () => {
      const env = { ASKED: 'it\'s $HOME "quoted"', GREETING: "asked", EMPTY: "" };
      const script = 'echo "$ASKED|$GREETING|$MACHINE|$EMPTY|"';
      const { stdout } = await exec(connection(), { argv: ["sh", "-c", script], env });
      expect(stdout.toString()).toBe(`${env.ASKED}|asked|from the seed||\n`);
    });

    it("hands every word on as it is", async () => {
      const words = ["two words", "$HOME", "a'b\"c", "*", "", "-n", "line\nbreak", "ünï"];
      const { stdout } = await exec(connection(), { argv: ["/.bothy/bin/busybox", "echo", "x", ...words] });
      expect(stdout.toString()).toBe(`x ${words.join(" ")}\n`);
    });
  });

  it("terminal() is a host command that gives a terminal and passes the exit code on", async () => {
    const script = "test -t 0 && test -t 1 && echo it is a terminal; exit 7";
    const argv = connection().terminal({ argv: ["sh", "-c", script], cwd: "/" });
    const { exitCode, stdout } = await run(["script", "-qec", shellQuote(argv), "/dev/null"], {
      okCodes: [0, 1, 7],
      timeoutMs: 20_000,
    });
    expect([exitCode, stdout]).toEqual([7, expect.stringContaining("it is a terminal")]);
  });
}

function sha256(data: Buffer): string {
  return createHash("sha256").update(data).digest("hex");
}
