import { describe, expect, it, test } from "vitest";
import { type BoxContent, describeBox } from "../../../src/boxes/box.ts";
import type { MachineConfig } from "../../../src/config/index.ts";
import { readRecord, writeRecord } from "../../../src/machines/index.ts";
import type { BringUp } from "../../../src/operations/bring-up.ts";
import type { Context } from "../../../src/operations/context.ts";
import { changesOf, newRecord, refresh } from "../../../src/operations/new-record.ts";
import { withoutRepeats } from "../../../src/operations/run-spec.ts";
import { type RecordingReporter, recordingReporter } from "../../support/recording-reporter.ts";
import { tempHome } from "../../support/temp-home.ts";

const CONFIG: MachineConfig = {
  ...{ name: "web", hostname: "web", source: { kind: "image", reference: "web:1" }, isolation: "container" },
  ...{ cpus: 1, memoryMiB: 256, diskMiB: 1024, volumes: ["/srv"], environment: {}, limits: {} },
  vm: { acceleration: "auto", kernel: "bothy" },
};
const CONTENT: BoxContent = {
  layers: [{ digest: "a".repeat(64), sizeBytes: 4096, diffId: "b".repeat(64) }],
  ...{ environment: { TEXT: "two\nlines" }, labels: {}, entrypoint: ["/run"], command: ["80"] },
  ...{ runAs: "www", workdir: "/srv", stopSignal: "SIGQUIT", exposedPorts: ["80/tcp"] },
  healthcheck: { test: ["CMD", "true"], intervalMs: 1000 },
  volumes: ["/data", "/proc"],
};

function make(content: BoxContent, config: MachineConfig = CONFIG) {
  const reporter: RecordingReporter = recordingReporter();
  const work = { project: { id: "01234567", name: "shop", path: "/shop" }, target: { name: "web", config } };
  const box = describeBox("web/1", content);
  const record = newRecord({ reporter } as unknown as Context, work as unknown as BringUp, config, box);
  return { record, work: work as unknown as BringUp, warnings: reporter.lines("warn") };
}

describe("the record of a new machine", () => {
  it("has everything of its image's program, and can be read back", async () => {
    const { record, warnings } = make(CONTENT);
    const { labels: _, ...ofBox } = CONTENT;
    expect(record.box).toMatchObject({ ...ofBox, volumes: ["/data"], user: "root" });
    expect(warnings).toEqual([
      'web: the volume "/proc" belongs to the system; it stays a part of the machine\'s disk',
    ]);
    await using home = await tempHome();
    await writeRecord(home.layout, record);
    expect(await readRecord(home.layout, record.id)).toEqual(JSON.parse(JSON.stringify(record)));
  });

  it("says that `run` has no effect where the box starts its own init", () => {
    const { warnings } = make(
      { ...CONTENT, init: "/sbin/init", volumes: [] },
      { ...CONFIG, run: { restart: "no" } },
    );
    expect(warnings).toEqual(["web: `run` has no effect: the box web/1 starts its own /sbin/init"]);
  });

  it("is refused for a box whose words no process can have", () => {
    expect(() => make({ ...CONTENT, command: ["a\0b"] })).toThrow(/has a NUL in its command/);
  });
});

test("what the project file says of a program is a change, and so is its end", () => {
  const { record, work } = make(CONTENT);
  const run = { command: ["90"], restart: "always" } as const;
  const config = { ...CONFIG, run };
  const changed = refresh(record, { ...work, target: { ...work.target, config } });
  expect(changesOf(record, changed)).toEqual(['run none -> {"command":["90"],"restart":"always"}']);
  expect(changesOf(changed, refresh(changed, work))).toEqual([
    'run {"command":["90"],"restart":"always"} -> none',
  ]);
});

test("a layer that an image has twice is mounted once, where it is uppermost", () => {
  const layers = ["a", "b", "a", "c"].map((digest) => ({ digest, path: `/layers/${digest}` }));
  expect(withoutRepeats(layers).map(({ digest }) => digest)).toEqual(["b", "a", "c"]);
});
