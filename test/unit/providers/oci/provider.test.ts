import { expect, test } from "vitest";
import { ociProvider } from "../../../../src/providers/oci/provider.ts";
import { layout } from "../../../../src/system/index.ts";

test("the container provider says what it is and what it cannot do", () => {
  const provider = ociProvider({ layout: layout("/nowhere") });
  expect(provider).toMatchObject({ name: "oci", isolation: "container" });
  expect(provider.features).toEqual({
    ownKernel: false,
    liveLimits: false,
    execWithoutNetwork: true,
    bootsDisks: false,
  });
});
