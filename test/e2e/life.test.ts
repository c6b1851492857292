import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { lab, succeeded } from "../support/lab.ts";

interface Status {
  machines: { name: string; state: string; isolation: string; ip: string; id: string }[];
}

describe.each(["container", "vm"] as const)("the life of a %s", (isolation) => {
  it("is created, used, halted, started and destroyed", async () => {
    await using shop = await lab(`machines:\n  web: { box: debian/12, isolation: ${isolation} }\n`);
    const up = await shop.json<{ machines: { action: string; ip: string }[] }>("up");
    expect(up.machines[0]).toMatchObject({ name: "web", isolation, action: "created" });
    expect((await shop.json<Status>("status")).machines[0]).toMatchObject({ state: "running", isolation });
    expect((await shop.json<typeof up>("up")).machines[0]?.action).toBe("unchanged");

    // ssh: as the user, by -c and by words, with exit codes, stdin and separate stderr
    expect(succeeded(await shop.bothy("ssh", "-c", "id -un; hostname"))).toBe("bothy\nweb\n");
    expect(succeeded(await shop.bothy("ssh", "web", "--", "printf", "%s|", "two words", "$HOME"))).toBe(
      "two words|$HOME|",
    );
    expect((await shop.bothy("ssh", "-c", "exit 7")).exitCode).toBe(7);
    expect(succeeded(await shop.bothy("ssh", "-c", "sudo id -un"))).toBe("root\n");
    const piped = await shop.bothyWith(["ssh", "-c", "cat; echo oops >&2"], { stdin: "in\n" });
    expect(piped).toMatchObject({ exitCode: 0, stdout: "in\n", stderr: "oops\n" });

    // exec: as root or somebody else
    expect(await shop.inside("web", "id -u; pwd")).toBe("0\n/root\n");
    const other = await shop.bothy(
      "exec",
      "web",
      "-u",
      "bothy",
      "-w",
      "/tmp",
      "-e",
      "A=b c",
      "--",
      "sh",
      "-c",
      'id -un; pwd; echo "$A"; exit 3',
    );
    expect(other).toMatchObject({ exitCode: 3, stdout: "bothy\n/tmp\nb c\n" });
    expect((await shop.bothy("exec", "web", "--", "no-such-program")).exitCode).toBe(127);

    // cp: both ways, files and folders, into and under a name
    const tree = join(shop.folder, "tree");
    await mkdir(join(tree, "sub dir"), { recursive: true });
    await writeFile(join(tree, "sub dir", "ümlaut.bin"), Buffer.from([0, 255, 10, 13]));
    succeeded(await shop.bothy("cp", "tree", "web:/tmp"));
    succeeded(await shop.bothy("cp", "tree", "web:renamed"));
    expect(await shop.inside("web", "stat -c %U /tmp/tree '/home/bothy/renamed/sub dir/ümlaut.bin'")).toBe(
      "bothy\nbothy\n",
    );
    succeeded(await shop.bothy("cp", "web:/tmp/tree", "back"));
    expect(await readFile(join(shop.folder, "back", "sub dir", "ümlaut.bin"))).toEqual(
      Buffer.from([0, 255, 10, 13]),
    );
    expect((await shop.bothy("cp", "tree", "web:/root/")).stderr).toContain("-u root");

    // it keeps what was written, and its name, address and host key
    await shop.inside("web", "echo kept > /srv/kept; sync");
    const before = (await shop.json<Status>("status")).machines[0];
    succeeded(await shop.bothy("halt"));
    expect((await shop.json<Status>("status")).machines[0]?.state).toBe("stopped");
    expect((await shop.json<{ machines: { action: string }[] }>("halt")).machines[0]?.action).toBe(
      "unchanged",
    );
    expect((await shop.bothy("ssh", "-c", "true")).exitCode).toBe(125);
    succeeded(await shop.bothy("up"));
    expect(await shop.inside("web", "cat /srv/kept")).toBe("kept\n");
    expect((await shop.json<Status>("status")).machines[0]).toMatchObject({ id: before?.id, ip: before?.ip });
    expect(succeeded(await shop.bothy("logs"))).not.toBe("");

    succeeded(await shop.bothy("destroy", "-f"));
    expect((await shop.json<Status>("status")).machines[0]?.state).toBe("absent");
    expect((await shop.json<{ machines: { action: string }[] }>("destroy", "-f")).machines[0]?.action).toBe(
      "unchanged",
    );
  });
});
