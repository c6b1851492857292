import { isLabel, LONGEST_NAME, NAME_RULE, toLabel } from "../names.ts";
import type { Draft } from "../normalise.ts";
import type { Complaint } from "../problems.ts";
import { eachMachine, type Rule } from "./rule.ts";

/** The longest name that Linux gives a host. */
const LONGEST_HOSTNAME = 64;

/** A project needs a machine. */
export const someMachine: Rule = function* someMachine({ machines }) {
  if (machines.length === 0)
    yield { path: ["machines"], message: "there is no machine; a project needs one at least" };
};

/** The project's name is a part of host names. */
export const legalProjectName: Rule = function* legalProjectName({ name }) {
  if (!isLabel(name))
    yield {
      path: ["name"],
      message: `${JSON.stringify(name)} is no legal name${better(name)} (${NAME_RULE})`,
    };
};

/** A machine's name is a host name. */
export const legalMachineNames = eachMachine(function* check({ entry, name }) {
  const complain = (message: string): Complaint => ({ path: ["machines", entry], on: "key", message });
  if (isLabel(entry) && !isLabel(name)) {
    yield complain(`too long: with its number the name may have ${LONGEST_NAME} characters`);
  } else if (!isLabel(entry)) {
    yield complain(`${JSON.stringify(entry)} is no legal machine name${better(entry)} (${NAME_RULE})`);
  } else if (/^\d+$/.test(name) || name === "localhost") {
    yield complain(`"${name}" is no legal machine name: as a host name it means something else`);
  }
});

/** `count` can make a name that another entry has. */
export const uniqueNames: Rule = function* uniqueNames({ machines }) {
  const first = new Map<string, Draft>();
  for (const machine of machines) {
    const other = first.get(machine.name);
    first.set(machine.name, other ?? machine);
    if (!other) continue;
    const [counted, plain] = machine.count === undefined ? [other, machine] : [machine, other];
    const message = `the name "${plain.name}" is also made by \`count: ${counted.count}\` of "${counted.entry}"`;
    yield { path: ["machines", plain.entry], on: "key", message };
  }
};

/** Host names are legal, and no machine answers to the name of another. */
export const hostnames: Rule = function* hostnames({ machines }) {
  const taken = new Map(machines.map((machine) => [machine.name, machine]));
  for (const machine of machines) {
    const { hostname } = machine.settings;
    if (hostname === undefined || hostname === machine.name) continue;
    const path = machine.at("hostname");
    const other = taken.get(hostname);
    taken.set(hostname, machine);
    if (!isHostname(hostname)) {
      yield {
        path,
        message: `${JSON.stringify(hostname)} is no legal host name (labels of letters, digits and hyphens, with dots between, at most ${LONGEST_HOSTNAME} characters)`,
      };
    } else if (other) {
      yield {
        path,
        message: `"${hostname}" is the name of "${other.name}" too; {{name}} or {{index}} in it makes it unique`,
      };
    }
  }
};

function isHostname(name: string): boolean {
  return name.length <= LONGEST_HOSTNAME && name.split(".").every((label) => isLabel(label.toLowerCase()));
}

function better(name: string): string {
  const label = toLabel(name);
  return label ? `, "${label}" would be` : "";
}
