import { describe, expect, it } from "vitest";
import { explainDockerfileFailure } from "../../../../src/boxes/dockerfile/failure.ts";
import { parseDockerfile } from "../../../../src/boxes/dockerfile/parse.ts";
import { followSteps } from "../../../../src/boxes/dockerfile/steps.ts";
import { BothyError } from "../../../../src/errors.ts";
import { CommandError } from "../../../../src/system/index.ts";
import { tempHome } from "../../../support/temp-home.ts";

const TEXT = "FROM base:1 AS one\nRUN make\n\nFROM one\nCOPY x /\n";

/** What becomes of a failure with which buildah said this last. */
async function explain(step: string, said: string, signal?: AbortSignal): Promise<BothyError> {
  await using home = await tempHome();
  const log = followSteps(undefined);
  for (const line of [step, "a last word", `Error: ${said}`]) log.add(line);
  const ended = { exitCode: 125, signal: undefined, stdout: "", stderr: "", durationMs: 1 };
  const error = new CommandError({ command: "buildah build", ...ended }, "failed");
  const build = {
    layout: home.layout,
    context: "/web",
    dockerfile: parseDockerfile("/web/Dockerfile", TEXT),
    log,
  };
  return (await explainDockerfileFailure(error, { ...build, signal })) as BothyError;
}

const FROM = "[1/2] STEP 1/2: FROM base:1 AS one";
const SOURCE = "creating build container: initializing source docker://base:1: ";

describe("explainDockerfileFailure", () => {
  it.each([
    ["reading manifest 1 in docker.io/library/base: manifest unknown: manifest unknown", "IMAGE_UNKNOWN"],
    ["reading manifest 1 in x: name unknown: repository name not known to registry", "IMAGE_UNKNOWN"],
    [
      "reading manifest 1 in docker.io/library/base: unauthorized: authentication required",
      "REGISTRY_DENIED",
    ],
    ["errors:\ndenied: requested access to the resource is denied\nunauthorized: x", "REGISTRY_DENIED"],
    [
      'pinging container registry x: Get "https://x/v2/": dial tcp 127.0.0.1:1: connect: refused',
      "REGISTRY_UNREACHABLE",
    ],
    ['Get "https://x/v2/": x509: certificate signed by unknown authority', "REGISTRY_UNREACHABLE"],
    [
      "choosing an image from manifest list x: no image found in manifest list for architecture arm",
      "PLATFORM_MISSING",
    ],
    ["pinging container registry x: invalid status code from registry 404 (Not Found)", "REGISTRY_FAILED"],
    ["received unexpected HTTP status: 503 Service Unavailable", "REGISTRY_FAILED"],
    ["something that nobody has seen yet", "DOCKERFILE_FAILED"],
  ])("says of a base image: %s", async (said, code) => {
    const error = await explain(FROM, SOURCE + said);
    expect(error.code).toBe(code);
    expect(error.message).toBe(`\`FROM base:1 AS one\` (line 1 of /web/Dockerfile) failed: ${said}`);
  });

  it("names the instruction, its exit code and what it said", async () => {
    const error = await explain("[1/2] STEP 2/2: RUN make", 'building at STEP "RUN make": exit status 2');
    expect(error.message).toBe(
      "`RUN make` (line 2 of /web/Dockerfile) failed with exit code 2; it said last:\n  a last word",
    );
  });

  it("tells a missing file of the context from one of another stage", async () => {
    const stat = (root: string) =>
      `building at STEP "COPY x /": checking on sources under "${root}": copier: stat: "/x": no such file or directory`;
    const step = "[2/2] STEP 2/2: COPY x /";
    expect((await explain(step, stat("/web"))).message).toMatch(
      /\(line 5 of .*\) failed: there is no `x` in \/web$/,
    );
    const inImage = await explain(step, stat("/store/buildah/storage/overlay/1/merged"));
    expect(inImage.message).toMatch(/there is no `x` in that image$/);
  });

  it("knows a full disk and an interrupted build", async () => {
    const full = "committing container for step: writing blob: write /x: no space left on device";
    expect((await explain(FROM, full)).code).toBe("DISK_FULL");
    expect((await explain(FROM, "whatever", AbortSignal.abort())).code).toBe("INTERRUPTED");
  });

  it("leaves other errors as they are", async () => {
    await using home = await tempHome();
    const missing = new BothyError("TOOL_MISSING", "no buildah");
    const dockerfile = parseDockerfile("/web/Dockerfile", TEXT);
    const build = { layout: home.layout, context: "/web", dockerfile, log: followSteps(undefined) };
    expect(await explainDockerfileFailure(missing, build)).toBe(missing);
  });
});
