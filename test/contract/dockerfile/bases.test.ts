import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { addImage } from "../../../src/boxes/image/index.ts";
import { openImage } from "../../../src/boxes/registry/index.ts";
import { writeLayout } from "../../support/oci-layout.ts";
import { startRegistry, type TestRegistry } from "../../support/registry.ts";
import { openWorkshop, type Workshop } from "./workshop.ts";

/** Pushes an image with a shell and a file that tells its version. */
async function pushBase(
  shop: Workshop,
  registry: TestRegistry,
  name: string,
  version = "1",
): Promise<string> {
  const busybox = { name: "bin/busybox", mode: 0o755, content: await readFile("/usr/bin/busybox") };
  const shell = { name: "bin/sh", type: "symlink", linkname: "busybox" } as const;
  const layers = [[busybox, shell], [{ name: "version", content: version }]];
  const folder = await shop.home.sub(`layout-${version}`);
  await writeLayout(folder, { layers, config: { Env: ["BASE=yes"], Cmd: ["/bin/sh"] } });
  return registry.push(`oci:${folder}:latest`, name);
}

test("a base image comes from a registry with Docker's credentials, once, and its layers are shared", async () => {
  await using shop = await openWorkshop();
  await using registry = await startRegistry({ auth: "htpasswd" });
  const base = await pushBase(shop, registry, "team/base:1");
  await shop.write({ Dockerfile: `ARG NAME=base\nFROM ${registry.host}/team/$NAME:1\nRUN echo a > /a\n` });
  vi.stubEnv("DOCKER_CONFIG", await shop.home.sub("empty"));
  await expect(shop.build()).rejects.toMatchObject({
    code: "REGISTRY_DENIED",
    message: expect.stringMatching(/`FROM .*` \(line 2 of .*\) failed: /),
  });
  vi.stubEnv("DOCKER_CONFIG", registry.dockerConfig);
  await using image = await openImage(shop.home.layout, base);
  const pulled = await addImage(shop.home.layout, image, "pulled");
  const { box, read } = await shop.build();
  expect(box.layers.slice(0, 2)).toEqual(pulled.layers);
  expect([box.environment["BASE"], await read("/version"), await read("/a")]).toEqual(["yes", "1", "a\n"]);
  expect((await readdir(shop.home.layout.layers())).filter((name) => name.endsWith(".erofs"))).toHaveLength(
    3,
  );
  await shop.write({ Dockerfile: `FROM ${registry.host}/team/base:2\n` });
  await expect(shop.build()).rejects.toMatchObject({ code: "IMAGE_UNKNOWN" });
});

test("a base image is looked up again only when that is asked for", async () => {
  await using shop = await openWorkshop();
  const registry = await startRegistry();
  const base = await pushBase(shop, registry, "base:1");
  await shop.write({ Dockerfile: `FROM ${base}\nLABEL step=a\n` });
  await shop.build();
  await pushBase(shop, registry, "base:1", "2");
  expect((await shop.build()).built).toBe(false);
  await shop.write({ Dockerfile: `FROM ${base}\nLABEL step=b\n` });
  expect(await (await shop.build()).read("/version")).toBe("1");
  expect(await (await shop.build({}, { force: true })).read("/version")).toBe("2");
  await registry[Symbol.asyncDispose]();
  await shop.write({ Dockerfile: `FROM ${base}\nLABEL step=c\n` });
  expect(await (await shop.build()).read("/version")).toBe("2");
  await expect(shop.build({}, { force: true })).rejects.toMatchObject({ code: "REGISTRY_UNREACHABLE" });
});

test("a base image of another platform is refused", async () => {
  await using shop = await openWorkshop();
  await using registry = await startRegistry();
  const folder = await shop.home.sub("layout");
  await writeLayout(folder, { layers: [[{ name: "a", content: "1" }]], architecture: "s390x" });
  const base = await registry.push(`oci:${folder}:latest`, "foreign:1", ["--override-arch=s390x"]);
  await shop.write({ Dockerfile: `FROM --platform=linux/s390x ${base}\nCOPY busybox /bin/sh\n` });
  await expect(shop.build()).rejects.toMatchObject({
    code: "PLATFORM_MISSING",
    hints: ["there are: linux/s390x"],
  });
});

test("names are completed as Docker does and go to the mirrors of bothy's own file", async () => {
  await using shop = await openWorkshop();
  await using registry = await startRegistry();
  await pushBase(shop, registry, "library/tiny:latest");
  const file = join(shop.home.folder, "registries.yaml");
  await writeFile(
    file,
    JSON.stringify({ registries: { "docker.io": { mirrors: [`http://${registry.host}`] } } }),
  );
  vi.stubEnv("BOTHY_REGISTRIES", file);
  await shop.write({ Dockerfile: "FROM scratch\nCOPY --from=tiny /version /from-tiny\n" });
  expect(await (await shop.build()).read("/from-tiny")).toBe("1");
  await shop.write({ Dockerfile: "FROM tiny\nCOPY busybox /bin/second\n" });
  expect(await (await shop.build()).read("/version")).toBe("1");
});
