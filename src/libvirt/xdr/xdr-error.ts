/**
 * Bytes that do not follow the schema, or a value that the schema cannot carry (RFC 4506).
 *
 * It is the only error that encoding and decoding throw, whatever the input.
 */
export class XdrError extends Error {
  override readonly name = "XdrError";
  /** What is wrong, without the place. */
  readonly reason: string;
  /** Where in the schema, outermost field first; empty at the top. */
  readonly path: readonly string[];

  constructor(reason: string, path: readonly string[] = []) {
    super(path.length > 0 ? `${path.join(".")}: ${reason}` : reason);
    this.reason = reason;
    this.path = path;
  }

  /** The same error as seen from the structure that holds `field`. */
  inside(field: string): XdrError {
    return new XdrError(this.reason, [field, ...this.path]);
  }
}
