import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { BothyError } from "../../../src/errors.ts";
import {
  listRecords,
  type MachineRecord,
  readRecord,
  removeMachineFiles,
  writeRecord,
} from "../../../src/machines/index.ts";
import { run } from "../../../src/system/index.ts";
import { machineRecord } from "../../support/record.ts";
import { type TempHome, tempHome } from "../../support/temp-home.ts";

const ID = machineRecord().id;

describe("a machine's record", () => {
  it("is read back as it was written", async () => {
    await using home = await tempHome();
    const record = machineRecord({ pids: 100, volumes: ["/var/lib/docker"], environment: { A: "b=c" } });
    await writeRecord(home.layout, record);
    expect(await readRecord(home.layout, ID)).toEqual(record);
  });

  it("is not written when it could not be read back", async () => {
    await using home = await tempHome();
    const wrong = { ...machineRecord(), intent: "dreaming" } as unknown as MachineRecord;
    await expect(writeRecord(home.layout, wrong)).rejects.toThrow();
    await expect(readRecord(home.layout, ID)).rejects.toMatchObject({ code: "MACHINE_BROKEN" });
  });

  it("lists machines in the order of their creation", async () => {
    await using home = await tempHome();
    await writeRecord(
      home.layout,
      machineRecord({ id: "bbbbbbbbbbbb", name: "late", createdAt: "2026-02-01" }),
    );
    await writeRecord(home.layout, machineRecord({ id: "cccccccccccc", name: "b", createdAt: "2026-01-01" }));
    await writeRecord(home.layout, machineRecord({ id: "dddddddddddd", name: "a", createdAt: "2026-01-01" }));
    const { records } = await listRecords(home.layout);
    expect(records.map(({ name }) => name)).toEqual(["a", "b", "late"]);
  });

  it("is none in a store that never had a machine", async () => {
    await using home = await tempHome();
    expect(await listRecords(home.layout)).toEqual({ records: [], broken: [] });
  });
});

describe("a damaged record", () => {
  const path = (home: TempHome) => home.layout.machine(ID).state;
  const replace = (text: string) => (home: TempHome) => writeFile(path(home), text);
  const edit = (change: (record: Record<string, unknown>) => object) => async (home: TempHome) =>
    writeFile(path(home), JSON.stringify(change(JSON.parse(await readFile(path(home), "utf8")))));

  it.each([
    ["cut short", (home: TempHome) => truncate(path(home), 100), "it is no JSON; it may have been cut short"],
    ["emptied", replace(""), "it is no JSON"],
    [
      "deleted",
      async (home: TempHome) => {
        await writeFile(home.layout.machine(ID).disk, "");
        await rm(path(home));
      },
      "the file is missing",
    ],
    [
      "of a newer version",
      edit((record) => ({ ...record, version: 2, more: 1 })),
      "it has version 2 and this bothy",
    ],
    ["of another disk format", edit((record) => ({ ...record, diskFormat: 7 })), "diskFormat"],
    ["no object", replace("null"), "expected object"],
    ["without a key", edit(({ machineId: _, ...rest }) => rest), "machineId"],
    ["with a key too many", edit((record) => ({ ...record, colour: "red" })), "colour"],
    ["another machine's", edit((record) => ({ ...record, id: "eeeeeeeeeeee" })), "eeeeeeeeeeee"],
    [
      "a folder",
      async (home: TempHome) => {
        await rm(path(home));
        await mkdir(path(home));
      },
      "EISDIR",
    ],
  ])("%s: that machine is broken, with the reason, and the others are listed", async (_, damage, reason) => {
    await using home = await tempHome();
    const other = machineRecord({ id: "999999999999", name: "other" });
    await writeRecord(home.layout, machineRecord());
    await writeRecord(home.layout, other);
    await damage(home);
    const { records, broken } = await listRecords(home.layout);
    expect(records).toEqual([other]);
    expect(broken).toMatchObject([{ id: ID, error: { code: "MACHINE_BROKEN" } }]);
    expect(broken[0]?.error).toBeInstanceOf(BothyError);
    expect(broken[0]?.error.message).toContain(`cannot use ${path(home)}: `);
    expect(broken[0]?.error.message).toContain(reason);
  });

  it("is not what other things in the folder are", async () => {
    await using home = await tempHome();
    await writeRecord(home.layout, machineRecord());
    await mkdir(`${home.layout.machines()}/lost+found`);
    await writeFile(`${home.layout.machines()}/.notes`, "");
    expect(await listRecords(home.layout)).toMatchObject({ records: [{ id: ID }], broken: [] });
  });
});

describe("a folder of a machine", () => {
  it("without record, disk and keys is no machine: a kill left it", async () => {
    await using home = await tempHome();
    await mkdir(home.layout.machine(ID).seed, { recursive: true });
    await writeFile(`${home.layout.machine(ID).folder}/.machine.json.12345678.tmp`, "{");
    expect(await listRecords(home.layout)).toEqual({ records: [], broken: [] });
    await mkdir(home.layout.machine(ID).keys);
    expect((await listRecords(home.layout)).broken).toMatchObject([{ id: ID }]);
  });

  it("may be taken away empty while its record is being written", async () => {
    await using home = await tempHome();
    const { folder } = home.layout.machine(ID);
    await mkdir(folder, { recursive: true });
    const writing = writeRecord(home.layout, machineRecord());
    await rm(folder, { recursive: true, force: true }); // whichever comes first
    await writing;
    const { records, broken } = await listRecords(home.layout);
    expect([records.length <= 1, broken]).toEqual([true, []]);
  });
});

describe("removeMachineFiles", () => {
  it("keeps the record until everything else is gone", async () => {
    await using home = await tempHome();
    const { folder, keys } = home.layout.machine(ID);
    await writeRecord(home.layout, machineRecord({ intent: "destroying" }));
    await mkdir(keys);
    await run(["mount", "-t", "tmpfs", "tmpfs", keys]); // busy: here a removal stops, as at a kill
    try {
      await expect(removeMachineFiles(home.layout, ID)).rejects.toMatchObject({ code: "EBUSY" });
      expect((await listRecords(home.layout)).records).toMatchObject([{ id: ID, intent: "destroying" }]);
    } finally {
      await run(["umount", keys]);
    }
    await removeMachineFiles(home.layout, ID);
    expect(existsSync(folder)).toBe(false);
  });

  it("removes all of one machine and nothing of another; twice is no error", async () => {
    await using home = await tempHome();
    await writeRecord(home.layout, machineRecord());
    await writeRecord(home.layout, machineRecord({ id: "999999999999" }));
    await mkdir(home.layout.machine(ID).run, { recursive: true });
    await removeMachineFiles(home.layout, ID);
    await removeMachineFiles(home.layout, ID);
    expect(await readdir(home.layout.machines())).toEqual(["999999999999"]);
    expect(await readdir(`${home.layout.run}/machines`)).toEqual([]);
  });

  it.each(["", "..", "../projects"])("refuses the id %j", async (id) => {
    await using home = await tempHome();
    await writeRecord(home.layout, machineRecord());
    await expect(removeMachineFiles(home.layout, id)).rejects.toThrow("is not inside");
    expect((await listRecords(home.layout)).records).toHaveLength(1);
  });
});
