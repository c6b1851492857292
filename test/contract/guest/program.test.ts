import { mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { packTree } from "../../../src/boxes/index.ts";
import { run, shellQuote, waitFor } from "../../../src/system/index.ts";
import { residueOf } from "../../support/residue.ts";
import { CONTAINER_NETWORK, startContainer } from "./container.ts";
import { capture, dataDisk, machineSeed, type Running, type Workshop, workshop } from "./machine.ts";
import { startVm, VM_NETWORK } from "./vm.ts";

/** What of an image runs in a box that has nothing else: no shell, no accounts, and links where folders should be. */
const LEVELS = {
  vm: { network: VM_NETWORK, start: startVm },
  container: { network: CONTAINER_NETWORK, start: startContainer },
} as const;

const BUSYBOX = "/srv/app/busybox";
const sh = (script: string) => shellQuote([BUSYBOX, "sh", "-c", script]);

let shop: Workshop;
let scratch: string;
let disks = 0;
const made: AsyncDisposable[] = [];

beforeAll(async () => {
  shop = await workshop();
  scratch = join(shop.home.folder, "scratch.erofs");
  await packTree(await scratchTree(await shop.home.sub("scratch")), scratch);
});
afterEach(async () => {
  for (const one of made.splice(0).reverse()) await one[Symbol.asyncDispose]();
});
afterAll(async () => {
  expect(await residueOf(shop.home.layout)).toEqual([]);
  await shop[Symbol.asyncDispose]();
});

/** A machine with this program and these facts. */
async function start(
  level: Running["level"],
  command: string,
  more: Record<string, string | undefined> = {},
): Promise<Running> {
  disks += 1;
  const disk = await dataDisk(join(shop.home.folder, `data${disks}.img`));
  made.push({ [Symbol.asyncDispose]: () => rm(disk) });
  const facts = { format: "2", command, user: "root", pids: undefined, volumes: undefined, ...more };
  const seed = await machineSeed(shop, level, LEVELS[level].network, facts);
  const machine = await LEVELS[level].start(shop, { layers: [scratch], disk, seed });
  made.push(machine);
  return machine;
}

const lastLine = (console: string) => console.trimEnd().split("\n").at(-1)?.trim();

describe.each(["container", "vm"] as const)("an image with nothing but its program, as a %s", (level) => {
  test("runs it as it says, and takes logins and commands beside it", async () => {
    const script = `echo "$(id -u):$(id -g):$(id -G) $PWD $HOME $HOSTNAME"; printf '%s|' "$LINES" "$TERM" "$0" "$@"
      tr '\\0' '\\n' </proc/$$/environ | grep odd; [ -t 0 ] || cat; echo also >&2; echo written >/dev/stdout
      trap 'echo asked by USR1; exit 0' USR1; while :; do sleep 0.1; done`;
    const machine = await start(
      level,
      shellQuote([BUSYBOX, "sh", "-c", script, "it's", "two words", "a\nb", ""]),
      {
        ...{ "run-as": "7000:staff", workdir: "/work/here", "stop-signal": "10", restart: "no" },
        volumes: "vol /work",
        environment: "PATH=/nowhere\nLINES=one\n\ttwo\nodd-name=it's\nLAST=x",
      },
    );
    const seen = (command: string[], options: string[] = []) => machine.exec(options, command);
    const inside = ["/.bothy/bin/busybox", "sh", "-c"];
    // commands reach the machine while its init is still at work; /work is a volume, /work/here is made by init
    const made = () => seen([...inside, "[ -d /work/here ] && [ -d /tmp ]"]);
    const ready = { title: "its init", attempt: async () => ((await made()).code === 0 ? true : undefined) };
    await waitFor(ready, { timeoutMs: 60_000, intervalMs: 20 });
    const { stdout } = await seen([
      ...inside,
      'cat /etc/passwd /etc/shells; stat -c "%a %u" /tmp /work/here; echo "$LINES"; [ ! -L /run ] && echo real',
    ]);
    expect(stdout.toString()).toMatch(
      /^root:x:0:0:root:\/root:\/.bothy\/bin\/sh\n\/bin\/sh\n\/.bothy\/bin\/sh\n1777 0\n755 0\none\ntwo\nreal\n$/,
    );
    const login = async () =>
      (await capture([...machine.ssh("root"), "id -u; echo $HOME"])).stdout.toString();
    await expect.poll(login, { timeout: 10_000 }).toBe("0\n/root\n"); // the server may be a moment behind
    const batch = Buffer.from("get /etc/hostname /dev/stdout\n");
    expect((await capture([...machine.ssh("root", "sftp")], batch)).code).toBe(0);
    const console = (await machine.stop()).replaceAll("\r", "");
    expect(console).toContain("7000:50:50 /work/here / web\none\ntwo||it's|two words|a\nb||odd-name=it's\n");
    for (const words of ["also\n", "written\n", "asked by USR1\n"]) expect(console).toContain(words);
    expect(console).not.toContain("bothy:");
  });
});

describe("the end of a program", () => {
  test.each([
    ["0", "true", 0],
    ["its own status", "exit 7", 7],
    ["a signal, as 128 + n", "kill -KILL $$", 137],
  ])("is the machine's: %s", async (_, script, status) => {
    const machine = await start("container", sh(`${BUSYBOX} echo -n unended; ${script}`));
    // a program that is killed may take what it has not yet written with it
    const words = new RegExp(`^(?:unended)?bothy: the program ended with exit status ${status}$`);
    expect(lastLine(await machine.ended)).toMatch(words);
  });

  test.each([
    ["no such file", "/no/such", "bothy: the program '/no/such' is not there", 127],
    ["no such name", "nothing", "bothy: the program 'nothing' is not there", 127],
    [
      "no program",
      "/srv/app/text",
      "bothy: the program '/srv/app/text' cannot be run: it is no executable file",
      126,
    ],
    ["a folder", "/srv", "bothy: the program '/srv' cannot be run: it is no executable file", 126],
    ["a script whose interpreter is missing", "/srv/app/script", "/srv/app/script", 127],
  ])("%s is told", async (_, command, message, status) => {
    const machine = await start("container", command);
    const console = await machine.ended;
    expect(console).toContain(message);
    expect(lastLine(console)).toBe(`bothy: the program ended with exit status ${status}`);
  });

  test.each([
    ["on-failure", "exit 3", "3"],
    ["always", "exit 0", "0"],
  ])("restart %s runs it again, and a halt ends that", async (restart, script, status) => {
    const machine = await start("container", sh(`echo begun; sleep 0.1; ${script}`), { restart });
    await machine.exec([], ["/.bothy/bin/busybox", "sleep", "1.6"]);
    const console = await machine.stop();
    expect(console.match(/begun/g)).toHaveLength(2);
    expect(console).toContain(
      `bothy: the program ended with exit status ${status} and is started again in 1 s`,
    );
    expect(lastLine(console)).toContain("is started again in 2 s"); // a halt is no end of its own
  });

  test("restart on-failure leaves it at a success", async () => {
    const machine = await start("container", sh("true"), { restart: "on-failure" });
    expect(lastLine(await machine.ended)).toBe("bothy: the program ended with exit status 0");
  });

  test.each(["2", "3"])("signal %s reaches one that has no handler for it", async (signal) => {
    const machine = await start("container", shellQuote([BUSYBOX, "sleep", "100"]), {
      "stop-signal": signal,
    });
    await machine.exec([], ["/.bothy/bin/busybox", "sleep", "0.3"]);
    const begun = performance.now();
    expect(await machine.stop()).not.toContain("bothy:");
    expect(performance.now() - begun).toBeLessThan(4000);
  });
});

test.each([
  ["user", "nobody-here", "no user 'nobody-here' in the machine"],
  ["group", "0:nobody-here", "no group 'nobody-here' in the machine"],
])("an unknown %s is refused before the program runs", async (_, who, message) => {
  const machine = await start("container", sh("echo ran"), { "run-as": who });
  const console = await machine.ended;
  expect(lastLine(console)).toBe(`bothy: the program cannot run: ${message}`);
  expect(console).not.toContain("ran\n");
});

/** busybox under another name, a group, a mount point that is a link, and things that cannot be run. */
async function scratchTree(root: string): Promise<string> {
  await mkdir(join(root, "srv/app"), { recursive: true });
  await mkdir(join(root, "etc"));
  await run(["cp", "/bin/busybox", join(root, BUSYBOX)]);
  await symlink("/srv/elsewhere", join(root, "run"));
  await symlink("/run/bothy/none", join(root, "lib"));
  await writeFile(join(root, "etc/group"), "staff:x:50:"); // without the end of its line
  await writeFile(join(root, "etc/nsswitch.conf"), "passwd: compat\ngroup: compat\nshadow: compat\n");
  await writeFile(join(root, "srv/app/text"), "text\n");
  await writeFile(join(root, "srv/app/script"), "#!/no/interpreter\n", { mode: 0o755 });
  return root;
}
