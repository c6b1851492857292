import * as z from "zod";
import { BOUNDS, DEFAULTS } from "./defaults.ts";
import { runSchema } from "./run-schema.ts";
import { SIZE_PATTERN } from "./sizes.ts";
import { sourceKeys } from "./source-schema.ts";

/** Keys of a machine; see schema.ts. */
const size = () => z.string().meta({ pattern: SIZE_PATTERN });

const limits = z
  .strictObject({
    pids: z
      .int()
      .min(BOUNDS.pids.least)
      .max(BOUNDS.pids.most)
      .meta({
        description: "Most processes and threads at one time.",
        absent: "no limit",
        examples: [512],
      })
      .optional(),
  })
  .meta({ description: "Limits that hold at both levels.", examples: [{ pids: 512 }] });

const vm = z
  .strictObject({
    acceleration: z
      .enum(["auto", "kvm", "tcg"])
      .meta({
        description:
          "`kvm` insists on hardware virtualisation, `tcg` on emulation; `auto` takes KVM where a probe shows that it works.",
        default: DEFAULTS.acceleration,
        examples: ["tcg"],
      })
      .optional(),
    kernel: z
      .enum(["bothy", "box"])
      .meta({
        description: "`box` boots the kernel that a Vagrant box or cloud image brought along.",
        default: DEFAULTS.kernel,
        examples: ["box"],
      })
      .optional(),
  })
  .meta({
    description: "What only a VM can honour; ignored while the machine runs as a container.",
    examples: [{ acceleration: "tcg" }],
  });

const container = z.strictObject({}).meta({
  description: "What only a container can honour; ignored while the machine runs as a VM. No keys yet.",
});

const environmentValue = z.union([z.string(), z.number(), z.boolean(), z.null()]);

const settings = {
  ...sourceKeys,
  user: z
    .string()
    .meta({
      description: "The login user of `ssh`; made in the machine when the box has none of that name.",
      absent: "the box's own user",
      examples: ["bothy"],
    })
    .optional(),
  isolation: z
    .enum(["vm", "container"])
    .meta({
      description: "How the machine runs; `up --isolation` wins over it and is remembered.",
      default: DEFAULTS.isolation,
      examples: ["vm"],
    })
    .optional(),
  cpus: z
    .number()
    .min(BOUNDS.cpus.least)
    .meta({
      description: "Processors it may use at one time; fractions are allowed.",
      default: DEFAULTS.cpus,
      examples: [2, 0.5],
    })
    .optional(),
  memory: size()
    .meta({
      description:
        "Memory, with a unit: `512MiB`, `1GiB`, or Compose's `512m`, `1g`. Units are powers of 1024.",
      default: DEFAULTS.memory,
      examples: ["512MiB", "1g"],
    })
    .optional(),
  disk: size()
    .meta({
      description: "Most that the machine can write; takes room on the host only as it is written.",
      default: DEFAULTS.disk,
      examples: ["20GiB"],
    })
    .optional(),
  volumes: z
    .array(z.string())
    .meta({
      description:
        "Directories of the machine that are kept off the overlay, on its data disk: for databases and container engines.",
      absent: "none",
      examples: [["/var/lib/postgresql"]],
    })
    .optional(),
  hostname: z
    .string()
    .meta({
      description: "The name that the machine calls itself.",
      absent: "the machine's name",
      examples: ["db.example.org"],
    })
    .optional(),
  environment: z
    .union([z.record(z.string(), environmentValue), z.array(z.string())])
    .meta({
      description:
        "Environment of commands and of the workload: a mapping or a list of `KEY=VALUE`. A `KEY` without a value takes the host's.",
      absent: "empty",
      examples: [{ DB_HOST: "db" }, ["DB_HOST=db"]],
    })
    .optional(),
  run: runSchema.optional(),
  limits: limits.optional(),
  vm: vm.optional(),
  container: container.optional(),
};

/** `defaults:`. */
export const defaultsSchema = z.strictObject(settings).meta({
  description: "What holds for every machine that does not say otherwise: any key of a machine but `count`.",
  examples: [{ box: "debian/12", memory: "512MiB" }],
});

/** One entry of `machines:`. */
export const machineSchema = z
  .strictObject({
    ...settings,
    count: z
      .int()
      .min(BOUNDS.count.least)
      .max(BOUNDS.count.most)
      .meta({
        description:
          "Makes that many machines, `NAME-1`, `NAME-2`, ...; `{{index}}` and `{{name}}` stand for each one's in any text of the entry.",
        absent: "one machine, called `NAME`",
        examples: [2],
      })
      .optional(),
  })
  .meta({ description: "One machine, or `count` equal ones." });

/** One entry of `machines:` as written. */
export type WrittenMachine = z.infer<typeof machineSchema>;
