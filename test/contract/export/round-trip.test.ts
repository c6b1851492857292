import { join } from "node:path";
import { expect, it } from "vitest";
import { exportBox } from "../../../src/boxes/export/index.ts";
import { addFile } from "../../../src/boxes/file/index.ts";
import { addImage, openArchive, openLayout } from "../../../src/boxes/image/index.ts";
import { type Box, resolveLayers } from "../../../src/boxes/index.ts";
import { layerSteps, MERGED, mounted } from "../../../src/boxes/mounted/index.ts";
import { type Layout, run } from "../../../src/system/index.ts";
import { listTree, scriptedBox } from "../../support/scripted-box.ts";
import { tempHome } from "../../support/temp-home.ts";

/** What we export, we read back: everything that layers can have. */
const BASE = `
  mkdir -p bin dev etc opt usr/share/doc/apt var/lib; echo old >etc/issue; echo below >usr/share/doc/apt/below
  cp /bin/true bin/true; ln bin/true bin/false; setcap cap_chown=ep bin/true; mknod dev/tty c 5 0; chown 3:4 var/lib`;
const CHANGES = `
  mkdir -p etc usr/share/doc opt/in; mknod etc/issue c 0 0; echo new >etc/issue.net
  mkdir usr/share/doc/apt; setfattr -n user.overlay.opaque -v y usr/share/doc/apt; echo mine >usr/share/doc/apt/mine
  echo x >opt/x; ln opt/x opt/y; chown 7:8 opt/x; touch -d @12.5 opt/x; cp /bin/true opt/true; setcap cap_net_raw=ep opt/true
  chmod 4755 opt/true; mkfifo opt/pipe; mknod opt/null c 1 3; ln -s /nowhere opt/link; touch "opt/$(printf 'two\\nlines')"
  mkdir -p opt/$(printf '%0120d' 1); echo deep >opt/$(printf '%0120d' 1)/$(printf '%0120d' 2); setfacl -m u:33:r opt/x`;

it.each([
  ["oci", "web", (layout: Layout, path: string) => openLayout(layout, path)],
  ["oci", "web.tar", (layout: Layout, path: string) => openArchive(layout, path)],
  ["docker", "web.tar", (layout: Layout, path: string) => openArchive(layout, path)],
] as const)("a box comes back the same through %s, %s", async (format, name, open) => {
  await using home = await tempHome();
  const { layout } = home;
  const box = await makeBox(layout);
  const output = join(home.folder, name);
  await exportBox(layout, box, { format, output });
  await using source = await open(layout, output);
  const back = await addImage(layout, source, "back");
  const { entrypoint, command, runAs, workdir, environment, volumes, exposedPorts, labels, stopSignal } = box;
  expect(back).toMatchObject({
    entrypoint,
    command,
    runAs,
    workdir,
    environment,
    volumes,
    exposedPorts,
    labels,
    stopSignal,
  });
  expect(back.healthcheck).toEqual(box.healthcheck);
  expect(await contentOf(layout, back)).toEqual(await contentOf(layout, box));
  await exportBox(layout, back, { format: "rootfs", output: join(home.folder, "back.tar") });
  await exportBox(layout, box, { format: "rootfs", output: join(home.folder, "box.tar") });
  await run(["cmp", join(home.folder, "back.tar"), join(home.folder, "box.tar")]);
});

it.each(["web.tar", "web.tar.gz", "web.tar.zst"])(
  "a root file system comes back the same through %s",
  async (name) => {
    await using home = await tempHome();
    const { layout } = home;
    const box = await makeBox(layout);
    const output = join(home.folder, name);
    await exportBox(layout, box, { format: "rootfs", output });
    const back = await addFile(layout, output, { name: "back", cwd: home.folder });
    expect(await contentOf(layout, back)).toEqual(await contentOf(layout, box));
  },
);

function makeBox(layout: Layout): Promise<Box> {
  return scriptedBox(layout, "shop/web", [BASE, CHANGES], {
    ...{ environment: { A: "b=c" }, labels: { l: "m" } },
    ...{
      entrypoint: ["/opt/true"],
      command: ["-v"],
      runAs: "www-data",
      workdir: "/opt",
      stopSignal: "SIGQUIT",
    },
    ...{
      volumes: ["/opt/in"],
      exposedPorts: ["80/tcp"],
      healthcheck: { test: ["CMD", "true"], intervalMs: 2000 },
    },
  });
}

/** The tree as a machine would have it, and every extended attribute in it. */
async function contentOf(layout: Layout, box: Box): Promise<string[]> {
  await using mounts = await mounted(layout, layerSteps(await resolveLayers(layout, box)));
  const cwd = join(mounts.folder, MERGED);
  const { stdout } = await run(["getfattr", "-R", "-P", "-h", "-m", "-", "-d", "-e", "hex", "."], { cwd });
  return [...(await listTree(cwd)), ...stdout.split("\n\n").sort()];
}
