import { BothyError } from "../../errors.ts";
import { readBody } from "../download/index.ts";
import { closest } from "../suggest.ts";
import type { RegistryClient } from "./client.ts";
import { failed, type Refusal } from "./failures.ts";

const LIMIT_BYTES = 4 << 20;
const SHOWN_TAGS = 8;

/**
 * The error for a manifest that is not there: whether the image or only its tag is missing, and what there is instead,
 * as far as the registry tells.
 */
export async function unknownImage(
  client: RegistryClient,
  image: string,
  name: string,
  refusal: Refusal,
): Promise<BothyError> {
  const { host, repository } = client;
  const tags = await listTags(client).catch(() => undefined);
  if (tags === "unknown" || (tags === undefined && refusal.codes.includes("NAME_UNKNOWN"))) {
    return new BothyError("IMAGE_UNKNOWN", `${host} has no image \`${repository}\``, {
      hints: ["is its name spelled right?", `a private one may need a login: docker login ${host}`],
    });
  }
  if (refusal.codes.length === 0 && tags === undefined) {
    return failed(`\`${image}\``, host, refusal); // a 404 that is no registry's
  }
  const kind = name.includes(":") ? "manifest" : "tag";
  return new BothyError("IMAGE_UNKNOWN", `${host}: \`${repository}\` has no ${kind} \`${name}\``, {
    hints: kind === "tag" && tags ? suggest(name, tags, image) : [],
  });
}

/** The image's tags; "unknown" when the registry says that there is no such image. */
async function listTags(client: RegistryClient): Promise<string[] | "unknown"> {
  const what = `the tags of \`${client.repository}\``;
  const answer = await client.ask({ path: "tags/list", what, retries: false });
  const { status } = answer;
  const body = (await readBody(answer, LIMIT_BYTES)).toString("utf8");
  if (status === 404 && body.includes("NAME_UNKNOWN")) return "unknown";
  const { tags } = JSON.parse(body) as { tags?: unknown };
  if (status !== 200) throw new Error(`${status}`);
  return Array.isArray(tags) ? tags.filter((tag) => typeof tag === "string") : [];
}

function suggest(tag: string, tags: readonly string[], image: string): string[] {
  const newestFirst = [...tags].reverse(); // as far as their order tells
  const near = closest(tag, newestFirst) ?? newestFirst.find((each) => each.startsWith(tag));
  if (near) return [`did you mean \`${image.replace(/:[^:/]*$/, `:${near}`)}\`?`];
  if (tags.length === 0) return ["it has no tags at all"];
  const more = tags.length > SHOWN_TAGS ? `, and ${tags.length - SHOWN_TAGS} more` : "";
  return [`its tags: ${tags.slice(-SHOWN_TAGS).join(", ")}${more}`];
}
