/** Words of Compose, Vagrant and Docker for keys that are called otherwise here. */
const SYNONYMS = new Map(
  Object.entries({
    command: "run",
    entrypoint: "run",
    restart: "run",
    dockerfile: "build",
    mem: "memory",
    ram: "memory",
    mem_limit: "memory",
    cpu: "cpus",
    env: "environment",
    provider: "isolation",
    level: "isolation",
    username: "user",
    pids_limit: "limits.pids",
    host_name: "hostname",
    replicas: "count",
    scale: "count",
    services: "machines",
    machine: "machines",
    vms: "machines",
  }),
);

/** The known word that was probably meant; `undefined` when none is near. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const synonym = SYNONYMS.get(word);
  if (synonym && known.includes(synonym.split(".")[0] ?? "")) return synonym;
  const lower = word.toLowerCase();
  const most = Math.max(1, Math.floor(word.length / 3));
  const ranked = known
    .map((candidate) => ({ candidate, distance: editDistance(lower, candidate.toLowerCase()) }))
    .filter(({ distance }) => distance <= most)
    .sort((a, b) => a.distance - b.distance);
  return ranked[0]?.candidate;
}

/** Insertions, deletions, replacements and swaps of neighbours between two words. */
export function editDistance(a: string, b: string): number {
  const rows: number[][] = [];
  const at = (i: number, j: number) => rows[i]?.[j] ?? 0;
  for (let i = 0; i <= a.length; i++) {
    const row: number[] = [];
    rows.push(row);
    for (let j = 0; j <= b.length; j++) {
      if (i === 0 || j === 0) {
        row.push(i + j);
        continue;
      }
      const change = a[i - 1] === b[j - 1] ? 0 : 1;
      const swap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const steps = [at(i - 1, j) + 1, at(i, j - 1) + 1, at(i - 1, j - 1) + change];
      row.push(Math.min(...steps, swap ? at(i - 2, j - 2) + 1 : Number.POSITIVE_INFINITY));
    }
  }
  return at(a.length, b.length);
}
