import { defineConfig } from "vitest/config";

/** Tests that use real machines share the host: they run one file at a time. */
const real = { fileParallelism: false, testTimeout: 600_000, hookTimeout: 300_000 };

const project = (name: string, include: string[], more: object = {}) => ({
  test: { name, include, restoreMocks: true, unstubEnvs: true, disableConsoleIntercept: true, ...more },
});

export default defineConfig({
  test: {
    projects: [
      project("unit", ["test/unit/**/*.test.ts"], { testTimeout: 20_000 }),
      project("cli", ["test/cli/**/*.test.ts"], { testTimeout: 60_000 }),
      project("contract", ["test/contract/**/*.test.ts"], real),
      project("e2e", ["test/e2e/**/*.test.ts"], real),
    ],
  },
});
