import { expect, test } from "vitest";
import { compareVersions, isVersion, versionConstraint } from "../../../../src/boxes/vagrant/version.ts";
import { run } from "../../../../src/system/index.ts";

test("numbers count as numbers, a missing one as 0, and a pre-release comes before its release", () => {
  const versions = [
    "1.10",
    "1.9",
    "1.0.rc1",
    "1.0",
    "1.0.0-beta.2",
    "1.0.a",
    "2",
    "1.0.0-beta.10",
    "20240101.01",
  ];
  expect(versions.sort(compareVersions)).toEqual([
    ...["1.0.a", "1.0.0-beta.2", "1.0.0-beta.10", "1.0.rc1", "1.0", "1.9", "1.10", "2", "20240101.01"],
  ]);
  expect(compareVersions("1.0", "1")).toBe(0);
});

test("a text that is no version is none, and no constraint", () => {
  expect(["1.2.3", "1.0-alpha", "v1", "", "1..2"].map(isVersion)).toEqual([true, true, false, false, false]);
  expect(() => versionConstraint("~> latest")).toThrowError(/`~> latest` is no version constraint/);
  expect(() => versionConstraint(">= 1,")).toThrowError(expect.objectContaining({ code: "USAGE" }));
});

const VERSIONS = [
  ...[
    "0",
    "0.9",
    "1",
    "1.0",
    "1.0.0",
    "1.0.1",
    "1.1",
    "1.2",
    "1.2.3",
    "1.2.10",
    "1.3",
    "1.9.9",
    "2",
    "2.0.0",
  ],
  ...["2.0.1", "10", "1.0.a", "1.2.rc1", "1.2.3.pre", "1.2.3-beta2", "2.0.0.rc", "20240101.01.02", "3.0-a.1"],
];
const CONSTRAINTS = [
  ...[
    "1",
    "= 1.0",
    "!= 1.2",
    "> 1.2",
    ">= 1.2",
    "< 2",
    "<= 1.2.3",
    "~> 1",
    "~> 1.2",
    "~> 1.2.3",
    "~>1.2.rc1",
  ],
  ...[
    ">= 1, < 2",
    "~> 1.2, != 1.2.3",
    "> 0.9, <= 2.0.0",
    ">= 2.a",
    "~> 1.2.3.pre",
    "~> 20240101.01",
    ">1.2.3-beta1",
  ],
];

test("constraints mean what they mean to RubyGems itself", async () => {
  const program = `
    versions, constraints = ARGV.map { |list| list.split("|") }
    constraints.each do |text|
      all = text.split(",").map { |part| Gem::Requirement.new(part.strip) }
      puts versions.select { |v| all.all? { |one| one.satisfied_by?(Gem::Version.new(v)) } }.join(" ")
    end`;
  const { stdout } = await run(["ruby", "-e", program, VERSIONS.join("|"), CONSTRAINTS.join("|")]);
  const ours = CONSTRAINTS.map((text) => VERSIONS.filter(versionConstraint(text)).join(" "));
  expect(ours).toEqual(stdout.trimEnd().split("\n"));
});

test("versions are ordered as RubyGems orders them", async () => {
  const { stdout } = await run([
    "ruby",
    "-e",
    "puts ARGV.map { |v| Gem::Version.new(v) }.sort.uniq",
    ...VERSIONS,
  ]);
  const equal = (one: string, index: number, all: string[]) =>
    compareVersions(one, all[index - 1] ?? "") !== 0;
  const ours = [...VERSIONS].sort(compareVersions).filter(equal);
  const theirs = stdout.trimEnd().split("\n").filter(equal);
  expect(ours.map((one, index) => compareVersions(one, theirs[index] ?? ""))).toEqual(ours.map(() => 0));
});
