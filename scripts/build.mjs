/**
 * Builds dist/: one file per command plus shared chunks. Bundled, because loading hundreds of small files is
 * most of a short command's time (docs/decisions.md has the measurements).
 */
import { readdirSync } from "node:fs";
import { rename, rm, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { Plugin } from "@oclif/core";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const commands = readdirSync(join(root, "src/commands"), { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath, entry.name));

const fresh = join(root, `dist.${process.pid}`);
await build({
  absWorkingDir: root,
  entryPoints: ["src/main.ts", ...commands.map((file) => relative(root, file))],
  outdir: fresh,
  outbase: "src",
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node20",
  // Loaded at run time from node_modules: the plugins share it, and ssh2 has optional native parts.
  external: ["ssh2", "@oclif/plugin-*"],
  minify: true,
  keepNames: true,
  sourcemap: "linked",
  legalComments: "none",
  banner: {
    js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
  },
  logLevel: "warning",
});

// In one step, so that a program that is running meanwhile finds its files.
await rm(join(root, "dist"), { recursive: true, force: true });
await rename(fresh, join(root, "dist"));

// What oclif would otherwise learn by loading every command at every start.
const manifest = join(root, "oclif.manifest.json");
await rm(manifest, { force: true });
const plugin = new Plugin({ root, type: "core", ignoreManifest: true, errorOnManifestCreate: true });
await plugin.load();
await writeFile(manifest, `${JSON.stringify(plugin.manifest, null, 2)}\n`);
