import { eachMachine } from "./rule.ts";

const USER = /^[a-z_][a-z0-9_-]{0,31}$/;
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** The login user can be made by any `useradd`. */
export const legalUser = eachMachine(function* check(machine) {
  const { user } = machine.settings;
  if (user === undefined || USER.test(user)) return;
  const rule = "lower-case letters, digits, hyphens and underscores, first a letter, at most 32 characters";
  yield { path: machine.at("user"), message: `${JSON.stringify(user)} is no legal user name (${rule})` };
});

/** Names that a shell can export, values that fit on a line. */
export const environmentLines = eachMachine(function* check(machine) {
  for (const [key, value] of Object.entries(machine.settings.environment)) {
    const path = machine.at("environment", key);
    if (!VARIABLE.test(key)) {
      yield {
        path,
        on: "key",
        message: `${JSON.stringify(key)} is no legal variable name (letters, digits and underscores, first a letter)`,
      };
    }
    if (/[\r\n\0]/.test(value)) yield { path, message: "the value has more than one line; one is the most" };
  }
});
