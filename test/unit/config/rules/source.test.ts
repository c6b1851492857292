import { describe, expect, it } from "vitest";
import { parseReference } from "../../../../src/boxes/registry/index.ts";
import { configOf, problemsOf } from "../support/read.ts";

describe("box", () => {
  it("is needed, in the machine or in the defaults", () => {
    expect(problemsOf("machines:\n  web:\n    cpus: 1\n  db: { box: debian/12 }\n")).toEqual([
      "bothy.yaml:2:3: machines.web.box: no box; write `box: debian/12`, `image:` or `build:` here or under `defaults:`",
    ]);
  });

  it.each(["debian/12", "debian/12-slim", "nginx:1.25", "docker.io/library/nginx", "a@sha256:0f"])(
    "%s is a name",
    (box) => {
      expect(problemsOf(`machines: { web: { box: "${box}" } }`)).toEqual([]);
    },
  );

  it.each(["", "../x", "a/../b", "/etc", "a//b", "-x", "a b", "a/"])("%j is none", (box) => {
    expect(problemsOf(`machines: { web: { box: "${box}" } }`)).toEqual([
      `bothy.yaml:1:25: machines.web.box: "${box}" is no name of a box; names look like "debian/12"`,
    ]);
  });
});

describe("image", () => {
  it.each([
    ...[
      "nginx",
      "nginx:1.27",
      "me/app",
      "localhost:5000/team/app",
      "localhost/app",
      "[::1]:5000/a",
      "Host/a__b",
    ],
    ...["a.example/b:V1_x.y-z", `a.example/b@sha256:${"0f".repeat(32)}`, `b:1@sha256:${"0f".repeat(32)}`],
  ])("%s is a name", (image) => {
    expect(sourceOf(`image: "${image}"`)).toEqual({ kind: "image", reference: image });
    expect(() => parseReference(image)).not.toThrow();
  });

  it.each([
    ...[
      "",
      "a b",
      "a//b",
      "/a",
      "Nginx",
      "nginx:1:2",
      "nginx:",
      "a@sha256:0f",
      "http://a.example/b",
      "a/b:x/y",
    ],
    ...["a.example/B", "a:port/b", "-a/b", "a..b"],
  ])("%j is none", (image) => {
    expect(() => parseReference(image)).toThrow();
    expect(problemsOf(`machines: { web: { image: "${image}" } }`)).toEqual([
      `bothy.yaml:1:27: machines.web.image: "${image}" is no name of an image; names look like "nginx:1.27"`,
    ]);
  });
});

describe("build", () => {
  it.each([
    [".", { context: ".", args: {} }],
    ["{ dockerfile: Dev }", { context: ".", dockerfile: "Dev", args: {} }],
    [
      "{ context: ./app, target: prod, args: { A: 1.10 } }",
      { context: "./app", target: "prod", args: { A: "1.10" } },
    ],
    ["{ args: [A=1, B] }", { context: ".", args: { A: "1" } }],
  ])("%s", (text, build) => {
    expect(sourceOf(`build: ${text}`)).toEqual({ kind: "build", ...build });
  });

  it("takes a folder, no URL", () => {
    expect(problemsOf("machines: { web: { build: 'https://a.example/b.git' } }")[0]).toContain("is a URL");
  });

  it.each([
    ["{ context: '' }", "the context is empty; `.` is this folder"],
    ["{ dockerfile: '' }", "is empty; leave it out"],
    ["{ target: '' }", "is empty; leave it out"],
    ["{ args: { 'a b': 1 } }", '"a b" is no legal name of an argument'],
    ["{ args: [=x] }", '"" is no legal name of an argument'],
    ["{ ctx: . }", "unknown key; the keys here are context, dockerfile, args, target"],
  ])("%s is refused", (build, message) => {
    expect(problemsOf(`machines: { web: { build: ${build} } }`)).toEqual([expect.stringContaining(message)]);
  });
});

describe("one source", () => {
  it("is the most in one entry", () => {
    expect(problemsOf("machines: { web: { box: debian/12, image: nginx } }")).toEqual([
      "bothy.yaml:1:36: machines.web.image: `box` is there too; a machine starts from one",
    ]);
  });

  it("is not missed where the one that is there is wrong", () => {
    expect(problemsOf("machines: { web: { build: [] } }")).toHaveLength(1);
    expect(problemsOf("defaults: { image: 5 }\nmachines: { web: {}, db: {} }")).toHaveLength(1);
  });

  it("of the machine's takes the place of the default's", () => {
    expect(problemsOf("defaults: { box: debian/12 }\nmachines: { web: { image: nginx } }")).toEqual([]);
  });
});

function sourceOf(line: string) {
  return configOf(`machines:\n  web:\n    ${line}\n`).machines[0]?.source;
}
