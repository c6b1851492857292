/** Vagrant's formats: catalogs, versions and `.box` archives. The only door of this folder. */
export { type BoxMembers, unpackBox } from "./archive.ts";
export {
  type BoxProvider,
  type Catalog,
  type Choice,
  chooseBox,
  type Offer,
  parseCatalog,
} from "./catalog.ts";
export { parseChecksum } from "./checksum.ts";
export { type BoxMetadata, parseMetadata } from "./metadata.ts";
