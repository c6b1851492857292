import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { generatedFiles } from "../../../scripts/generate/index.ts";
import { BothyError, ERROR_CODES, type ErrorCode } from "../../../src/errors.ts";
import { asset } from "../../../src/system/index.ts";

describe.each(Object.entries(generatedFiles()))("%s", (path, content) => {
  it("is what `npm run generate` writes", async () => {
    expect(await readFile(asset(path), "utf8"), "stale: run `npm run generate`").toBe(content);
  });
});

it("explains every error code where its `ref` points", async () => {
  const page = await readFile(asset("docs/errors.md"), "utf8");
  const anchors = [...page.matchAll(/^### (\S+)$/gm)].map(
    ([, heading]) => `docs/errors.md#${heading?.toLowerCase()}`,
  );
  const codes = Object.keys(ERROR_CODES) as ErrorCode[];
  expect(anchors).toEqual(codes.map((code) => new BothyError(code, "").ref));
});
