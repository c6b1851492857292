import { defineConfig } from "vitest/config";

/** Tests that use real machines share the host: they run one file at a time. */
const real = { fileParallelism: false, testTimeout: 600_000, hookTimeout: 300_000 };

/** Sources of boxes and what is made of them: each test in a store and with servers of its own, so two files at a time. */
const images = [
  "test/contract/{disk,dockerfile,export,image,layer,registry,store}/**/*.test.ts",
  "test/e2e/vagrant.test.ts",
];

/** One project after the other: real machines must not disturb each other, nor the quick tests their clocks. */
const project = (name: string, groupOrder: number, more: object = {}) => ({
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    sequence: { groupOrder },
    restoreMocks: true,
    unstubEnvs: true,
    disableConsoleIntercept: true,
    ...more,
  },
});

export default defineConfig({
  test: {
    projects: [
      project("unit", 0, { testTimeout: 20_000 }),
      project("cli", 1, { testTimeout: 60_000 }),
      project("images", 2, { ...real, include: images, fileParallelism: true, maxWorkers: 2 }),
      project("contract", 3, { ...real, exclude: images }),
      project("e2e", 4, { ...real, exclude: images }),
    ],
  },
});
