import { posix } from "node:path";
import type { Box, BoxContent, BoxLayer } from "../box.ts";
import type { ImageConfig } from "../oci/schema.ts";

type Config = NonNullable<ImageConfig["config"]>;
type Healthcheck = NonNullable<Config["Healthcheck"]>;
type BoxHealthcheck = NonNullable<BoxContent["healthcheck"]>;

/** What images that boot a whole system start: the machine is handed over to it instead of running it as a program. */
const INITS = /^(?:\/(?:usr\/)?s?bin\/init|\/(?:usr\/)?lib\/systemd\/systemd|\/(?:usr\/)?bin\/systemd)$/;
/** Images' accounts are anybody's guess; this one is always there. */
const LOGIN = "root";
const NANOSECONDS_PER_MS = 1e6;

/** What a machine gets from an image: its layers, and its configuration in our words (conversion.md, and Docker's). */
export function contentOfImage(image: ImageConfig, layers: readonly BoxLayer[]): BoxContent {
  const config = image.config ?? {};
  const labels = { ...config.Labels };
  const content = { layers: [...layers], user: LOGIN, environment: environmentOf(config.Env ?? []), labels };
  return {
    ...content,
    ...programOf(config),
    ...present("workdir", config.WorkingDir ? absolute(config.WorkingDir) : undefined),
    ...present("stopSignal", config.StopSignal || undefined),
    ...present("healthcheck", healthcheckOf(config.Healthcheck)),
    ...present("volumes", someOf(volumesOf(config.Volumes))),
    ...present("exposedPorts", someOf(portsOf(config.ExposedPorts))),
  };
}

/** How the image was made, oldest step first. */
export function historyOfImage({ history }: ImageConfig): NonNullable<Box["history"]> {
  return (history ?? []).map((step) => ({
    ...present("createdAt", step.created || undefined),
    ...present("createdBy", step.created_by || undefined),
    ...present("comment", step.comment || undefined),
    ...present("emptyLayer", step.empty_layer || undefined),
  }));
}

function programOf(config: Config): Partial<BoxContent> {
  const entrypoint = someOf(config.Entrypoint ?? []);
  const command = someOf(config.Cmd ?? []);
  const init = initOf([...(entrypoint ?? []), ...(command ?? [])]);
  if (init) return { init };
  return {
    ...present("entrypoint", entrypoint),
    ...present("command", command),
    ...present("runAs", config.User || undefined),
  };
}

/** Arguments of an init are left out: they tell it that it is in a container, which it may not be. */
function initOf([program]: readonly string[]): string | undefined {
  if (program === "init") return "/sbin/init";
  return program !== undefined && INITS.test(program) ? program : undefined;
}

/** Of a repeated name the last counts; a name without `=` sets nothing, as in Docker. */
function environmentOf(pairs: readonly string[]): Record<string, string> {
  const named = pairs.filter((pair) => pair.indexOf("=") > 0);
  return Object.fromEntries(
    named.map((pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]),
  );
}

/** Durations of 0 stand for Docker's defaults, and `NONE` for no check at all. */
function healthcheckOf(check: Healthcheck | null | undefined): BoxHealthcheck | undefined {
  const test = check?.Test ?? [];
  if (!check || test.length < 2 || test[0] === "NONE") return undefined;
  return {
    test: [...test],
    ...present("intervalMs", millis(check.Interval)),
    ...present("timeoutMs", millis(check.Timeout)),
    ...present("startPeriodMs", millis(check.StartPeriod)),
    ...present("retries", check.Retries && check.Retries > 0 ? Math.round(check.Retries) : undefined),
  };
}

function millis(nanoseconds: number | null | undefined): number | undefined {
  if (!nanoseconds || nanoseconds < 0) return undefined;
  return Math.max(1, Math.round(nanoseconds / NANOSECONDS_PER_MS));
}

/** The root cannot be a volume: it is what volumes are kept off. */
function volumesOf(volumes: Config["Volumes"]): string[] {
  const paths = Object.keys(volumes ?? {}).map(absolute);
  return [...new Set(paths)].filter((path) => path !== "/").sort();
}

function portsOf(ports: Config["ExposedPorts"]): string[] {
  const all = Object.keys(ports ?? {}).map((port) => (port.includes("/") ? port : `${port}/tcp`));
  return [...new Set(all)].sort(
    (a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10) || (a < b ? -1 : 1),
  );
}

function absolute(path: string): string {
  const clean = posix.normalize(`/${path}`);
  return clean.length > 1 ? clean.replace(/\/$/, "") : clean;
}

function someOf<T>(list: readonly T[]): T[] | undefined {
  return list.length > 0 ? [...list] : undefined;
}

/** A key that is there only with a value: files hold no `undefined`, and digests are of what they hold. */
function present<K extends string, V>(key: K, value: V | undefined): { [key in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { [key in K]?: V });
}
