import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { ociProvider } from "../../../src/providers/oci/index.ts";
import type { ExecRequest, LayerFile, Provider, RunSpec } from "../../../src/providers/provider.ts";
import { type Layout, layout } from "../../../src/system/index.ts";
import { makeBox, makeTools, packImage } from "./images.ts";
import { leftovers } from "./leftovers.ts";

/** A store of its own, a tiny box, a bridge, and the provider over them. */
export interface Harness {
  readonly layout: Layout;
  readonly provider: Provider;
  readonly bridge: string;
  /** A finished spec for a machine; makes its disk and seed when they are not there. */
  spec(id: string, overrides?: Partial<RunSpec>): RunSpec;
  /** Runs a command (a string goes to the shell) to its end. */
  exec(id: string, request: ExecRequest | string, input?: string | Buffer): Promise<Outcome>;
  /** What is left on the host of this store, a line each. */
  leftovers(): string[];
  close(): Promise<void>;
}

export interface Outcome {
  readonly code: number;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
}

interface Images {
  readonly box: LayerFile;
  readonly tools: LayerFile;
  readonly bridge: string;
}

/** Makes the store; call `close` at the end. */
export function makeHarness(): Harness {
  const home = mkdtempSync("/var/tmp/bothy-oci-");
  const store = layout(home);
  const bridge = `bot${store.tag}`;
  mkdirSync(store.layers(), { recursive: true });
  const images = { box: packImage(store, makeBox), tools: packImage(store, makeTools), bridge };
  execFileSync("ip", ["link", "add", bridge, "up", "type", "bridge"]);
  const provider = ociProvider({ layout: store });
  return {
    layout: store,
    provider,
    bridge,
    spec: (id, overrides = {}) => makeSpec(store, images, id, overrides),
    exec: (id, request, input) => execIn(provider, id, request, input),
    leftovers: () => leftovers(store),
    close: async () => {
      for (const id of (await provider.inspect()).keys()) await provider.stop(id, { deadlineMs: 0 });
      execFileSync("ip", ["link", "del", bridge]);
      rmSync(home, { recursive: true, force: true });
      rmSync(store.run, { recursive: true, force: true });
    },
  };
}

function makeSpec(store: Layout, images: Images, id: string, overrides: Partial<RunSpec>): RunSpec {
  const machine = store.machine(id);
  const number = createHash("md5").update(id).digest()[0] ?? 0;
  const nic = {
    network: "default",
    bridge: images.bridge,
    hostLink: `bo${store.tag}${id}`,
    mac: `52:54:00:00:00:${number.toString(16).padStart(2, "0")}`,
    address: `10.213.0.${number}/16`,
  };
  mkdirSync(machine.seed, { recursive: true, mode: 0o700 });
  execFileSync("sh", ["-c", MAKE_DISK_AND_SEED, "sh", machine.disk, machine.seed, nic.mac, nic.address]);
  return {
    id,
    name: `machine-${id}`,
    project: { id: "p1", name: "lab" },
    storeTag: store.tag,
    hostname: `host-${id}`,
    layers: [images.box],
    tools: images.tools,
    kernel: { vmlinuz: "", initramfs: "", modules: "", version: "" },
    dataDisk: machine.disk,
    seed: machine.seed,
    cpus: 1,
    memoryMiB: 128,
    nics: [nic],
    consoleLog: machine.console,
    runFolder: machine.run,
    management: { address: "", port: 0, privateKey: "", hostKey: "" },
    ...overrides,
  };
}

const MAKE_DISK_AND_SEED = `
[ -f "$1" ] || { truncate -s 1G "$1" && mkfs.ext4 -q -E lazy_itable_init=1,nodiscard -O ^orphan_file,^metadata_csum_seed "$1"; } 2>/dev/null
echo "eth0 $3 $4 -" >"$2/interfaces"
`;

async function execIn(
  provider: Provider,
  id: string,
  request: ExecRequest | string,
  input: string | Buffer = "",
): Promise<Outcome> {
  await using connection = await provider.connect(id, { address: "", port: 0, privateKey: "", hostKey: "" });
  const full = typeof request === "string" ? { argv: ["/bin/sh", "-c", request] } : request;
  const command = await connection.exec(full);
  command.stdin.end(input);
  const [stdout, stderr, code] = await Promise.all([
    buffer(command.stdout),
    buffer(command.stderr),
    command.exitCode,
  ]);
  return { code, stdout, stderr };
}

/** Where a machine's files of the provider are; `join` of the layout, for tests that damage them. */
export function runFile(store: Layout, id: string, ...parts: string[]): string {
  return join(store.machine(id).run, "oci", ...parts);
}
