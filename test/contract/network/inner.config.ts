import { defineConfig } from "vitest/config";

/** For the run inside namespaces that `network.test.ts` starts. */
export default defineConfig({
  test: {
    include: ["test/contract/network/*.inner.ts"],
    globalSetup: ["test/contract/network/world.ts"],
    fileParallelism: false,
    testTimeout: 20_000,
    hookTimeout: 20_000,
  },
});
