import { rm } from "node:fs/promises";
import { expect, test } from "vitest";
import { describeBox } from "../../../src/boxes/box.ts";
import { saveBox } from "../../../src/boxes/store.ts";
import { inspectBox } from "../../../src/operations/box-inspect.ts";
import { fakeLab } from "../../support/fake-lab.ts";
import { content, putBox } from "../boxes/support.ts";

test("everything that a box has is shown, and what it has not as null", async () => {
  await using lab = await fakeLab();
  const { layout } = lab.ctx;
  const { layers } = await putBox(layout, "other", ["a"]);
  const [layer] = layers;
  const diffId = "f".repeat(64);
  const program = { entrypoint: ["/run.sh"], runAs: "app", stopSignal: "SIGQUIT", volumes: ["/data"] };
  const source = { image: "docker.io/library/web:1", manifest: `sha256:${diffId}`, platform: "linux/amd64" };
  const history = [{ createdBy: "COPY . /", emptyLayer: true }];
  const made = { ...content(layers.map((each) => ({ ...each, diffId }))), ...program };
  await saveBox(layout, describeBox("docker.io/library/web/1", made, { source, history }));
  expect(await inspectBox(lab.ctx, "web:1", {})).toMatchObject({
    ...{ name: "docker.io/library/web/1", kind: "image", ...program, source, history },
    layers: [{ ...layer, diffId, path: layout.layer(layer?.digest ?? ""), sharedWith: ["other"] }],
    ...{ command: null, healthcheck: null, exposedPorts: null, kernel: null, disk: null, init: null },
    ...{ user: "bothy", verified: null, machines: [] },
  });
});

test("with verify every byte is read", async () => {
  await using lab = await fakeLab();
  const { layers } = await putBox(lab.ctx.layout, "web", ["a"]);
  expect(await inspectBox(lab.ctx, "web", { verify: true })).toMatchObject({ verified: true });
  await rm(lab.ctx.layout.layer(layers[0]?.digest ?? ""));
  await expect(inspectBox(lab.ctx, "web", { verify: true })).rejects.toMatchObject({
    code: "LAYER_DAMAGED",
    hints: ["bothy box verify --repair web"],
  });
});
