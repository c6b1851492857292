import * as z from "zod";
import { defaultsSchema, machineSchema } from "./machine-schema.ts";
import { LABEL_PATTERN } from "./names.ts";

/**
 * The project file as it is written: the one source of types, validation, JSON Schema and docs/config.md.
 * It knows shapes only. Defaults, units and everything that needs two keys come later (normalise.ts, rules/),
 * so that text may hold variables and `{{index}}` until then. In the metadata `default` is the value that
 * normalise.ts fills in, and `absent` says what holds without the key where that is no value.
 */

/** The whole file. */
export const projectSchema = z.strictObject({
  $schema: z
    .string()
    .meta({ description: "For editors; bothy does not read it.", examples: ["./schema.json"] })
    .optional(),
  name: z
    .string()
    .meta({
      description: "The project's name: a part of names on the host and in `NAME.PROJECT.internal`.",
      absent: "the folder's name",
      examples: ["shop"],
      pattern: LABEL_PATTERN,
    })
    .optional(),
  defaults: defaultsSchema.nullable().optional(),
  machines: z.record(z.string().meta({ pattern: LABEL_PATTERN }), machineSchema.nullable()).meta({
    description: "The machines by name; at least one.",
    absent: "(needed)",
    minProperties: 1,
    examples: [{ web: { box: "debian/12" } }],
  }),
});

/** The file as written, after variables. */
export type WrittenProject = z.infer<typeof projectSchema>;
