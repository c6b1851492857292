/** Downloads over HTTP: resumed, verified, retried, through proxies. The only door of this folder. */
export { type Checksum, verifyFile } from "./checksum.ts";
export { type DownloadRequest, type DownloadResult, download } from "./download.ts";
export { explainNetwork, type NetworkTrouble } from "./network-trouble.ts";
export { isLoopback } from "./proxy.ts";
export { type HttpAnswer, type HttpRequest, readBody, send, shownUrl, type TlsChoice } from "./request.ts";
export { formatBytes, requireSpace } from "./space.ts";
export { takeTarget } from "./target-lock.ts";
export { type Transfer, transfer } from "./transfer.ts";
