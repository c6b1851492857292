import type { Box } from "../box.ts";

/** What an export adds to what a box says. */
export interface ImageConfigOptions {
  /** sha256 of each layer's uncompressed tar, bottom first. */
  readonly diffIds: readonly string[];
  /** Its init is systemd, which asks for a signal of its own. */
  readonly isSystemd: boolean;
}

/** What systemd takes as "power off" where it runs as a container's first process. */
const SYSTEMD_STOP = "SIGRTMIN+3";

/** The image configuration (image-spec, config.md) of a box: what runs, as whom, where. Pure. */
export function imageConfig(box: Box, { diffIds, isSystemd }: ImageConfigOptions): Record<string, unknown> {
  return {
    created: box.createdAt,
    architecture: architecture(),
    os: "linux",
    config: defined({
      User: box.runAs,
      ExposedPorts: asKeys(box.exposedPorts),
      Env: Object.entries(box.environment).map((pair) => pair.join("=")),
      Entrypoint: box.init ? undefined : box.entrypoint,
      Cmd: box.init ? [box.init] : box.command,
      Volumes: asKeys(box.volumes),
      WorkingDir: box.workdir,
      Labels: Object.keys(box.labels).length > 0 ? box.labels : undefined,
      StopSignal: box.stopSignal ?? (isSystemd ? SYSTEMD_STOP : undefined),
      Healthcheck: healthcheck(box.healthcheck),
    }),
    rootfs: { type: "layers", diff_ids: diffIds.map((hex) => `sha256:${hex}`) },
    history: history(box, diffIds.length),
  };
}

/** The host's processor, as Go names it: boxes are of the host's. */
export function architecture(): string {
  const names: Readonly<Record<string, string>> = { x64: "amd64", ia32: "386" };
  return names[process.arch] ?? process.arch;
}

/** One step for each layer, or what the box tells where that fits: readers pair layers with steps. */
function history(box: Box, layers: number): Record<string, unknown>[] {
  const told = box.history ?? [];
  if (told.filter(({ emptyLayer }) => !emptyLayer).length === layers) {
    return told.map((step) =>
      defined({
        created: step.createdAt,
        created_by: step.createdBy,
        comment: step.comment,
        empty_layer: step.emptyLayer,
      }),
    );
  }
  const step = { created: box.createdAt, created_by: `bothy box export ${box.name}` };
  return Array.from({ length: layers }, () => step);
}

function healthcheck(check: Box["healthcheck"]): Record<string, unknown> | undefined {
  if (!check) return undefined;
  return defined({
    Test: check.test,
    Interval: nanoseconds(check.intervalMs),
    Timeout: nanoseconds(check.timeoutMs),
    StartPeriod: nanoseconds(check.startPeriodMs),
    Retries: check.retries,
  });
}

function nanoseconds(millis: number | undefined): number | undefined {
  return millis === undefined ? undefined : millis * 1_000_000;
}

function asKeys(names: readonly string[] | undefined): Record<string, object> | undefined {
  return names && names.length > 0 ? Object.fromEntries(names.map((name) => [name, {}])) : undefined;
}

function defined(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}
