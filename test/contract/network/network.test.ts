import { expect, it } from "vitest";
import { packageRoot, run } from "../../../src/system/index.ts";

/**
 * The suite proper is `network.inner.ts`. It runs in network, mount and process namespaces of its own: the host's
 * links, rules and /run are not touched, and the end of the namespace's first process ends whatever a test left.
 */
it("keeps the contract of src/network on a real kernel", { timeout: 180_000 }, async () => {
  const inside = [
    "mount -t sysfs sysfs /sys",
    "mount -t tmpfs tmpfs /run",
    "ip link set lo up",
    "node node_modules/vitest/vitest.mjs run --config test/contract/network/inner.config.ts",
  ].join(" && ");
  const namespaces = ["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"];
  const result = await run(["unshare", ...namespaces, "sh", "-c", `${inside}; exit $?`], {
    cwd: packageRoot,
    env: { BOTHY_HOME: "", BOTHY_RUN: "" },
    okCodes: [0, 1],
    timeoutMs: 170_000,
  });
  expect(result.exitCode, `${result.stdout}\n${result.stderr}`).toBe(0);
});
