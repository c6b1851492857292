import type { Descriptor, ImageConfig } from "./schema.ts";

/** How a blob is asked for. */
export interface BlobOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called with the number of bytes that came since the last call. */
  readonly onBytes?: ((bytes: number) => void) | undefined;
}

/** One image wherever it lies: in a registry, an OCI layout or an archive. Its documents are read and verified. */
export interface ImageSource extends AsyncDisposable {
  /** For people, and for the box's metadata: `docker.io/library/nginx:1.27`, `oci:/srv/layout:web`. */
  readonly reference: string;
  /** `sha256:...` of the manifest's bytes; of the configuration's where there is no manifest. */
  readonly manifest: string;
  /** `linux/amd64`, `linux/arm64/v8`. */
  readonly platform: string;
  readonly config: ImageConfig;
  /** Base first, as many as `config.rootfs.diff_ids`. */
  readonly layers: readonly Descriptor[];
  /**
   * A file with these bytes, its size and digest verified. It stays until `forget` is called for it, also when what
   * comes after fails, so that nothing is fetched twice; an interrupted fetch goes on where it stopped.
   */
  blob(descriptor: Descriptor, options?: BlobOptions): Promise<string>;
  /** The blob is not needed any more: what was fetched for it may go. */
  forget(descriptor: Descriptor): Promise<void>;
}
