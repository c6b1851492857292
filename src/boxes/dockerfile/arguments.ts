import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ensureFolder } from "../../system/index.ts";
import type { Buildah } from "./buildah.ts";
import { targetName } from "./check.ts";
import type { RegistryAccess } from "./registries.ts";
import { rewriteHeredocs } from "./rewrite.ts";
import type { Work } from "./work.ts";

/** Writes the files that a build needs besides its context, and returns buildah's arguments. */
export async function buildArguments(
  work: Work,
  buildah: Buildah,
  access: RegistryAccess,
): Promise<string[]> {
  const { spec, dockerfile, text, rules, options } = work;
  const { scratch, driver, policy } = buildah;
  const rewritten = rewriteHeredocs(dockerfile, text);
  await writeFile(join(scratch, "Dockerfile"), rewritten.text);
  await writeFile(join(scratch, "ignore"), rules.patterns.map((pattern) => `${pattern}\n`).join(""));
  for (const { context, name, content } of rewritten.files) {
    await ensureFolder(join(scratch, context));
    await writeFile(join(scratch, context, name), content);
  }
  const inline = [...new Set(rewritten.files.map(({ context }) => context))];
  return [
    ...["build", "--isolation", "chroot", "--format", "docker", "--force-rm", "--identity-label=false"],
    `--layers=${driver === "overlay"}`, // vfs would keep a copy of everything for each step
    ...(options.force ? ["--no-cache", "--pull=always"] : ["--pull=false"]),
    ...["--signature-policy", policy, ...access.buildFlags, "--retry-delay", "1s"],
    ...["--file", join(scratch, "Dockerfile")], // not --iidfile: with it the ids of the steps are not printed
    ...["--ignorefile", join(scratch, "ignore")],
    ...inline.map((context) => `--build-context=${context}=${join(scratch, context)}`),
    ...Object.entries(spec.args ?? {}).map(([name, value]) => `--build-arg=${name}=${value}`),
    ...(spec.target === undefined ? [] : ["--target", targetName(dockerfile, spec.target) ?? spec.target]),
    spec.context,
  ];
}
