import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { fetchFile, locate } from "../../../../src/boxes/file/fetch.ts";
import { run } from "../../../../src/system/index.ts";
import { serveFiles } from "../../../support/file-server.ts";
import { tempHome } from "../../../support/temp-home.ts";

test("places are absolute, and only those that can be fetched", () => {
  expect(locate("a.box", "/srv")).toBe("/srv/a.box");
  expect(locate("file:///srv/a%20b.box", "/")).toBe("/srv/a b.box");
  expect(locate("https://x.example/a.box", "/")).toBe("https://x.example/a.box");
  expect(() => locate("ftp://x.example/a.box", "/")).toThrowError(expect.objectContaining({ code: "USAGE" }));
});

test("a download is kept until it is a box, and used again while the server has the same", async () => {
  await using home = await tempHome();
  const folder = await home.sub("www");
  await writeFile(join(folder, "a.box"), "one");
  await using server = await serveFiles(folder);
  const url = `${server.url}/a.box`;
  const gets = () => server.asked.filter((line) => line.startsWith("GET")).length;
  const fetch = async (finish: boolean) => {
    await using fetched = await fetchFile(home.layout, url, {});
    const text = await readFile(fetched.path, "utf8");
    if (finish) await fetched.done();
    return { text, path: fetched.path };
  };
  expect((await fetch(false)).text).toBe("one");
  expect([(await fetch(false)).text, gets()]).toEqual(["one", 1]);
  await writeFile(join(folder, "a.box"), "two");
  await run(["touch", "-d", "@1700000000", join(folder, "a.box")]);
  const { text, path } = await fetch(true);
  expect([text, gets(), existsSync(path)]).toEqual(["two", 2, false]);
});

test("two that want the same download wait for each other", async () => {
  await using home = await tempHome();
  const folder = await home.sub("www");
  await writeFile(join(folder, "a.box"), "one");
  await using server = await serveFiles(folder);
  const url = `${server.url}/a.box`;
  const fetch = async () => {
    await using fetched = await fetchFile(home.layout, url, {});
    const text = await readFile(fetched.path, "utf8");
    await fetched.done();
    return text;
  };
  expect(await Promise.all([fetch(), fetch(), fetch()])).toEqual(["one", "one", "one"]);
});

test("a file of this host stays where it is, and has to have its checksum", async () => {
  await using home = await tempHome();
  const file = join(home.folder, "a.box");
  await writeFile(file, "one");
  await using fetched = await fetchFile(home.layout, file, {});
  await fetched.done();
  expect([fetched.path, existsSync(file)]).toEqual([file, true]);
  const checksum = { algorithm: "sha1", hex: "0".repeat(40) } as const;
  await expect(fetchFile(home.layout, file, { checksum })).rejects.toMatchObject({
    code: "CHECKSUM_MISMATCH",
  });
  await expect(fetchFile(home.layout, `${file}.not`, {})).rejects.toMatchObject({ code: "BOX_UNKNOWN" });
});
