/** This host's architecture as catalogs and boxes name it: Debian's words, mostly. */
export function hostArchitecture(): string {
  const names: Readonly<Record<string, string>> = { x64: "amd64", ia32: "i386" };
  return names[process.arch] ?? process.arch;
}
