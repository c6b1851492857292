import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { findCredential } from "../../../../src/boxes/registry/credentials.ts";
import { setDebugSink } from "../../../../src/system/index.ts";
import { type TempHome, tempHome } from "../../../support/temp-home.ts";

const auth = (text: string) => Buffer.from(text).toString("base64");

async function withConfig(home: TempHome, config: object | string): Promise<void> {
  const text = typeof config === "string" ? config : JSON.stringify(config);
  await writeFile(join(home.folder, "config.json"), text);
  vi.stubEnv("DOCKER_CONFIG", home.folder);
}

/** A helper that says what the script prints. */
async function withHelper(home: TempHome, script: string): Promise<void> {
  const path = join(home.folder, "docker-credential-test");
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o755);
  vi.stubEnv("PATH", `${home.folder}:${process.env["PATH"]}`);
}

describe("findCredential", () => {
  it("finds none without a file, and none for other hosts", async () => {
    await using home = await tempHome();
    vi.stubEnv("DOCKER_CONFIG", home.folder);
    expect(await findCredential("docker.io")).toBeUndefined();
    await withConfig(home, { auths: { "other:5000": { auth: auth("a:b") } } });
    expect(await findCredential("other")).toBeUndefined();
  });

  it.each([
    ["localhost:5000", "localhost:5000"],
    ["lab.example", "https://lab.example/v2/"],
    ["lab.example", "http://LAB.example"],
    ["docker.io", "https://index.docker.io/v1/"],
    ["registry-1.docker.io", "docker.io"],
  ])("finds %s under `%s`", async (host, key) => {
    await using home = await tempHome();
    await withConfig(home, { auths: { [key]: { auth: auth("robin:pass:word") } } });
    expect(await findCredential(host)).toEqual({
      shown: `\`robin\` (from ${home.folder}/config.json)`,
      ...{ user: "robin", password: "pass:word" },
    });
  });

  it("reads plain fields, identity tokens and registry tokens; an empty entry is none", async () => {
    await using home = await tempHome();
    await withConfig(home, {
      auths: {
        plain: { username: "u", password: "p" },
        identity: { auth: auth("u:"), identitytoken: "hush" },
        token: { registrytoken: "hush" },
        empty: {},
      },
    });
    expect(await findCredential("plain")).toMatchObject({ user: "u", password: "p" });
    expect(await findCredential("identity")).toMatchObject({ user: "u", identityToken: "hush" });
    expect(await findCredential("token")).toMatchObject({ registryToken: "hush" });
    expect(await findCredential("empty")).toBeUndefined();
  });

  it.each([
    ["{ secret-hush", "is no JSON"],
    ['{"auths": 5}', "auths"],
    [JSON.stringify({ auths: { host: { auth: auth("hush") } } }), "not USER:PASSWORD"],
  ])("says what is wrong with `%s` and quotes none of it", async (text, why) => {
    await using home = await tempHome();
    await withConfig(home, text);
    const failure = (await findCredential("host").catch((error: unknown) => error)) as Error;
    expect(failure).toMatchObject({ code: "CREDENTIALS_INVALID", message: expect.stringContaining(why) });
    expect(failure.message).not.toContain("hush");
  });
});

describe("findCredential with helpers", () => {
  const config = { credsStore: "none-such", credHelpers: { "lab:5000": "test", "docker.io": "test" } };

  it("asks the host's helper by the server's name, with the caller's environment", async () => {
    await using home = await tempHome();
    await withConfig(home, config);
    await withHelper(
      home,
      `read server; echo "{\\"Username\\": \\"$1 $server $KEYCHAIN\\", \\"Secret\\": \\"hush\\"}"`,
    );
    vi.stubEnv("KEYCHAIN", "k");
    expect(await findCredential("lab:5000")).toMatchObject({ user: "get lab:5000 k", password: "hush" });
    expect(await findCredential("docker.io")).toMatchObject({ user: "get https://index.docker.io/v1/ k" });
  });

  it("takes an identity token from it", async () => {
    await using home = await tempHome();
    await withConfig(home, config);
    await withHelper(home, `echo '{"Username": "<token>", "Secret": "hush"}'`);
    expect(await findCredential("lab:5000")).toEqual({
      shown: "an identity token (from docker-credential-test)",
      identityToken: "hush",
    });
  });

  it("goes on to the file when the helper has none", async () => {
    await using home = await tempHome();
    await withConfig(home, { ...config, auths: { "lab:5000": { auth: auth("u:p") } } });
    await withHelper(home, "echo credentials not found in native keychain; exit 1");
    expect(await findCredential("lab:5000")).toMatchObject({ user: "u" });
  });

  it.each([
    ["echo hush; echo locked >&2; exit 1", "locked"],
    ["echo hush; exit 3", "exit code 3"],
    ["echo hush", "no JSON"],
    [`echo '{"Secret": "hush"}'`, "no Username and Secret"],
  ])("says what is wrong with `%s`, without what it printed", async (script, why) => {
    await using home = await tempHome();
    const lines: string[] = [];
    setDebugSink((line) => void lines.push(line));
    await withConfig(home, config);
    await withHelper(home, script);
    const failure = (await findCredential("lab:5000").catch((error: unknown) => error)) as Error;
    setDebugSink(undefined);
    expect(failure).toMatchObject({ code: "CREDENTIALS_INVALID", message: expect.stringContaining(why) });
    expect(JSON.stringify([failure, failure.message, failure.stack, failure.cause, lines])).not.toContain(
      "hush",
    );
  });

  it("names a helper that is not installed", async () => {
    await using home = await tempHome();
    await withConfig(home, config);
    await expect(findCredential("other.example")).rejects.toMatchObject({
      code: "CREDENTIALS_INVALID",
      message: "cannot get credentials from `docker-credential-none-such`: it is not installed",
    });
  });
});
