/** How long a machine may take to shut down before it is stopped by force, milliseconds. */
export const STOP_DEADLINE_MS = 60_000;
