/** Commands inside a running machine. */
export { connectTo } from "./connection.ts";
