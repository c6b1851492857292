import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { expect, it } from "vitest";
import { learnHostKey } from "../../../src/operations/host-key.ts";
import { tempHome } from "../../support/temp-home.ts";

it("keeps what it has learnt", async () => {
  await using home = await tempHome();
  const folder = await home.sub("keys");
  await writeFile(join(folder, "learnt_host_key.pub"), "ssh-ed25519 AAAAold\n");
  expect(await learnHostKey(folder, "127.0.0.1")).toBe("ssh-ed25519 AAAAold");
  expect(await readFile(join(folder, "learnt_host_key.pub"), "utf8")).toBe("ssh-ed25519 AAAAold\n");
});

it("learns nothing from a server without a key", async () => {
  await using home = await tempHome();
  const server = createServer((socket) => socket.end("no SSH here\n"));
  server.listen(22, "127.0.0.77");
  await once(server, "listening");
  const learning = learnHostKey(await home.sub("keys"), "127.0.0.77");
  await expect(learning).rejects.toMatchObject({ code: "CONNECT_FAILED" });
  server.close();
});
