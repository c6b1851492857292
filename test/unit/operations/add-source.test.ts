import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { detectSource } from "../../../src/operations/add-source.ts";
import { tarOf, writeLayout } from "../../support/oci-layout.ts";
import { type TempHome, tempHome } from "../../support/temp-home.ts";

let home: TempHome;
let folder: string;

beforeAll(async () => {
  home = await tempHome();
  folder = await home.sub("here");
  await writeLayout(join(folder, "layout"), { layers: [[{ name: "a", content: "a" }]] });
  for (const name of ["docker", "podman", "empty"]) await mkdir(join(folder, name));
  await writeFile(join(folder, "docker/Dockerfile"), "FROM scratch\n");
  await writeFile(join(folder, "podman/Containerfile"), "FROM scratch\n");
  await writeFile(join(folder, "disk.qcow2"), "QFI\xfb");
  await writeFile(join(folder, "images.tar"), await tarOf([{ name: "manifest.json", content: "[]" }]));
  await writeFile(join(folder, "rootfs.tar"), await tarOf([{ name: "bin/sh", content: "#!" }]));
});
afterAll(() => home[Symbol.asyncDispose]());

const detect = async (text: string) => (await detectSource(text, folder)).source;

describe("what is meant", () => {
  it.each([
    ["oci:some/dir:tag", { kind: "layout", text: "some/dir:tag" }],
    ["docker-archive:a.tar:web:1", { kind: "archive", text: "a.tar:web:1" }],
    ["oci-archive:a.tar", { kind: "archive", text: "a.tar" }],
    ["docker://nginx", { kind: "image", reference: "nginx" }],
    ["https://example.com/x.box", { kind: "file", file: "https://example.com/x.box" }],
    ["nginx:1.27", { kind: "image", reference: "nginx:1.27" }],
    ["localhost:5000/a/b", { kind: "image", reference: "localhost:5000/a/b" }],
    ["empty", { kind: "image", reference: "empty" }],
  ])("%s", async (text, source) => expect(await detect(text)).toEqual(source));

  it.each<[string, { kind: string; path: string; dockerfile?: string }]>([
    ["layout", { kind: "layout", path: "layout" }],
    ["./layout", { kind: "layout", path: "layout" }],
    ["./layout:latest", { kind: "layout", path: "layout:latest" }],
    ["docker", { kind: "context", path: "docker", dockerfile: "Dockerfile" }],
    ["docker/Dockerfile", { kind: "context", path: "docker", dockerfile: "Dockerfile" }],
    ["podman/", { kind: "context", path: "podman", dockerfile: "Containerfile" }],
    ["disk.qcow2", { kind: "file", path: "disk.qcow2" }],
    ["images.tar", { kind: "archive", path: "images.tar" }],
    ["./images.tar:web:1", { kind: "archive", path: "images.tar:web:1" }],
    ["rootfs.tar", { kind: "file", path: "rootfs.tar" }],
  ])("%s, which lies here", async (text, { kind, path, dockerfile }) => {
    const key = kind === "context" ? "folder" : kind === "file" ? "file" : "text";
    const more = dockerfile ? { dockerfile } : {};
    expect(await detect(text)).toEqual({ kind, [key]: join(folder, path), ...more });
  });

  it("a file by its URL", async () => {
    const url = pathToFileURL(join(folder, "rootfs.tar")).href;
    expect(await detect(url)).toEqual({ kind: "file", file: join(folder, "rootfs.tar") });
  });

  it("says so when it could be an image as well", async () => {
    expect((await detectSource("docker", folder)).remark).toMatch(
      /`docker` is a file or folder .*docker:\/\/docker/,
    );
    expect((await detectSource("./docker", folder)).remark).toBeUndefined();
    expect((await detectSource("nginx", folder)).remark).toBeUndefined();
  });
});

it.each([
  ["./nothing"],
  ["/no/such"],
  ["./empty"],
  ["."],
  ["./layout/x:y"],
  ["Bad Name"],
  ["a:b:c"],
  ["ftp://x/y"],
  [""],
  [" "],
  ["oci:"],
  ["docker://"],
  ["http://"],
  ["https://a b/c"],
  ["https://example.com/%zz.box"],
  ["file://host/x"],
])("%s is refused", async (text) => {
  await expect(detectSource(text, folder)).rejects.toMatchObject({ code: "USAGE" });
});
