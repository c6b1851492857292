import { mkdir, readFile, utimes, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { bootId, hostStamp, readHostFact, writeHostFact } from "../../../src/system/index.ts";
import { tempHome } from "../../support/temp-home.ts";

const schema = z.enum(["kvm", "tcg"]);

describe("host facts", () => {
  it("hold as long as their stamp", async () => {
    await using home = await tempHome();
    await writeHostFact(home.layout, "accel", "boot 1", "tcg");
    expect(await readHostFact(home.layout, "accel", "boot 1", schema)).toBe("tcg");
    expect(await readHostFact(home.layout, "accel", "boot 2", schema)).toBeUndefined();
    expect(await readHostFact(home.layout, "other", "boot 1", schema)).toBeUndefined();
  });

  it("keep each other, also when several are written at once", async () => {
    await using home = await tempHome();
    const keys = ["a", "b", "c", "d"];
    await Promise.all(keys.map((key) => writeHostFact(home.layout, key, "1", "kvm")));
    const facts = await Promise.all(keys.map((key) => readHostFact(home.layout, key, "1", schema)));
    expect(facts).toEqual(["kvm", "kvm", "kvm", "kvm"]);
  });

  it.each(["", "{", "[]", '{"accel":1}', '{"accel":{"stamp":"1","value":"alien"}}'])(
    "are forgotten when the file is %j, and can be learnt again",
    async (text) => {
      await using home = await tempHome();
      await mkdir(dirname(home.layout.host()), { recursive: true });
      await writeFile(home.layout.host(), text);
      expect(await readHostFact(home.layout, "accel", "1", schema)).toBeUndefined();
      await writeHostFact(home.layout, "accel", "1", "tcg");
      expect(await readHostFact(home.layout, "accel", "1", schema)).toBe("tcg");
    },
  );
});

describe("hostStamp", () => {
  it("names this boot and changes with a program", async () => {
    await using home = await tempHome();
    const program = join(home.folder, "program");
    const absent = await hostStamp([program]);
    await writeFile(program, "one");
    const first = await hostStamp([program]);
    await utimes(program, 1, 1);
    const other = await hostStamp([program]);
    expect(new Set([absent, first, other]).size).toBe(3);
    expect(first).toContain((await readFile("/proc/sys/kernel/random/boot_id", "utf8")).trim());
    expect(first).toContain(await bootId());
  });
});
