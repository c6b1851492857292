import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type SeedFacts, seedFiles, volumeName, writeSeed } from "../../../src/machines/index.ts";
import { machineRecord } from "../../support/record.ts";
import { tempHome } from "../../support/temp-home.ts";

const nic = {
  network: "default",
  bridge: "bob01234567",
  hostLink: "bo0123456789ab0",
  mac: "52:54:00:12:34:02",
  address: "10.83.0.2/24",
  gateway: "10.83.0.1",
};

const facts: SeedFacts = {
  record: machineRecord({
    box: { ...machineRecord().box, init: "/sbin/init", environment: { LANG: "C.UTF-8", MODE: "box" } },
    pids: 512,
    volumes: ["/var/lib/docker", "/srv/a b%"],
    environment: { MODE: "machine", URL: "http://a/?b=c" },
  }),
  isolation: "vm",
  needsChannel: true,
  limitsItself: true,
  keys: {
    identityFile: "/keys/id_ed25519",
    authorizedKey: "ssh-ed25519 AAAALOGIN bothy:0123456789ab",
    hostKeyPrivate: "-----BEGIN OPENSSH PRIVATE KEY-----\nHOST\n-----END OPENSSH PRIVATE KEY-----\n",
    hostKeyPublic: "ssh-ed25519 AAAAHOST 0123456789ab",
  },
  nics: [nic, { ...nic, mac: "52:54:00:12:34:09", address: "10.84.0.9/24", gateway: undefined }],
  resolver: { address: "10.83.0.1", domain: "shop.internal" },
};

/** All files of a seed as one text. */
function asText(files: Record<string, string>): string {
  const names = Object.keys(files).sort();
  return names.map((name) => `==> ${name} <==\n${files[name]}`).join("\n");
}

describe("seedFiles", () => {
  it("says everything to a VM", async () => {
    await expect(asText(seedFiles(facts))).toMatchFileSnapshot("golden/seed-vm.txt");
  });

  it("says of a program what is to be run, in words that a shell reads back", () => {
    const { box } = machineRecord();
    const record = machineRecord({
      box: { ...box, entrypoint: ["/run"], command: ["it's", "a\nb", ""], volumes: ["/data", "/srv/in"] },
      ...{ volumes: ["/srv"], environment: { TEXT: "a\nb\n" } },
    });
    expect(seedFiles({ ...facts, record })).toMatchObject({
      format: "2\n",
      command: "/run 'it'\\''s' 'a\nb' ''\n",
      "run-as": "root\n",
      workdir: "/\n",
      "stop-signal": "15\n",
      restart: "no\n",
      volumes: "srv /srv\ndata /data\n",
      environment: "TEXT=a\n\tb\n\t\n",
    });
  });

  it("says to a container with nothing particular only what applies", async () => {
    const plain: SeedFacts = {
      ...facts,
      record: machineRecord(),
      isolation: "container",
      needsChannel: false,
      limitsItself: false,
      nics: [nic],
    };
    await expect(asText(seedFiles(plain))).toMatchFileSnapshot("golden/seed-container.txt");
  });
});

describe("volumeName", () => {
  it("is one folder's name, another for every path", () => {
    const paths = ["/var/lib/docker", "/var/lib-docker", "/var%2Flib/docker", "/srv/a b", "/srv/a%20b", "/ü"];
    const names = paths.map(volumeName);
    expect(new Set(names).size).toBe(paths.length);
    for (const name of names) expect(name).toMatch(/^[^/\s]+$/);
  });
});

describe("writeSeed", () => {
  it("replaces all of the old seed, for root's eyes only", async () => {
    await using home = await tempHome();
    const machine = home.layout.machine("0123456789ab");
    await mkdir(machine.seed, { recursive: true });
    await writeFile(join(machine.seed, "init"), "/sbin/init\n");
    await mkdir(`${machine.seed}.new`); // an earlier start was killed
    await writeSeed(home.layout, "0123456789ab", { format: "1\n", hostname: "web\n" });
    expect(await readdir(machine.folder)).toEqual(["seed"]);
    expect((await readdir(machine.seed)).sort()).toEqual(["format", "hostname"]);
    expect(await readFile(join(machine.seed, "hostname"), "utf8")).toBe("web\n");
    expect((await stat(machine.seed)).mode & 0o777).toBe(0o700);
    expect((await stat(join(machine.seed, "hostname"))).mode & 0o777).toBe(0o600);
  });
});
