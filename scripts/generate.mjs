// Writes what is generated from the sources (docs/schema.json, docs/config.md, docs/errors.md).
// `--check` writes nothing and fails when a file is stale.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));

/** The generators are TypeScript like the sources they read: bundled in memory, imported from there. */
async function generatedFiles() {
  const { outputFiles } = await build({
    entryPoints: [join(root, "scripts/generate/index.ts")],
    bundle: true,
    write: false,
    platform: "node",
    format: "esm",
    logLevel: "warning",
  });
  const code = Buffer.from(outputFiles[0].contents).toString("base64");
  const generators = await import(`data:text/javascript;base64,${code}`);
  return Object.entries(generators.generatedFiles());
}

async function isStale([path, content]) {
  return (await readFile(join(root, path), "utf8").catch(() => undefined)) !== content;
}

const files = await generatedFiles();
const staleness = await Promise.all(files.map(isStale));
const stale = files.filter((_, index) => staleness[index]);

if (process.argv.includes("--check")) {
  for (const [path] of stale)
    console.error(`${path} is stale: run \`npm run generate\` and commit the result`);
  process.exitCode = stale.length > 0 ? 1 : 0;
} else {
  for (const [path, content] of stale) await writeFile(join(root, path), content);
  console.log(
    stale.length > 0 ? `wrote ${stale.map(([path]) => path).join(", ")}` : "everything is up to date",
  );
}
