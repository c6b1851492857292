/** Boxes written in the formats of other tools. */

export { leaseLayers } from "../lease.ts";
export { type ExportOptions, exportBox } from "./export.ts";
export { EXPORT_FORMATS, type ExportFormat, formatOf, requireFormat } from "./format.ts";
