/** Columns of text, each as wide as its widest cell; the header in capitals. Pure, so that it can be tested. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [header.map((title) => title.toUpperCase()), ...rows];
  const widths = header.map((_, column) => Math.max(...all.map((row) => (row[column] ?? "").length)));
  return all
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** "3 d 4 h", "12 min", "5 s": at most two units. */
export function duration(seconds: number): string {
  const units: [string, number][] = [
    ["d", 86_400],
    ["h", 3600],
    ["min", 60],
    ["s", 1],
  ];
  const first = units.findIndex(([, size]) => seconds >= size);
  if (first < 0) return "0 s";
  const parts = units.slice(first, first + 2).map(([unit, size], index) => {
    const whole = index === 0 ? seconds : seconds % (units[first]?.[1] ?? 1);
    return `${Math.floor(whole / size)} ${unit}`;
  });
  return parts.filter((part) => !part.startsWith("0 ")).join(" ");
}

/** "1.5 GiB", "300 MiB": as written in the project file. */
export function size(mebibytes: number): string {
  return Math.round(mebibytes) >= 1024
    ? `${Number((mebibytes / 1024).toFixed(1))} GiB`
    : `${Number(mebibytes.toFixed(mebibytes < 10 ? 1 : 0))} MiB`;
}
