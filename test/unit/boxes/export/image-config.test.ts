import { describe, expect, it } from "vitest";
import { type BoxContent, describeBox } from "../../../../src/boxes/box.ts";
import { imageConfig } from "../../../../src/boxes/export/image-config.ts";
import { imageConfigSchema } from "../../../../src/boxes/oci/schema.ts";

const CREATED = new Date("2026-01-02T03:04:05Z");
const DIFF = ["a".repeat(64)];
const PLAIN: BoxContent = { layers: [{ digest: "b".repeat(64), sizeBytes: 1 }], environment: {}, labels: {} };

function configOf(content: Partial<BoxContent>, isSystemd = false, history = undefined as never) {
  const box = describeBox("shop/web", { ...PLAIN, ...content }, { history }, CREATED);
  return imageConfig(box, { diffIds: DIFF, isSystemd });
}

describe("imageConfig", () => {
  it("says everything about the program, in the specification's words", () => {
    const config = configOf({
      entrypoint: ["/entry"],
      command: ["serve", "-v"],
      runAs: "www:33",
      workdir: "/srv",
      stopSignal: "SIGQUIT",
      healthcheck: { test: ["CMD", "true"], intervalMs: 1500, retries: 3 },
      volumes: ["/data"],
      exposedPorts: ["80/tcp"],
      labels: { a: "b" },
      environment: { A: "1", B: "x=y" },
    });
    expect(config).toMatchObject({ os: "linux", created: "2026-01-02T03:04:05.000Z" });
    expect(config["config"]).toEqual({
      Entrypoint: ["/entry"],
      Cmd: ["serve", "-v"],
      User: "www:33",
      WorkingDir: "/srv",
      StopSignal: "SIGQUIT",
      Healthcheck: { Test: ["CMD", "true"], Interval: 1_500_000_000, Retries: 3 },
      Volumes: { "/data": {} },
      ExposedPorts: { "80/tcp": {} },
      Labels: { a: "b" },
      Env: ["A=1", "B=x=y"],
    });
    expect(imageConfigSchema.safeParse(config).success).toBe(true);
  });

  it("starts the init of a box that has one; systemd is asked to end by its own signal", () => {
    expect(configOf({ init: "/sbin/init" }, true)["config"]).toEqual({
      Cmd: ["/sbin/init"],
      Env: [],
      StopSignal: "SIGRTMIN+3",
    });
    expect(configOf({ init: "/sbin/init" })["config"]).toEqual({ Cmd: ["/sbin/init"], Env: [] });
  });

  it("has as many steps with content as layers, the box's own where they fit", () => {
    const step = { created: "2026-01-02T03:04:05.000Z", created_by: "bothy box export shop/web" };
    expect(configOf({})["history"]).toEqual([step]);
    const told = [{ createdBy: "RUN a" }, { createdBy: "ENV b", emptyLayer: true }];
    expect(configOf({}, false, told as never)["history"]).toEqual([
      { created_by: "RUN a" },
      { created_by: "ENV b", empty_layer: true },
    ]);
  });
});
