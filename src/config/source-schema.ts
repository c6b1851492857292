import * as z from "zod";

/** Keys of a machine that say what it starts from; see schema.ts. */
const argument = z.union([z.string(), z.number(), z.boolean(), z.null()]);

const buildMapping = z.strictObject({
  context: z
    .string()
    .meta({
      description: "The folder whose files the Dockerfile may copy, relative to the project file.",
      absent: "the project's folder",
      examples: ["./app"],
    })
    .optional(),
  dockerfile: z
    .string()
    .meta({
      description: "The Dockerfile, relative to the context.",
      absent: "`Dockerfile`",
      examples: ["docker/Dockerfile.dev"],
    })
    .optional(),
  args: z
    .union([z.record(z.string(), argument), z.array(z.string())])
    .meta({
      description: "Values for the Dockerfile's `ARG`s; a name without a value takes the host's variable.",
      absent: "none",
      examples: [{ VERSION: "1.2" }, ["VERSION=1.2"]],
    })
    .optional(),
  target: z
    .string()
    .meta({
      description: "The stage to stop at.",
      absent: "the last stage",
      examples: ["production"],
    })
    .optional(),
});

export const sourceKeys = {
  box: z
    .string()
    .meta({
      description:
        "The box to start from: a recipe, or one that `bothy box add` put into the store. One of `box`, `image` and `build` is needed, here or under `defaults`.",
      absent: "(or `image`, or `build`)",
      examples: ["debian/12"],
    })
    .optional(),
  image: z
    .string()
    .meta({
      description: "A container image to start from, as Docker names it; pulled when it is not in the store.",
      absent: "(or `box`, or `build`)",
      examples: ["nginx:1.27", "localhost:5000/team/app:2"],
    })
    .optional(),
  build: z
    .union([z.string(), buildMapping])
    .meta({
      description:
        "A Dockerfile to build and start from: its folder, or a mapping. Built again when a file, an argument or the Dockerfile has changed; machines that exist keep what they were made with.",
      absent: "(or `box`, or `image`)",
      examples: [".", { context: "./app", target: "production" }],
    })
    .optional(),
};
