import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { LayerFile } from "../../../src/providers/provider.ts";
import { asset, type Layout } from "../../../src/system/index.ts";

const INIT = `#!/.bothy/bin/busybox sh
trap '/.bothy/bin/busybox kill -KILL -1; exit 0' TERM
echo "guest is up"
[ ! -e /etc/die-early ] || { /.bothy/bin/busybox sleep 0.3; exit 7; }
while read -r name mac address gateway; do
  /.bothy/bin/busybox ip address add "$address" dev "$name"
  /.bothy/bin/busybox ip link set "$name" up
done </run/bothy/seed/interfaces
[ ! -f /run/bothy/seed/init ] || { read -r init </run/bothy/seed/init; exec "$init"; }
while :; do /.bothy/bin/busybox sleep 1000 & wait $!; done
`;

const EXEC = `#!/.bothy/bin/busybox sh
while getopts u:w:e: option; do
  case $option in w) cd "$OPTARG" ;; e) export "$OPTARG" ;; esac
done
shift $((OPTIND - 1))
exec "$@"
`;

/** A box of busybox alone. */
export function makeBox(folder: string): void {
  for (const name of ["bin", "etc", "dev", "proc", "sys", "run", "tmp", "root", "usr", "var", "srv"]) {
    mkdirSync(join(folder, name));
  }
  copyFileSync("/bin/busybox", join(folder, "bin/busybox"));
  const applets = [
    "sh",
    "cat",
    "echo",
    "sleep",
    "id",
    "ls",
    "mount",
    "kill",
    "head",
    "hostname",
    "ip",
    "mknod",
  ];
  for (const name of [...applets, "unshare", "rm", "mkdir", "ln", "stat", "md5sum", "dd", "yes", "grep"]) {
    symlinkSync("busybox", join(folder, "bin", name));
  }
  mkdirSync(join(folder, "srv/data"), { mode: 0o750 });
  writeFileSync(join(folder, "srv/data/from-image"), "image\n");
}

/** Stands in for boxes/tools: only what these tests look at, and the real `volumes`. */
export function makeTools(folder: string): void {
  mkdirSync(join(folder, "bin"));
  copyFileSync("/bin/busybox", join(folder, "bin/busybox"));
  const scripts = { init: INIT, exec: EXEC, volumes: readFileSync(asset("boxes/tools/volumes"), "utf8") };
  for (const [name, text] of Object.entries(scripts)) {
    writeFileSync(join(folder, name), text, { mode: 0o755 });
  }
}

/** Packs what `make` puts into a folder as a layer of the store. */
export function packImage(store: Layout, make: (folder: string) => void): LayerFile {
  mkdirSync(store.temporary(), { recursive: true });
  const folder = mkdtempSync(join(store.temporary(), "image-"));
  make(folder);
  const file = `${folder}.erofs`;
  execFileSync("mkfs.erofs", ["-zlz4", "--quiet", file, folder], { stdio: "ignore" });
  const digest = createHash("sha256").update(readFileSync(file)).digest("hex");
  rmSync(folder, { recursive: true });
  renameSync(file, store.layer(digest));
  return { digest, path: store.layer(digest) };
}
