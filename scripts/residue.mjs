/** Fails when anything of ours is left on this host: mounts, loop devices, links, nft tables, domains, processes. */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";

const left = [];
const lines = (text) => text.split("\n").filter((line) => line !== "");
const output = (...argv) => {
  try {
    return lines(
      execFileSync(argv[0], argv.slice(1), { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }),
    );
  } catch {
    return [];
  }
};
const find = (kind, found) => left.push(...found.map((name) => `${kind}: ${name.slice(0, 160)}`));

find(
  "mount",
  lines(readFileSync("/proc/self/mounts", "utf8")).filter((line) => /bothy/.test(line)),
);
find(
  "loop device",
  output("losetup", "-a").filter((line) => /bothy/.test(line)),
);
find(
  "link",
  readdirSync("/sys/class/net").filter((name) => /^bo[0-9a-f]{12}\d$|^bob[0-9a-f]{8}$/.test(name)),
);
find(
  "nft table",
  output("nft", "list", "tables").filter((line) => /bothy_/.test(line)),
);
find(
  "domain",
  output("virsh", "-q", "list", "--all", "--name").filter((name) => /^bothy-/.test(name)),
);
find("cgroup", output("find", "/sys/fs/cgroup", "-type", "d", "-path", "*/bothy/*/*", "-prune"));
find("process", processes());

if (left.length > 0) {
  console.error(`left on this host:\n${left.map((line) => `  ${line}`).join("\n")}`);
  process.exit(1);
}
console.error("nothing left on this host");

/** Programs that bothy starts, told by their arguments: each carries a machine's id or a path of ours. */
function processes() {
  const programs = /^(qemu-system|conmon|runc|crun|dnsmasq|mmdebstrap)/;
  return readdirSync("/proc").flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return [];
    try {
      const program = readlinkSync(`/proc/${pid}/exe`).split("/").at(-1) ?? "";
      const argv = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
      return programs.test(program) && /bothy/.test(argv) ? [`${pid} ${argv}`] : [];
    } catch {
      return [];
    }
  });
}
