import { expect, it } from "vitest";
import { sourceName } from "../../../src/operations/source-name.ts";

it("is what the project file says", () => {
  expect(sourceName({ kind: "box", name: "debian/12" })).toBe("debian/12");
  expect(sourceName({ kind: "image", reference: "nginx:1.27" })).toBe("nginx:1.27");
  expect(sourceName({ kind: "build", context: "./app", args: {} })).toBe("build: ./app");
});
