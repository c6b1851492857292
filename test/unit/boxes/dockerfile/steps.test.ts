import { describe, expect, it } from "vitest";
import { followSteps } from "../../../../src/boxes/dockerfile/steps.ts";

/** Real output of buildah 1.28.2, shortened. */
const OUTPUT = `[1/2] STEP 1/2: FROM scratch AS base
[1/2] STEP 2/2: COPY busybox /bin/busybox
--> Using cache e752cd966702c0cb0643b1358bcf08e08974eb8269aee5684c55d4e14e9f16b9
--> e752cd96670
[2/2] STEP 1/3: FROM e752cd966702c0cb0643b1358bcf08e08974eb8269aee5684c55d4e14e9f16b9
[2/2] STEP 2/3: RUN printf "no newline at all"
no newline at all--> 8d8c584a7fa
[2/2] STEP 3/3: RUN make
Error: what make says itself
make: *** [all] Error 2
subprocess exited with status 2
subprocess exited with status 2
Error: building at STEP "RUN make": exit status 2`;

describe("followSteps", () => {
  it("tells the step, its last lines, what is wrong and which images were used", () => {
    const reported: string[] = [];
    const log = followSteps((line) => reported.push(line));
    for (const line of OUTPUT.split("\n")) log.add(line);
    expect(reported).toHaveLength(5);
    expect(reported[1]).toBe("[1/2] STEP 2/2: COPY busybox /bin/busybox");
    expect(log.step()).toEqual({ stage: 2, number: 3, text: "RUN make" });
    expect(log.tail()).toEqual(["Error: what make says itself", "make: *** [all] Error 2"]);
    expect(log.complaint()).toBe('building at STEP "RUN make": exit status 2');
    expect(log.images()).toEqual(["e752cd96670", "8d8c584a7fa"]);
  });

  it("keeps the last twenty lines of a step, and none of the step before", () => {
    const log = followSteps(undefined);
    log.add("STEP 1/2: RUN one");
    for (let line = 1; line <= 50; line++) log.add(`line ${line}`);
    expect([log.tail().length, log.tail()[0]]).toEqual([20, "line 31"]);
    log.add("STEP 2/2: RUN two");
    expect([log.tail(), log.step()?.stage]).toEqual([[], 1]);
  });
});
