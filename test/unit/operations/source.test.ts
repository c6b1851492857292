import { expect, it } from "vitest";
import { boxNameOf, dockerfileOf } from "../../../src/operations/source.ts";

it.each([
  [{ kind: "box", name: "Debian:12" }, "debian/12"],
  [{ kind: "image", reference: "nginx:1.27" }, "docker.io/library/nginx/1.27"],
  [{ kind: "image", reference: "localhost:5000/team/app" }, "localhost:5000/team/app/latest"],
] as const)("%j has the box %s", (source, name) => {
  expect(boxNameOf(source, "/srv/shop")).toBe(name);
});

it("names the box of a Dockerfile after its folder and everything that the project file says of it", () => {
  const build = { kind: "build", context: "./app", args: {} } as const;
  const name = boxNameOf(build, "/srv/shop");
  expect(name).toMatch(/^build\/app-[0-9a-f]{12}$/);
  expect(boxNameOf({ ...build, target: "dev" }, "/srv/shop")).not.toBe(name);
  expect(boxNameOf(build, "/srv/other")).not.toBe(name);
});

it("finds the folder from the project's", () => {
  expect(dockerfileOf({ context: "../app", args: {} }, "/srv/shop").context).toBe("/srv/app");
  expect(dockerfileOf({ context: "/opt/app", args: {} }, "/srv/shop").context).toBe("/opt/app");
});

it("refuses what can name nothing", () => {
  expect(() => boxNameOf({ kind: "image", reference: "Upper/CASE:1" }, "/")).toThrow("Upper/CASE");
});
