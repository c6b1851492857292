import { expect, it } from "vitest";
import { boxNameOfImage, getBox } from "../../../src/boxes/index.ts";
import type { MachineConfig, SourceConfig } from "../../../src/config/index.ts";
import { tellOtherBox } from "../../../src/operations/box-change.ts";
import type { BringUp } from "../../../src/operations/bring-up.ts";
import { fakeLab } from "../../support/fake-lab.ts";

const NAMES: Record<SourceConfig["kind"], string> = {
  box: "debian/12",
  image: boxNameOfImage({ host: "docker.io", repository: "library/nginx", tag: "1.27" }),
  build: "build/app-0123456789ab",
};

function work(source: SourceConfig): BringUp {
  const config = { source } as MachineConfig;
  const images = { boxName: () => NAMES[source.kind] };
  return { target: { name: "web", config }, images } as unknown as BringUp;
}

it("tells of a machine that stands on something else than the file names", async () => {
  await using lab = await fakeLab("machines: { web: }");
  const record = await lab.add("web");
  const box = { ...record.box, name: "debian/12" };
  await tellOtherBox(lab.ctx, { ...record, box }, work({ kind: "image", reference: "nginx:1.27" }));
  expect(lab.ctx.reporter.lines("warn").join("\n")).toContain(
    "web stands on debian/12, and bothy.yaml says nginx:1.27; `bothy destroy web` and `bothy up web` make it anew",
  );
});

it("says nothing of one that stands on what the file names", async () => {
  await using lab = await fakeLab("machines: { web: }");
  const record = await lab.add("web");
  const box = await getBox(lab.ctx.layout, "debian/12");
  const same = { ...record, box: { ...record.box, name: box.name, digest: box.digest } };
  await tellOtherBox(lab.ctx, same, work({ kind: "box", name: "debian/12" }));
  expect(lab.ctx.reporter.said).toEqual([]);
});

it("tells of an earlier box of that name", async () => {
  await using lab = await fakeLab("machines: { web: }");
  const record = await lab.add("web");
  const earlier = { ...record, box: { ...record.box, name: "debian/12", digest: "0".repeat(64) } };
  await tellOtherBox(lab.ctx, earlier, work({ kind: "box", name: "debian/12" }));
  expect(lab.ctx.reporter.lines("info").join("\n")).toContain("web stands on an earlier debian/12");
});
