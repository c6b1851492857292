import { describe, expect, it } from "vitest";
import { boxNameOfImage, normaliseBoxName } from "../../../src/boxes/name.ts";
import { closest } from "../../../src/boxes/suggest.ts";

describe("normaliseBoxName", () => {
  it.each([
    ["debian/12", "debian/12"],
    ["debian:12", "debian/12"],
    ["Debian/12-Slim", "debian/12-slim"],
    ["web", "web"],
    ["team/web:3.1_rc-2", "team/web/3.1_rc-2"],
  ])("%s is %s", (typed, name) => expect(normaliseBoxName(typed)).toBe(name));

  it.each(["", "/", "a//b", "../up", "a/../b", "a b", "-x", "x-", "a:b:c", ":12", "a".repeat(129), "ä"])(
    "refuses %j",
    (typed) => expect(() => normaliseBoxName(typed)).toThrow(expect.objectContaining({ code: "USAGE" })),
  );
});

describe("names of images", () => {
  const HEX = "0123456789abcdef".repeat(4);

  it.each([
    [{ host: "docker.io", repository: "library/nginx", tag: "1.27" }, "docker.io/library/nginx/1.27"],
    [{ host: "docker.io", repository: "library/nginx" }, "docker.io/library/nginx/latest"],
    [{ host: "localhost:5000", repository: "app", tag: "1" }, "localhost:5000/app/1"],
    [{ host: "[::1]:5000", repository: "a/b", tag: "_X-" }, "[::1]:5000/a/b/_X-"],
    [
      { host: "docker.io", repository: "library/nginx", tag: "1", digest: `sha256:${HEX}` },
      `docker.io/library/nginx@sha256/${HEX}`,
    ],
    [{ host: "r.io", repository: "a", digest: `sha512:${HEX}${HEX}` }, `r.io/a@sha512/${HEX}${HEX}`],
    [{ host: "quay.io", repository: "minio/minio", tag: "RELEASE.1T" }, "quay.io/minio/minio/RELEASE.1T"],
  ])("%j is %s, which is itself a name", (image, name) => {
    expect(boxNameOfImage(image)).toBe(name);
    expect(normaliseBoxName(name)).toBe(name);
  });

  it.each([
    ["localhost:5000/app:1", "localhost:5000/app/1"],
    ["LOCALHOST:5000/App:V1", "localhost:5000/app/V1"],
    ["Team/Web:RC", "team/web/rc"],
    [`docker.io/library/nginx@sha256:${HEX}`, `docker.io/library/nginx@sha256/${HEX}`],
  ])("%s is %s", (typed, name) => expect(normaliseBoxName(typed)).toBe(name));

  it.each([
    "localhost:x/app/1",
    "localhost:123456/app/1",
    "app/localhost:5000/1",
    "docker.io/../etc/1",
    "docker.io/a/..",
    "docker.io/a.json/b",
    "-x.io/a/b",
    `nginx@sha256/${HEX}/more`,
    "nginx@sha256/abc",
    `docker.io/${"a".repeat(100)}/${"b".repeat(100)}/${"c".repeat(100)}`,
  ])("refuses %j", (typed) =>
    expect(() => normaliseBoxName(typed)).toThrow(expect.objectContaining({ code: "USAGE" })),
  );
});

describe("closest", () => {
  const known = ["debian/12", "debian/12-slim"];
  it("finds a misspelt name", () => expect(closest("debain/12", known)).toBe("debian/12"));
  it("says nothing when nothing is near", () => expect(closest("windows", known)).toBeUndefined());
});
