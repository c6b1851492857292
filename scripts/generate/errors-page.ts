import { ERROR_CODES, EXIT } from "../../src/errors.ts";

const INTRODUCTION = `# Errors

<!-- Written by \`npm run generate\` from src/errors.ts: change it there. -->

Every expected failure has a code that does not change. With \`--json\` the error is
\`{"error": {"code", "message", "hints", "ref"}}\` on stdout; \`ref\` names the part of this page about the code.
`;

const EXIT_MEANINGS: Readonly<Record<keyof typeof EXIT, string>> = {
  failed: "it failed",
  usage: "wrong arguments, no project file, or an invalid one",
  notFound: "no such machine, box or snapshot; or not in a state for this",
  host: "this host cannot: a tool, daemon, permission or kernel feature is missing",
  execFailed: "`ssh` and `exec` only: bothy itself failed; every other code there is the command's own",
  interrupted: "interrupted",
};

/** docs/errors.md: exit codes, and a heading for each error code, which is the target of `BothyError.ref`. */
export function errorsPage(): string {
  const exits = Object.entries(EXIT).map(
    ([name, code]) => `| ${code} | ${EXIT_MEANINGS[name as keyof typeof EXIT]} |`,
  );
  const codes = Object.entries(ERROR_CODES).map(
    ([code, [exit, meaning]]) => `### ${code}\n\nExit code ${exit}. ${meaning}\n`,
  );
  const table = [
    "## Exit codes",
    "",
    "| code | meaning |",
    "|---|---|",
    "| 0 | done, or already so |",
    ...exits,
    "",
  ];
  return `${[INTRODUCTION, ...table, "## Codes", "", codes.join("\n")].join("\n").trimEnd()}\n`;
}
