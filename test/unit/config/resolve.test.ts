import { expect, it } from "vitest";
import { resolve } from "../../../src/config/resolve.ts";

const draft = { entry: "web", at: () => [] };

it("reads units and fills in the defaults", () => {
  const settings = { box: "debian/12", memory: "512m", environment: { A: "1" } };
  expect(resolve({ name: "shop", machines: [{ ...draft, name: "web-1", settings }] })).toEqual({
    name: "shop",
    machines: [
      {
        name: "web-1",
        source: { kind: "box", name: "debian/12" },
        user: undefined,
        isolation: "container",
        cpus: 2,
        memoryMiB: 512,
        diskMiB: 10240,
        volumes: [],
        hostname: "web-1",
        environment: { A: "1" },
        limits: { pids: undefined },
        run: undefined,
        vm: { acceleration: "auto", kernel: "bothy" },
      },
    ],
  });
});
