import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { allocate, ensureNetwork, updateNames } from "../../../src/network/index.ts";
import type { Nic } from "../../../src/providers/provider.ts";
import { configure, dhcp, fetchFrom, inside, lookup, makeWorld, newStore, pings, plug, serve, UPLINK, WORLD } from "./lab.ts";
import { run } from "../../../src/system/index.ts";

it("smoke", async () => {
  await makeWorld();
  const store = await newStore("a");
  const p = "aaaaaaaa";
  let t = performance.now();
  const lap = (x: string) => { console.log(x, (performance.now() - t).toFixed(1)); t = performance.now(); };
  const nics = await allocate(store, p, ["000000000001", "000000000002"]); lap("allocate");
  await allocate(store, p, ["000000000001", "000000000002"]); lap("allocate again");
  await ensureNetwork(store, p); lap("ensure");
  await ensureNetwork(store, p); lap("ensure again");
  await ensureNetwork(store, p); lap("ensure again");
  const ms = [{ id: "000000000001", name: "web" }, { id: "000000000002", name: "db" }];
  await updateNames(store, { id: p, name: "shop" }, ms); lap("names");
  await updateNames(store, { id: p, name: "shop" }, ms); lap("names again");
  const nic = nics.get("000000000001")?.[0] as Nic;
  console.log(nic);
  await plug(store, p, "web", nic);
  console.log(await dhcp("web"));
  await configure("web", nic);
  for (const q of ["web", "db", "nope", "db.shop.internal", "10.83.0.3", "example.test", "nope.shop.internal", "10.83.0.99"])
    console.log(q, "=>", (await lookup("web", q, "10.83.0.1")));
  console.log(await fetchFrom("web", `http://${WORLD}:8080/`), await pings("web", "10.83.0.1"));
  await serve("web", 80);
  console.log("world->web", await fetchFrom("world", `http://10.83.0.2/`));
  console.log((await run(["cat", "/run/world.log"])).stdout);
  console.log((await run(["ps", "axo", "pid,ppid,stat,user,args"])).stdout);
  console.log((await run(["cat", `${store.project(p).names}/log`, `${store.project(p).names}/leases`])).stdout);
});
