import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { BothyError } from "../../../src/errors.ts";
import { CommandError, run, setDebugSink, shellQuote } from "../../../src/system/index.ts";
import { tempHome } from "../../support/temp-home.ts";

const failureOf = (attempt: Promise<unknown>): Promise<BothyError> =>
  attempt.then(
    () => expect.unreachable("it did not fail"),
    (error: unknown) => error as BothyError,
  );

describe("run", () => {
  it("returns what a program printed, apart", async () => {
    const { stdout, stderr, exitCode, command } = await run(["sh", "-c", "echo out; echo err >&2"]);
    expect({ stdout, stderr, exitCode, command }).toEqual({
      stdout: "out\n",
      stderr: "err\n",
      exitCode: 0,
      command: "sh -c 'echo out; echo err >&2'",
    });
  });

  it("closes stdin unless there is input", async () => {
    expect((await run(["cat"])).stdout).toBe("");
    expect((await run(["cat"], { input: "given" })).stdout).toBe("given");
  });

  it("does not mind a program that reads none of its input", async () => {
    await expect(run(["true"], { input: Buffer.alloc(4 << 20) })).resolves.toMatchObject({ exitCode: 0 });
  });

  it("hands every line on, also the last one without an end, and whole characters", async () => {
    const lines: string[] = [];
    await run(["printf", "one\\ntwö\\n"], { onLine: (line) => lines.push(line) });
    await run(["sh", "-c", "printf '\\303'; sleep 0.05; printf '\\274'"], {
      onLine: (line) => lines.push(line),
    });
    expect(lines).toEqual(["one", "twö", "ü"]);
  });

  it("fails with the exit code, what was said, and the command to paste", async () => {
    const error = await failureOf(run(["sh", "-c", "echo 'no such thing' >&2; exit 7"]));
    expect(error).toBeInstanceOf(CommandError);
    expect((error as CommandError).result).toMatchObject({ exitCode: 7, stderr: "no such thing\n" });
    expect(error.message).toBe(
      "`sh -c 'echo '\\''no such thing'\\'' >&2; exit 7'` failed with exit code 7: no such thing",
    );
  });

  it("shows the last ten lines of a long complaint", async () => {
    const error = await failureOf(run(["sh", "-c", "seq 1 40 >&2; exit 1"]));
    expect(error.message).toMatch(/: 31\n(.*\n){8}40$/);
  });

  it("takes other exit codes for success when told so", async () => {
    await expect(run(["sh", "-c", "exit 1"], { okCodes: [0, 1] })).resolves.toMatchObject({ exitCode: 1 });
    await expect(run(["sh", "-c", "exit 2"], { okCodes: [0, 1] })).rejects.toThrow("exit code 2");
  });

  it("names the signal that ended a program", async () => {
    await expect(run(["sh", "-c", "kill -SEGV $$"])).rejects.toThrow("was ended by SIGSEGV");
  });

  it("says which package brings a missing program", async () => {
    const error = await failureOf(run(["/nonexistent/dnsmasq"]));
    expect(error.code).toBe("TOOL_MISSING");
    expect(error.hints[0]).toBe("apt-get install dnsmasq-base");
    expect((await failureOf(run(["no-such-program"]))).message).toContain("`no-such-program`");
  });

  it("does not take a missing folder for a missing program", async () => {
    const error = await failureOf(run(["true"], { cwd: "/nonexistent" }));
    expect(error.code).not.toBe("TOOL_MISSING");
    expect(error.message).toContain("/nonexistent");
  });

  it("gives programs a small environment of their own", async () => {
    vi.stubEnv("SECRET", "do not tell");
    vi.stubEnv("LC_ALL", "de_DE.UTF-8");
    vi.stubEnv("PATH", "/opt/bin");
    const { stdout } = await run(["/usr/bin/env"], { env: { ASKED: "yes" } });
    expect(stdout).not.toContain("SECRET");
    expect(stdout).toContain("LC_ALL=C.UTF-8\n");
    expect(stdout).toContain("ASKED=yes\n");
    expect(stdout).toContain("PATH=/opt/bin:/usr/sbin:/usr/bin:/sbin:/bin\n");
  });
});

describe("a program that takes too long", () => {
  it("is ended after the time that it had", async () => {
    const error = await failureOf(run(["sleep", "20"], { timeoutMs: 100 }));
    expect([error.code, error.message]).toEqual(["TIMEOUT", "`sleep 20` did not end within 100 ms"]);
  });

  it("is ended by force when it does not listen", async () => {
    const startedAt = performance.now();
    const argv = ["sh", "-c", "trap '' TERM; while :; do sleep 0.1; done"];
    expect((await failureOf(run(argv, { timeoutMs: 50 }))).code).toBe("TIMEOUT");
    expect(performance.now() - startedAt).toBeLessThan(4000);
  });

  it("does not make us wait for the children that it leaves", async () => {
    const startedAt = performance.now();
    expect((await failureOf(run(["sh", "-c", "sleep 9 & wait"], { timeoutMs: 50 }))).code).toBe("TIMEOUT");
    expect(performance.now() - startedAt).toBeLessThan(3000);
  });

  it("is ended when the caller gives up", async () => {
    const abort = new AbortController();
    setTimeout(() => abort.abort(), 50);
    const error = await failureOf(run(["sleep", "20"], { signal: abort.signal }));
    expect([error.code, error.message]).toEqual(["INTERRUPTED", "`sleep 20` was interrupted"]);
  });

  it("is not waited for when the caller gave up before", async () => {
    const error = await failureOf(run(["sleep", "20"], { signal: AbortSignal.abort() }));
    expect(error.code).toBe("INTERRUPTED");
  });
});

describe("shellQuote", () => {
  it.each([
    [["plain", "words", "--flag=1", "/a/b-c.d"]],
    [["two words", "it's", 'say "x"', "$HOME", "`id`", "a\\b", "*", "~", "#", "!", "", "line\nbreak", "ünï"]],
    [["FOO=1", "is a word and no assignment"]],
    [["-n", "--"]],
  ])("a shell reads %j back unchanged", async (words) => {
    await using home = await tempHome();
    const program = join(home.folder, "words");
    await writeFile(program, '#!/bin/sh\nprintf "%s\\0" "$@"\n');
    await chmod(program, 0o755);
    const { stdout } = await run(["sh", "-c", `${shellQuote([program, ...words])}`]);
    expect(stdout.split("\0").slice(0, -1)).toEqual(words);
  });

  it("leaves words alone that need no quotes", () => {
    expect(shellQuote(["ip", "link", "add", "name=bo-1", "10.0.0.1/24"])).toBe(
      "ip link add name=bo-1 10.0.0.1/24",
    );
  });

  it("keeps a first word with = from being an assignment", async () => {
    await expect(run(["sh", "-c", shellQuote(["A=1", "x"])])).rejects.toThrow("A=1");
  });
});

describe("the debug log", () => {
  afterEach(() => setDebugSink(undefined));

  it("shows every program that is run, as it can be pasted", async () => {
    const lines: string[] = [];
    setDebugSink((line) => lines.push(line));
    await run(["echo", "two words"]);
    expect(lines).toEqual([
      "start echo 'two words'",
      expect.stringMatching(/^echo 'two words' -> 0 in \d+ ms$/),
    ]);
  });
});
