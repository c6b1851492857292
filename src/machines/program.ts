import { constants } from "node:os";
import { BothyError } from "../errors.ts";
import type { MachineRecord } from "./record.ts";

/** What a machine runs under our init: its image's program, with what the project file says over it. */
export interface Program {
  readonly argv: readonly string[];
  /** `user`, `uid`, `user:group` or `uid:gid`. */
  readonly runAs: string;
  readonly workdir: string;
  /** The number of the signal that asks it to end. */
  readonly stopSignal: number;
  readonly restart: "no" | "on-failure" | "always";
}

/** Numbers of the first and the last signal for programs' own use, as the C library counts them. */
const REAL_TIME = { min: 34, max: 64 } as const;
const SIGTERM = 15;

/**
 * The machine's program; none where the box starts its own init, or says nothing.
 * `command` of the project file takes the place of the image's CMD; the ENTRYPOINT stays.
 * @throws BothyError `BOX_INVALID` when its stop signal is none.
 */
export function programOf({ box, run }: Pick<MachineRecord, "box" | "run">): Program | undefined {
  const argv = [...(box.entrypoint ?? []), ...(run?.command ?? box.command ?? [])];
  if (box.init !== undefined || argv.length === 0) return undefined;
  return {
    argv,
    runAs: run?.user ?? box.runAs ?? "root",
    workdir: run?.workdir ?? box.workdir ?? "/",
    stopSignal: signalNumber(run?.stopSignal ?? box.stopSignal),
    restart: run?.restart ?? "no",
  };
}

/** `SIGQUIT`, `quit`, `3`, `RTMIN+3`, `SIGRTMAX-1` as a number. @throws BothyError `BOX_INVALID`. */
export function signalNumber(text: string | undefined): number {
  if (text === undefined) return SIGTERM;
  const name = text.toUpperCase().replace(/^SIG/, "");
  const number = /^\d+$/.test(name) ? Number(name) : (named(name) ?? realTime(name));
  if (number !== undefined && number >= 1 && number <= REAL_TIME.max) return number;
  throw new BothyError("BOX_INVALID", `the stop signal "${text}" of the machine's program is no signal`, {
    hints: ["name another one in bothy.yaml: `run: { stop_signal: SIGTERM }`"],
  });
}

function named(name: string): number | undefined {
  return (constants.signals as Readonly<Record<string, number>>)[`SIG${name}`];
}

function realTime(name: string): number | undefined {
  const { end, offset = "0" } = /^RT(?<end>MIN|MAX)(?:[+-](?<offset>\d+))?$/.exec(name)?.groups ?? {};
  if (end === undefined) return undefined;
  const number = end === "MIN" ? REAL_TIME.min + Number(offset) : REAL_TIME.max - Number(offset);
  return number >= REAL_TIME.min ? number : undefined;
}
