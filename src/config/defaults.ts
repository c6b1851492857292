/** What a machine gets that neither its entry nor `defaults:` says. docs/decisions.md has the reasons. */
export const DEFAULTS = {
  isolation: "container",
  cpus: 2,
  memory: "1GiB",
  disk: "10GiB",
  acceleration: "auto",
  kernel: "bothy",
  restart: "no",
} as const;

/** The least and the most that make sense. */
export const BOUNDS = {
  /** One millisecond in each of the kernel's periods of 100 ms. */
  cpus: { least: 0.01 },
  /** Below it a kernel with systemd and an SSH server does not come up. */
  memoryMiB: { least: 128 },
  /** A smaller ext4 has no room for a journal beside files. 8 TiB is the most that ext4 keeps in one sparse file. */
  diskMiB: { least: 64, most: 8 * 1024 * 1024 },
  /** An idle machine with systemd and a login needs about twenty; the kernel counts no further than 2^22. */
  pids: { least: 32, most: 4_194_304 },
  /** Machines of one entry: what one subnet has addresses for. */
  count: { least: 1, most: 200 },
} as const;
