import { expect, it } from "vitest";
import { machineOf, problemsOf } from "../support/read.ts";

it.each([
  ["{ command: \"nginx -g 'daemon off;'\" }", ["nginx", "-g", "daemon off;"]],
  ["{ command: [a, b c] }", ["a", "b c"]],
  ["{}", undefined],
])("%s runs these words", (run, command) => {
  expect(machineOf(`run: ${run}`).run).toMatchObject({ command, restart: "no" });
});

it.each([
  ['{ command: "a \'b" }', "has a quotation mark without its other half"],
  ["{ command: [] }", "the command is empty"],
  ["{ command: '' }", "the command is empty"],
  ["{ stop_signal: SIGNOTHING }", '"SIGNOTHING" is no signal'],
  ["{ stop_signal: '0' }", '"0" is no signal'],
  ["{ user: '' }", '"" is no user'],
  ["{ user: 'a b:c' }", '"a b:c" is no user'],
  ["{ user: 'a:b:c' }", '"a:b:c" is no user'],
  ["{ workdir: srv }", '"srv" is no absolute path'],
  ["{ workdir: '' }", '"" is no absolute path'],
])("%s is refused", (run, message) => {
  expect(problemsOf(`machines: { web: { box: a, run: ${run} } }`)[0]).toContain(message);
});

it.each(["SIGQUIT", "QUIT", "9", "SIGRTMIN+3", "RTMAX-2"])("%s is a signal", (signal) => {
  expect(machineOf(`run: { stop_signal: "${signal}" }`).run?.stopSignal).toBe(signal);
});
