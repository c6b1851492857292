import { constants } from "node:os";
import { split } from "shlex";
import { eachMachine } from "./rule.ts";

const REAL_TIME = /^(?:SIG)?RTM(?:IN(?:\+\d{1,2})?|AX(?:-\d{1,2})?)$/;
const LAST_SIGNAL = 64;

/** A program has a name, and words that a shell could read. */
export const commandWords = eachMachine(function* check(machine) {
  const command = machine.settings.run?.command;
  if (command === undefined) return;
  const path = machine.at("run", "command");
  if (typeof command === "string" && wordsOf(command) === undefined) {
    yield { path, message: `${JSON.stringify(command)} has a quotation mark without its other half` };
  } else if ((typeof command === "string" ? wordsOf(command) : command)?.length === 0) {
    yield { path, message: "the command is empty; leave it out for the image's own" };
  }
});

/** Who it runs as is a name or a number, as in an image's USER. */
export const runUser = eachMachine(function* check(machine) {
  const user = machine.settings.run?.user;
  if (user === undefined || /^[^\s:]+(?::[^\s:]+)?$/.test(user)) return;
  const message = `${JSON.stringify(user)} is no user; write a name or a number, with a group if wanted: "1000:1000"`;
  yield { path: machine.at("run", "user"), message };
});

/** It starts in one place wherever it is looked at from. */
export const runWorkdir = eachMachine(function* check(machine) {
  const workdir = machine.settings.run?.workdir;
  if (workdir === undefined || /^\/[^\p{Cc}]*$/u.test(workdir)) return;
  yield { path: machine.at("run", "workdir"), message: `${JSON.stringify(workdir)} is no absolute path` };
});

/** Signals by name or number, as in a Dockerfile. */
export const knownStopSignal = eachMachine(function* check(machine) {
  const signal = machine.settings.run?.stop_signal;
  if (signal === undefined || isSignal(signal)) return;
  const message = `${JSON.stringify(signal)} is no signal; signals look like "SIGQUIT" or "3"`;
  yield { path: machine.at("run", "stop_signal"), message };
});

function wordsOf(command: string): string[] | undefined {
  try {
    return split(command);
  } catch {
    return undefined;
  }
}

function isSignal(signal: string): boolean {
  if (/^\d+$/.test(signal)) return Number(signal) >= 1 && Number(signal) <= LAST_SIGNAL;
  const name = signal.startsWith("SIG") ? signal : `SIG${signal}`;
  return Object.hasOwn(constants.signals, name) || REAL_TIME.test(signal);
}
