import { BothyError } from "../errors.ts";
import { checkNetwork } from "../network/index.ts";
import type { Finding } from "../providers/provider.ts";
import { ISOLATIONS } from "../providers/registry.ts";
import { packageOf, run, type TOOL_PACKAGES } from "../system/index.ts";
import type { Context } from "./context.ts";

/** What `doctor` was asked for. */
export interface DoctorOptions {
  readonly fix?: boolean | undefined;
  /** Asked before packages are installed. */
  approve(question: string): Promise<boolean>;
}

/** A finding as shown; without its cure, which is code. */
export type Diagnosis = Pick<Finding, "id" | "title" | "status" | "detail" | "hint"> & {
  readonly fixed?: boolean;
};

/** What `doctor` returns. */
export interface DoctorResult {
  readonly findings: readonly Diagnosis[];
}

/** Programs that bothy itself runs, beside those of the providers. */
const OWN_TOOLS = [
  "mmdebstrap",
  "mkfs.erofs",
  "patchelf",
  "cpio",
  "depmod",
  "ssh",
  "flock",
  "tar",
] as const satisfies readonly (keyof typeof TOOL_PACKAGES)[];

/** Programs that only some sources of boxes need, and which. */
const IMPORT_TOOLS = {
  zstd: "layers and archives packed with zstd",
  xz: "archives packed with xz",
  bzip2: "archives packed with bzip2",
  buildah: "Dockerfiles",
  "qemu-img": "disk images and Vagrant boxes",
  sfdisk: "disk images and Vagrant boxes",
  blkid: "disk images and Vagrant boxes",
  "mkfs.vfat": "boxes that boot from a disk of their own",
  mcopy: "boxes that boot from a disk of their own",
  getfattr: "`bothy package`",
  extlinux: "exports for Vagrant",
} as const satisfies Partial<Record<keyof typeof TOOL_PACKAGES, string>>;

/** Looks at everything bothy needs on this host; with `fix` installs and sets what is missing, then looks again. */
export async function doctor(ctx: Context, options: DoctorOptions): Promise<DoctorResult> {
  const before = await examine(ctx);
  if (!options.fix) return { findings: before.map(diagnosis) };
  const packages = [
    ...new Set(before.flatMap((finding) => (finding.status === "ok" ? [] : (finding.packages ?? [])))),
  ];
  if (packages.length > 0) await install(ctx, packages, options);
  for (const finding of packages.length > 0 ? await examine(ctx) : before) await mend(ctx, finding);
  const bad = new Set(before.filter((finding) => finding.status !== "ok").map((finding) => finding.id));
  return {
    findings: (await examine(ctx)).map((finding) => ({
      ...diagnosis(finding),
      fixed: bad.has(finding.id) && finding.status === "ok",
    })),
  };
}

async function examine(ctx: Context): Promise<Finding[]> {
  const providers = await Promise.all(ISOLATIONS.map((isolation) => ctx.providers.get(isolation)));
  const found = await Promise.all([
    Promise.resolve([rootFinding()]),
    Promise.all(OWN_TOOLS.map((tool) => toolFinding(tool))),
    Promise.all(Object.entries(IMPORT_TOOLS).map(([tool, use]) => toolFinding(tool, use))),
    ...providers.map((provider) => provider.check()),
    checkNetwork(),
  ]);
  const byId = new Map(found.flat().map((finding) => [finding.id, finding]));
  return [...byId.values()];
}

function rootFinding(): Finding {
  const isRoot = process.getuid?.() === 0;
  return { id: "root", title: "runs as root", status: isRoot ? "ok" : "missing", hint: "sudo bothy ..." };
}

/** With `use` the program is only needed for that, and its absence no fault. */
async function toolFinding(tool: string, use?: string): Promise<Finding> {
  const found = await run(["sh", "-c", 'command -v -- "$1"', "sh", tool], { okCodes: [0, 1, 127] });
  const name = packageOf(tool);
  if (found.exitCode === 0)
    return { id: `tool-${tool}`, title: tool, status: "ok", detail: found.stdout.trim() };
  return {
    id: `tool-${tool}`,
    title: tool,
    status: use === undefined ? "missing" : "warning",
    detail: use === undefined ? undefined : `needed for ${use}`,
    hint: `apt-get install ${name}`,
    packages: [name],
  };
}

async function install(ctx: Context, packages: readonly string[], options: DoctorOptions): Promise<void> {
  if (!(await options.approve(`install ${packages.join(" ")} with apt-get?`))) {
    throw new BothyError("TOOL_MISSING", `these packages are missing: ${packages.join(" ")}`, {
      hints: ["bothy doctor --fix --yes", `apt-get install ${packages.join(" ")}`],
    });
  }
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  const apt = ["apt-get", "-q", "-y", "-o", "DPkg::Lock::Timeout=300"];
  const outcome = await ctx.reporter.tasks([
    {
      title: `install ${packages.length} packages`,
      run: async ({ report }) => {
        await run([...apt, "update"], { env, onLine: report, signal: ctx.signal });
        await run([...apt, "install", "--no-install-recommends", ...packages], {
          env,
          onLine: report,
          signal: ctx.signal,
        });
      },
    },
  ]);
  const [first] = outcome;
  if (first && !first.ok) throw first.error;
}

async function mend(ctx: Context, finding: Finding): Promise<void> {
  if (finding.status === "ok" || !finding.fix) return;
  ctx.reporter.info(`mending: ${finding.title}`);
  await finding.fix();
}

function diagnosis({ id, title, status, detail, hint }: Finding): Diagnosis {
  return {
    id,
    title,
    status,
    ...(detail === undefined ? {} : { detail }),
    ...(hint === undefined ? {} : { hint }),
  };
}
