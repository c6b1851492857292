export { createStorage, type Storage, type TransferOptions } from "./storage.ts";
