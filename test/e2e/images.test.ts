import { chmod, copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { run } from "../../src/system/index.ts";
import { type Lab, lab, succeeded } from "../support/lab.ts";
import { writeLayout } from "../support/oci-layout.ts";
import { startRegistry } from "../support/registry.ts";

const BUSYBOX = "/bin/busybox";
const BOTH = ["container", "vm"] as const;

/** An image with nothing but a web server and a page: no shell, no accounts, no SSH server. */
async function writeServerImage(folder: string): Promise<void> {
  const server = [
    { name: "bin", type: "directory" as const },
    { name: "bin/httpd", mode: 0o755, content: await readFile(BUSYBOX) },
  ];
  const page = [
    { name: "srv", type: "directory" as const },
    { name: "srv/index.html", content: "hello from the image\n" },
  ];
  await writeLayout(folder, {
    layers: [server, page],
    config: {
      Entrypoint: ["/bin/httpd", "-f"],
      Cmd: ["-p", "8080", "-h", "/srv"],
      User: "1234:1234",
      ExposedPorts: { "8080/tcp": {} },
    },
  });
}

interface Machine {
  readonly ip: string;
  readonly state: string;
  readonly health: string | null;
}

async function statusOf(shop: Lab, name: string): Promise<Machine> {
  const { machines } = await shop.json<{ machines: (Machine & { name: string })[] }>("status");
  const found = machines.find((machine) => machine.name === name);
  if (!found) throw new Error(`no machine ${name}`);
  return found;
}

async function fetchText(shop: Lab, name: string, port: number): Promise<string> {
  const { ip } = await statusOf(shop, name);
  return (await fetch(`http://${ip}:${port}/`)).text();
}

describe("an image of a registry", () => {
  it("answers at both levels, although it has no shell, no accounts and no SSH server", async () => {
    await using registry = await startRegistry();
    await using shop = await lab("");
    const layout = join(shop.folder, "layout");
    await writeServerImage(layout);
    const reference = await registry.push(`oci:${layout}:latest`, "team/web:1");
    await shop.write(`machines: { web: { image: "${reference}", memory: 256MiB, cpus: 1 } }`);
    for (const level of BOTH) {
      succeeded(await shop.bothy("up", "--isolation", level));
      expect(await fetchText(shop, "web", 8080)).toBe("hello from the image\n");
      expect(succeeded(await shop.bothy("ssh", "web", "-c", "echo $HOME; cat /srv/index.html"))).toContain(
        "hello",
      );
      const owner = await shop.bothy("exec", "web", "--", "/.bothy/bin/busybox", "ps", "-o", "user,args");
      expect(succeeded(owner)).toMatch(/1234\s+\/bin\/httpd -f -p 8080/);
      await writeFile(join(shop.folder, `${level}.txt`), level);
      succeeded(await shop.bothy("cp", `${level}.txt`, `web:/srv/${level}.txt`));
      succeeded(await shop.bothy("halt"));
      expect((await statusOf(shop, "web")).state).toBe("stopped");
    }
    succeeded(await shop.bothy("up", "--isolation", "container"));
    expect(succeeded(await shop.bothy("exec", "web", "--", "/.bothy/bin/busybox", "ls", "/srv"))).toContain(
      "vm.txt",
    );
  });
});

const DOCKERFILE = `FROM scratch AS base
COPY busybox /bin/busybox
RUN ["/bin/busybox", "--install", "-s", "/bin"]
RUN mkdir -p /etc /var/lib/data /tmp && echo 'root:x:0:0:root:/root:/bin/sh' >/etc/passwd \\
 && echo 'app:x:500:500:app:/home/app:/bin/sh' >>/etc/passwd && echo 'app:x:500:' >/etc/group \\
 && mkdir -p /home/app && chown 500:500 /var/lib/data /home/app

FROM base
ARG GREETING=unset
ENV GREETING=$GREETING
COPY entry.sh /entry.sh
VOLUME /var/lib/data
EXPOSE 8000
HEALTHCHECK --interval=1s --timeout=5s --retries=2 CMD wget -q -O /dev/null http://127.0.0.1:8000/
STOPSIGNAL SIGUSR1
USER app
WORKDIR /var/lib/data
ENTRYPOINT ["/entry.sh"]
CMD ["8000"]
`;

const ENTRY = `#!/bin/sh
trap 'echo "asked to stop" >>log; kill %1; exit 0' USR1
echo "$GREETING from $(id -un)" >index.html
httpd -f -p "$1" -h /var/lib/data &
wait
`;

describe("a Dockerfile", () => {
  it("with an entrypoint script, a user and a volume runs at both levels, and keeps its volume", async () => {
    await using shop = await lab("");
    const context = join(shop.folder, "app");
    await mkdir(context);
    await copyFile(BUSYBOX, join(context, "busybox"));
    await chmod(join(context, "busybox"), 0o755);
    await writeFile(join(context, "Dockerfile"), DOCKERFILE);
    await writeFile(join(context, "entry.sh"), ENTRY, { mode: 0o755 });
    await shop.write(
      "machines: { app: { build: { context: ./app, args: { GREETING: hello } }, memory: 256MiB, cpus: 1 } }",
    );
    for (const level of BOTH) {
      succeeded(await shop.bothy("up", "--isolation", level));
      expect(await fetchText(shop, "app", 8000)).toBe("hello from app\n");
      const health = async () => (await statusOf(shop, "app")).health;
      await expect.poll(health, { timeout: 30_000 }).toBe("healthy");
      await shop.inside("app", "mv /var/lib/data/index.html /var/lib/data/away");
      await expect.poll(health, { timeout: 30_000 }).toBe("unhealthy");
      succeeded(await shop.bothy("halt"));
      expect(await health()).toBeNull();
    }
    succeeded(await shop.bothy("up", "--isolation", "container"));
    expect(await shop.inside("app", "cat /var/lib/data/log")).toBe("asked to stop\nasked to stop\n");
    expect(await shop.inside("app", "grep -c ' /var/lib/data ' /proc/self/mountinfo")).toBe("1\n");
  });

  it("that fails says which step, and leaves the store as it was", async () => {
    await using shop = await lab("machines: { app: { build: ./app } }");
    const context = join(shop.folder, "app");
    await mkdir(context);
    await copyFile(BUSYBOX, join(context, "busybox"));
    await writeFile(
      join(context, "Dockerfile"),
      'FROM scratch\nCOPY --chmod=755 busybox /bin/busybox\nRUN ["/bin/busybox", "sh", "-c", "echo oh no; exit 7"]\n',
    );
    const failed = await shop.bothy("up");
    expect(failed.exitCode).toBe(1);
    expect(failed.stderr).toMatch(/exit (code|status) 7/);
    expect(failed.stderr).toContain("oh no");
    const { stdout } = await run(["find", shop.layout.boxes(), "-path", "*/build/app-*"]);
    expect(stdout).toBe("");
  });
});
