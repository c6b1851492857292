import { type Draft, SOURCES } from "../normalise.ts";
import type { Complaint } from "../problems.ts";
import { eachMachine } from "./rule.ts";

const BOX_SEGMENT = /^[A-Za-z0-9][\w.:@-]*$/;
const REFERENCE = /^[^\s/]+(?:\/[^\s/]+)*$/;
const URL_START = /^[a-z][a-z0-9+.-]*:\/\/|^git@/;

/** Every machine starts from one thing, and what names it can name something. */
export const oneSource = eachMachine(function* check(machine) {
  const given = SOURCES.filter((key) => machine.settings[key] !== undefined);
  const [first, second] = given;
  if (first === undefined) {
    const message = "no box; write `box: debian/12`, `image:` or `build:` here or under `defaults:`";
    yield { path: machine.at("box"), on: "key", message };
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
    if (build?.context === "")
      yield { path: machine.at("build"), message: "the context is empty; `.` is this folder" };
    if (build && URL_START.test(build.context)) {
      const message = `${JSON.stringify(build.context)} is a URL; clone or download it, and name the folder`;
      yield { path: machine.at("build"), message };
    }
  },
};
