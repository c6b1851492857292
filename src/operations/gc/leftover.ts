/** Something that was left behind. */
export interface Leftover {
  readonly kind: string;
  readonly name: string;
}

/** How things are swept: with `dryRun` they are found and kept. */
export interface SweepOptions {
  readonly dryRun: boolean;
}
