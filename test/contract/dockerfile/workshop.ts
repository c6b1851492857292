import { chmod, copyFile, mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import {
  buildDockerfile,
  type DockerfileOptions,
  type DockerfileResult,
  type DockerfileSpec,
} from "../../../src/boxes/dockerfile/index.ts";
import { readText } from "../../../src/boxes/layer/index.ts";
import { type TempHome, tempHome } from "../../support/temp-home.ts";

/** A stage with a shell and its programs in one file, without any base image. */
export const TOOLS = `FROM scratch AS tools
COPY busybox /bin/sh
`;

/** A build and what it said. */
export interface Built extends DockerfileResult {
  /** Got by `report`. */
  readonly steps: readonly string[];
  readonly output: readonly string[];
  /** A file of the box. */
  read(path: string): Promise<string | undefined>;
}

/**
 * A store and a build context of a test's own; the context has busybox in it. Tests may run side by side: each uses its
 * own layout, and nothing here reads `BOTHY_HOME`.
 */
export interface Workshop extends AsyncDisposable {
  readonly home: TempHome;
  readonly context: string;
  /** Puts files into the context; names that end in `.sh` may be executed. */
  write(files: Readonly<Record<string, string>>): Promise<void>;
  build(spec?: Partial<DockerfileSpec>, options?: DockerfileOptions): Promise<Built>;
}

export async function openWorkshop(files: Readonly<Record<string, string>> = {}): Promise<Workshop> {
  const home = await tempHome();
  const context = await home.sub("web");
  await copyFile("/usr/bin/busybox", join(context, "busybox"));
  const write: Workshop["write"] = async (more) => {
    for (const [name, content] of Object.entries(more)) {
      await mkdir(dirname(join(context, name)), { recursive: true });
      await writeFile(join(context, name), content);
      if (name.endsWith(".sh")) await chmod(join(context, name), 0o755);
    }
  };
  await write(files);
  return {
    home,
    context,
    write,
    build: async (spec, options) => {
      const [steps, output]: [string[], string[]] = [[], []];
      const result = await buildDockerfile(
        home.layout,
        { context, ...spec },
        { report: (line) => steps.push(line), onOutput: (line) => output.push(line), ...options },
      );
      return { ...result, steps, output, read: (path) => readText(home.layout, result.box.layers, path) };
    },
    [Symbol.asyncDispose]: () => home[Symbol.asyncDispose](),
  };
}
