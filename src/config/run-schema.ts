import * as z from "zod";
import { DEFAULTS } from "./defaults.ts";

/** `run:` of a machine; see schema.ts. */
export const runSchema = z
  .strictObject({
    command: z
      .union([z.string(), z.array(z.string())])
      .meta({
        description:
          "The program that the machine runs: the arguments of the image's ENTRYPOINT where it has one, else a whole command. Text is split into words as a shell would, without running one.",
        absent: "the image's CMD",
        examples: [["python3", "-m", "http.server", "80"], "nginx -g 'daemon off;'"],
      })
      .optional(),
    user: z
      .string()
      .meta({
        description: "Who it runs as: a name or a number, with `:` and a group if wanted.",
        absent: "the image's USER, else root",
        examples: ["www-data", "1000:1000"],
      })
      .optional(),
    workdir: z
      .string()
      .meta({
        description: "The directory that it starts in; made when it is not there.",
        absent: "the image's WORKDIR, else `/`",
        examples: ["/srv/app"],
      })
      .optional(),
    restart: z
      .enum(["no", "on-failure", "always"])
      .meta({
        description:
          "What happens when it ends: the machine stops, or it is started again after a pause that grows.",
        default: DEFAULTS.restart,
        examples: ["on-failure"],
      })
      .optional(),
    stop_signal: z
      .string()
      .meta({
        description: "The signal that asks it to end.",
        absent: "the image's STOPSIGNAL, else SIGTERM",
        examples: ["SIGQUIT"],
      })
      .optional(),
  })
  .meta({
    description: "The program of a machine whose box has no init of its own, over what its image says.",
    examples: [{ command: "httpd -f -p 80", restart: "on-failure" }],
  });
