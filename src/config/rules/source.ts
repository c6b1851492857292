import { type Draft, SOURCES } from "../normalise.ts";
import type { Complaint } from "../problems.ts";
import { eachMachine } from "./rule.ts";

const BOX_SEGMENT = /^[A-Za-z0-9][\w.:@-]*$/;
/** A registry, if the first part looks like one; the name; a tag; a digest. As Docker reads it. */
const REFERENCE = new RegExp(
  [
    /^(?:(?:localhost|(?=[^/]*[.:A-Z])(?:[\w.-]+|\[[0-9A-Fa-f:]+\]))(?::\d{1,5})?\/)?/,
    /[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*/,
    /(?::\w[\w.-]{0,127})?(?:@sha256:[0-9a-f]{64}|@sha512:[0-9a-f]{128})?$/,
  ]
    .map(({ source }) => source)
    .join(""),
);
const ARGUMENT = /^[A-Za-z_]\w*$/;
const URL_START = /^[a-z][a-z0-9+.-]*:\/\/|^git@/;

/** Every machine starts from one thing, and what names it can name something. */
export const oneSource = eachMachine(function* check(machine) {
  const given = SOURCES.filter((key) => machine.settings[key] !== undefined);
  const [first, second] = given;
  if (first === undefined) {
    const message = "no box; write `box: debian/12`, `image:` or `build:` here or under `defaults:`";
    const unless = SOURCES.flatMap((key) => [
      ["machines", machine.entry, key],
      ["defaults", key],
    ]);
    yield { path: machine.at("box"), on: "key", message, unless };
  } else if (second !== undefined) {
    yield {
      path: machine.at(second),
      on: "key",
      message: `\`${first}\` is there too; a machine starts from one`,
    };
  } else {
    yield* CHECKS[first](machine);
  }
});

const CHECKS: Record<(typeof SOURCES)[number], (machine: Draft) => Iterable<Complaint>> = {
  *box(machine) {
    const { box = "" } = machine.settings;
    if (box.split("/").every((segment) => BOX_SEGMENT.test(segment))) return;
    const message = `${JSON.stringify(box)} is no name of a box; names look like "debian/12"`;
    yield { path: machine.at("box"), message };
  },
  *image(machine) {
    const { image = "" } = machine.settings;
    if (REFERENCE.test(image)) return;
    const message = `${JSON.stringify(image)} is no name of an image; names look like "nginx:1.27"`;
    yield { path: machine.at("image"), message };
  },
  *build(machine) {
    const { build } = machine.settings;
    if (!build) return;
    if (build.context === "")
      yield { path: machine.at("build"), message: "the context is empty; `.` is this folder" };
    if (URL_START.test(build.context)) {
      const message = `${JSON.stringify(build.context)} is a URL; clone or download it, and name the folder`;
      yield { path: machine.at("build"), message };
    }
    for (const key of ["dockerfile", "target"] as const) {
      if (build[key] === "")
        yield {
          path: machine.at("build", key),
          message: "the name is empty; leave it out for the usual one",
        };
    }
    for (const name of Object.keys(build.args)) {
      if (ARGUMENT.test(name)) continue;
      const message = `${JSON.stringify(name)} is no legal name of an argument (letters, digits and underscores, first a letter)`;
      yield { path: machine.at("build", "args", name), on: "key", message };
    }
  },
};
