import { writeFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { allocate, inspectNetwork, release, stopNames, updateNames } from "../../../src/network/index.ts";
import type { Layout } from "../../../src/system/index.ts";
import { run, waitFor } from "../../../src/system/index.ts";
import { commandsOf, dhcp, dismantle, inside, lookup, makeProject, newStore, WORLD } from "./lab.ts";

const project = { id: "aaaa0001", name: "shop" };
let store: Layout;
let lab: Awaited<ReturnType<typeof makeProject>>;
let gateway = "";

beforeAll(async () => {
  store = await newStore("names");
  lab = await makeProject(store, project, ["web", "db"]);
  gateway = lab.nic("web").gateway ?? "";
});

afterAll(() => dismantle(store, project.id));

const ask = (query: string) => lookup("web", query, gateway);
const pid = async () => (await inspectNetwork(store, project.id))[0]?.namesPid;

it("answers short names, long names and addresses", async () => {
  const address = lab.nic("db").address.split("/")[0] ?? "";
  expect(await ask("db")).toBe(address);
  expect(await ask("db.shop.internal")).toBe(address);
  expect(await ask(address)).toBe("db.shop.internal");
});

it("asks the host's servers for the rest, but never for bare names and the project's own", async () => {
  expect(await ask("example.test")).toBe(WORLD);
  expect(await ask("nope")).toBe("NXDOMAIN"); // the world's server would say REFUSED
  expect(await ask("nope.shop.internal")).toBe("NXDOMAIN");
  expect(await ask(gateway.replace(/1$/, "99"))).toBe("NXDOMAIN");
});

it("says of a name without IPv6 that it exists", async () => {
  const { stdout, exitCode } = await inside(
    "web",
    ["busybox", "nslookup", "-type=aaaa", "db", gateway],
    [0, 1],
  );
  expect({ exitCode, text: stdout }).toMatchObject({
    exitCode: 0,
    text: expect.not.stringContaining("NXDOMAIN"),
  });
});

it("gives by DHCP what was allocated, with router, names, domain and MTU", async () => {
  const told = await dhcp("web");
  expect(`${told?.["ip"]}/${told?.["mask"]}`).toBe(lab.nic("web").address);
  expect(told).toMatchObject({
    router: gateway,
    dns: gateway,
    domain: "shop.internal",
    hostname: "web",
    mtu: "1400",
  });
});

it("gives nothing by DHCP to a stranger", async () => {
  const mac = lab.nic("db").mac;
  await run(["ip", "-n", "db", "link", "set", "eth0", "address", "52:54:00:00:00:99"]);
  expect(await dhcp("db")).toBeUndefined();
  await run(["ip", "-n", "db", "link", "set", "eth0", "address", mac]);
});

it("does not let a guest claim another's name", async () => {
  const argv = ["busybox", "udhcpc", "-i", "eth0", "-fnq", "-t2", "-s", "/bin/true", "-x", "hostname:bank"];
  await inside("db", argv);
  expect(await ask("bank")).toBe("NXDOMAIN");
});

it("keeps its process when names come and go", async () => {
  const before = await pid();
  const [nic] = (await allocate(store, project.id, ["aaaa00010002"])).get("aaaa00010002") ?? [];
  const commands = await commandsOf(() =>
    updateNames(store, project, [...lab.machines, { id: "aaaa00010002", name: "cache" }]),
  );
  expect(commands.every((command) => command.startsWith("flock"))).toBe(true);
  await eventually("cache", nic?.address.split("/")[0]);
  await updateNames(store, project, lab.machines);
  await eventually("cache", "NXDOMAIN");
  expect(await pid()).toBe(before);
  await release(store, project.id, ["aaaa00010002"]);
});

it("comes back when it was killed, also without its pid file", async () => {
  process.kill((await pid()) ?? 0, "SIGKILL");
  await updateNames(store, project, lab.machines);
  expect(await ask("db")).toMatch(/^10\.83\./);
  await run(["rm", `${store.project(project.id).names}/pid`]);
  await updateNames(store, project, lab.machines);
  expect(await ask("db")).toMatch(/^10\.83\./);
});

it("does not take another process for its own", async () => {
  await stopNames(store, project.id);
  await writeFile(`${store.project(project.id).names}/pid`, `${process.pid}\n`);
  expect(await pid()).toBeUndefined();
  await updateNames(store, project, lab.machines);
  expect(await ask("db")).toMatch(/^10\.83\./);
});

it("gives a destroyed machine's address to the next one by DHCP at once", async () => {
  expect(await dhcp("db")).toBeDefined(); // the lease of the old one
  const [old, ip] = [lab.machines[1]?.id ?? "", lab.nic("db").address];
  await release(store, project.id, [old]);
  const [nic] = (await allocate(store, project.id, ["aaaa00010009"])).get("aaaa00010009") ?? [];
  expect(nic?.address).toBe(ip);
  expect(nic?.mac).not.toBe(lab.nic("db").mac);
  await updateNames(store, project, [{ id: "aaaa00010009", name: "new" }]);
  await run(["ip", "-n", "db", "link", "set", "eth0", "address", nic?.mac ?? ""]);
  expect(await dhcp("db")).toMatchObject({ ip: ip.split("/")[0], hostname: "new" });
});

it("leaves no zombie and runs without root", async () => {
  const { stdout } = await run(["ps", "-eo", "user:12,stat,args"]);
  const lines = stdout.split("\n").filter((line) => line.includes(store.tag));
  expect(lines.filter((line) => !/^dnsmasq +[SD]/.test(line))).toEqual([]);
  await stopNames(store, project.id);
  await stopNames(store, project.id);
  expect(await pid()).toBeUndefined();
});

async function eventually(query: string, answer: string | undefined): Promise<void> {
  const attempt = async () => ((await ask(query)) === answer ? true : undefined);
  await waitFor({ title: `${query} = ${answer}`, attempt }, { timeoutMs: 1000, intervalMs: 10 });
}
