/** So many at once, in the order in which they asked. */
export interface Slots {
  use<T>(work: () => Promise<T>): Promise<T>;
}

/** Room for `count` pieces of work at once. */
export function slots(count: number): Slots {
  let free = count;
  const waiting: (() => void)[] = [];
  const take = async () => {
    if (free > 0) free--;
    else await new Promise<void>((resolve) => waiting.push(resolve));
  };
  const give = () => {
    const next = waiting.shift();
    if (next) next();
    else free++;
  };
  return {
    use: async (work) => {
      await take();
      try {
        return await work();
      } finally {
        give();
      }
    },
  };
}

/** A door that opens once. */
export interface Gate {
  readonly opened: Promise<void>;
  open(): void;
}

/** A closed door. */
export function gate(): Gate {
  let open = () => {};
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}
