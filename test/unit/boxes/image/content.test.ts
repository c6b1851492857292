import { describe, expect, it } from "vitest";
import { boxSchema, describeBox } from "../../../../src/boxes/box.ts";
import { contentOfImage, historyOfImage } from "../../../../src/boxes/image/content.ts";
import { type ImageConfig, imageConfigSchema } from "../../../../src/boxes/oci/schema.ts";

const layer = { digest: "a".repeat(64), sizeBytes: 4096, diffId: "b".repeat(64) };

function image(config: object | null, more: object = {}): ImageConfig {
  const rootfs = { type: "layers", diff_ids: [`sha256:${layer.diffId}`] };
  return imageConfigSchema.parse({ os: "linux", architecture: "amd64", rootfs, config, ...more });
}

function content(config: object | null) {
  const found = contentOfImage(image(config), [layer]);
  expect(boxSchema.parse(describeBox("web", found))).toMatchObject(found);
  return found;
}

describe("an image's configuration becomes the box's", () => {
  it("keeps everything that a machine can honour", () => {
    expect(
      content({
        Entrypoint: ["/entry.sh"],
        Cmd: ["nginx", "-g", "daemon off;"],
        Env: ["PATH=/usr/bin:/bin", "EMPTY=", "TWICE=1", "TWICE=a=b"],
        User: "www:adm",
        WorkingDir: "/srv/../srv/www/",
        ExposedPorts: { "443/tcp": {}, "53/udp": {}, "80": {} },
        Volumes: { "/data/": {}, "var/log": {}, "/": {} },
        StopSignal: "SIGQUIT",
        Labels: { maintainer: "robin" },
        Healthcheck: { Test: ["CMD", "true"], Interval: 30e9, Timeout: 1.5e9, StartPeriod: 0, Retries: 3 },
      }),
    ).toEqual({
      layers: [layer],
      user: "root",
      entrypoint: ["/entry.sh"],
      command: ["nginx", "-g", "daemon off;"],
      environment: { PATH: "/usr/bin:/bin", EMPTY: "", TWICE: "a=b" },
      runAs: "www:adm",
      workdir: "/srv/www",
      exposedPorts: ["53/udp", "80/tcp", "443/tcp"],
      volumes: ["/data", "/var/log"],
      stopSignal: "SIGQUIT",
      labels: { maintainer: "robin" },
      healthcheck: { test: ["CMD", "true"], intervalMs: 30_000, timeoutMs: 1500, retries: 3 },
    });
  });

  it.each([
    [null],
    [{}],
    [{ Entrypoint: null, Cmd: [], Env: null, User: "", WorkingDir: "", Volumes: null }],
  ])("is empty where the image says nothing: %j", (config) => {
    expect(content(config)).toEqual({ layers: [layer], user: "root", environment: {}, labels: {} });
  });

  it("lets a name without `=`, and `=` alone, set nothing", () => {
    expect(content({ Env: ["ALONE", "=x", "A=1"] }).environment).toEqual({ A: "1" });
  });

  it.each([[["NONE"]], [[]], [null]])("has no health check for %j", (Test) => {
    expect(content({ Healthcheck: { Test, Interval: 1e9 } }).healthcheck).toBeUndefined();
  });

  it("rounds the shortest interval to a millisecond", () => {
    const { healthcheck } = content({ Healthcheck: { Test: ["CMD-SHELL", "true"], Interval: 1000 } });
    expect(healthcheck).toEqual({ test: ["CMD-SHELL", "true"], intervalMs: 1 });
  });
});

describe("an image that starts an init", () => {
  it.each([
    [{ Cmd: ["/sbin/init"] }, "/sbin/init"],
    [{ Entrypoint: ["/usr/sbin/init"] }, "/usr/sbin/init"],
    [{ Cmd: ["/lib/systemd/systemd", "--unit=basic.target"] }, "/lib/systemd/systemd"],
    [{ Entrypoint: ["/usr/lib/systemd/systemd"], Cmd: ["--log-level=info"] }, "/usr/lib/systemd/systemd"],
    [{ Cmd: ["init"], User: "0" }, "/sbin/init"],
  ])("%j is handed over to it", (config, init) => {
    expect(content(config)).toEqual({ layers: [layer], user: "root", environment: {}, labels: {}, init });
  });

  it.each([[["/usr/bin/tini", "--", "/sbin/init"]], [["sh", "-c", "init"]], [["/opt/sbin/init"]]])(
    "%j is a program",
    (Entrypoint) => expect(content({ Entrypoint })).toMatchObject({ entrypoint: Entrypoint }),
  );
});

it("remembers how it was made", () => {
  const history = [
    { created: "2024-01-01T00:00:00Z", created_by: "ADD rootfs" },
    { created_by: "CMD", comment: "buildkit", empty_layer: true },
  ];
  expect(historyOfImage(image({}, { history }))).toEqual([
    { createdAt: "2024-01-01T00:00:00Z", createdBy: "ADD rootfs" },
    { createdBy: "CMD", comment: "buildkit", emptyLayer: true },
  ]);
  expect(historyOfImage(image({}, { history: null }))).toEqual([]);
});
