import { expect, it } from "vitest";
import { describeIssue } from "../../../src/config/issues.ts";
import { projectSchema } from "../../../src/config/schema.ts";

/** What is said of a value, as `path: message`. */
function said(value: unknown): string[] {
  const issues = projectSchema.safeParse(value).error?.issues ?? [];
  return issues
    .flatMap((issue) => describeIssue(issue, value))
    .map(({ path, message }) => `${path.join(".")}: ${message}`);
}

it("points at the key of what is unknown, and at the value of what is wrong", () => {
  const value = { machines: { web: { box: "x", memroy: 1, cpus: "two" } } };
  const issues = projectSchema.safeParse(value).error?.issues ?? [];
  const complaints = issues.flatMap((issue) => describeIssue(issue, value));
  expect(complaints.map(({ path, on }) => [path.at(-1), on])).toEqual([
    ["cpus", undefined],
    ["memroy", "key"],
  ]);
});

it("says of each unknown key what was probably meant", () => {
  expect(said({ machines: {}, nme: 1, box: 2 })).toEqual([
    'nme: unknown key, did you mean "name"?',
    "box: unknown key here; it belongs to a machine or to `defaults:`",
  ]);
});

it("knows the keys of a long form, and what belongs into it", () => {
  expect(
    said({ machines: { web: { build: { contxt: "." }, workdir: "/", dockerfile: "x", target: "y" } } }),
  ).toEqual([
    'machines.web.build.contxt: unknown key, did you mean "context"?',
    "machines.web.workdir: unknown key here; it belongs under `run:`",
    'machines.web.dockerfile: unknown key, did you mean "build"?',
    "machines.web.target: unknown key here; it belongs under `build:`",
  ]);
});

it("looks into the alternative that has the right type", () => {
  expect(said({ machines: { web: { environment: { A: {}, B: [] } } } })).toEqual([
    "machines.web.environment.A: expected text or a number or true or false, got a mapping",
    "machines.web.environment.B: expected text or a number or true or false, got a list",
  ]);
  expect(said({ machines: { web: { environment: 5 } } })).toEqual([
    "machines.web.environment: expected a mapping or a list, got 5",
  ]);
});

it("keeps the schema's own words for what it does not know", () => {
  const issue = { code: "custom", path: ["name"], message: "odd" } as const;
  expect(describeIssue({ ...issue, path: [...issue.path], input: "x" }, { name: "x" })).toEqual([
    { path: ["name"], message: "odd" },
  ]);
});
