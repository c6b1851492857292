import { describe, expect, it } from "vitest";
import { lab, succeeded } from "../support/lab.ts";

const YAML = `
defaults: { box: debian/12 }
machines:
  db: { isolation: vm, cpus: 2, memory: 768MiB, disk: 3GiB, limits: { pids: 300 } }
  web: { cpus: 0.5, memory: 256MiB, disk: 3GiB, limits: { pids: 200 } }
  slim: { box: debian/12-slim }
`;

describe("a lab of both levels", () => {
  it("comes up at once, knows its names, keeps its limits, and is told apart by globs and ids", async () => {
    await using shop = await lab(YAML);
    const { machines } = await shop.json<{ machines: { name: string; ip: string; id: string }[] }>("up");
    expect(machines.map(({ name }) => name)).toEqual(["db", "web", "slim"]);
    const ip = (name: string) => machines.find((machine) => machine.name === name)?.ip;
    for (const from of ["db", "web"]) {
      for (const to of ["db", "web", "slim"]) {
        expect(await shop.inside(from, `getent ahostsv4 ${to}.shop.internal | head -1`)).toContain(
          `${ip(to)} `,
        );
        await shop.inside(from, `ping -c 1 -W 5 ${to}`);
      }
    }
    expect(
      await shop.inside("slim", "/.bothy/bin/busybox ping -c 1 -W 5 db >/dev/null && echo reached"),
    ).toBe("reached\n");

    // limits, seen from inside
    const megabytes = (text: string) => Number(text.trim());
    expect(await shop.inside("db", "nproc")).toBe("2\n");
    expect(megabytes(await shop.inside("db", "free -m | awk 'NR==2 {print $2}'"))).toBeGreaterThan(600);
    for (const name of ["db", "web"]) {
      const size = Number(await shop.inside(name, "df -m / | awk 'NR==2 {print $2}'"));
      expect(size).toBeGreaterThan(2700);
      expect(size).toBeLessThanOrEqual(3072);
      const forks = await shop.inside(
        name,
        "for i in $(seq 400); do sleep 20 & done 2>&1 | grep -c -i 'fork\\|resource' || true",
      );
      expect(Number(forks), `${name} forks beyond its pids limit`).toBeGreaterThan(0);
    }

    // one name where one is needed
    const ambiguous = await shop.bothy("ssh", "-c", "true");
    expect(ambiguous.exitCode).toBe(125);
    expect(ambiguous.stderr).toMatch(/which machine\?.*db, web, slim/);
    const byId = await shop.bothyWith(["exec", machines[1]?.id.slice(0, 6) ?? "", "--", "hostname"], {
      cwd: "/",
    });
    expect(byId.stdout).toBe("web\n");
    succeeded(await shop.bothy("halt", "*b"));
    const { machines: now } = await shop.json<{ machines: { name: string; state: string }[] }>("status");
    expect(now.map(({ state }) => state)).toEqual(["stopped", "stopped", "running"]);
    expect(succeeded(await shop.bothyWith(["status", "--all"], { cwd: "/" }))).toContain(shop.folder);
  });
});
