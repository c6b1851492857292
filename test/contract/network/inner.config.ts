import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/contract/network/*.inner.ts"],
    fileParallelism: false,
    testTimeout: 20_000,
    hookTimeout: 20_000,
  },
});
