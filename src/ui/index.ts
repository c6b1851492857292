/** What people see. Known to commands only. */
export { plainReporter, silentReporter } from "./plain.ts";
export { confirm } from "./question.ts";
export { duration, size, table } from "./table.ts";
