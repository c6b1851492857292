import { BothyError } from "../../../errors.ts";
import type { Root } from "./root.ts";

/** A user of a root. */
export interface Account {
  readonly home: string;
  readonly owner: { readonly uid: number; readonly gid: number };
}

const FIRST_ID = 1000;

/** The user of that name; made, with a home and no password, when there is none. */
export async function addAccount(root: Root, name: string): Promise<Account> {
  const passwd = await root.read("/etc/passwd");
  if (passwd === undefined) throw new BothyError("EXPORT_FAILED", "the box has no /etc/passwd");
  const found = fieldsOf(passwd).find(([user]) => user === name);
  if (found) {
    const [, , uid, gid, , home = "/"] = found;
    return { home, owner: { uid: Number(uid), gid: Number(gid) } };
  }
  const group = (await root.read("/etc/group")) ?? "";
  const id = freeId(passwd, group);
  const home = `/home/${name}`;
  const shell = (await root.stat("/bin/bash")) ? "/bin/bash" : "/bin/sh";
  await append(root, "/etc/passwd", passwd, `${name}:x:${id}:${id}:${name}:${home}:${shell}`);
  await append(root, "/etc/group", group, `${name}:x:${id}:`);
  // `*` and not `!`: sshd without PAM refuses keys too for a locked account
  await extend(root, "/etc/shadow", `${name}:*:19000:0:99999:7:::`);
  await extend(root, "/etc/gshadow", `${name}:*::`);
  const owner = { uid: id, gid: id };
  await root.folder(home, { owner });
  return { home, owner };
}

/** The lowest that neither a user nor a group has. */
function freeId(...files: string[]): number {
  const taken = new Set(files.flatMap((text) => fieldsOf(text).map((fields) => Number(fields[2]))));
  let id = FIRST_ID;
  while (taken.has(id)) id++;
  return id;
}

async function extend(root: Root, path: string, line: string): Promise<void> {
  const text = await root.read(path);
  if (text !== undefined) await append(root, path, text, line);
}

/** Owner and mode stay what they are. */
async function append(root: Root, path: string, text: string, line: string): Promise<void> {
  const stats = await root.stat(path);
  const owner = { uid: stats?.uid ?? 0, gid: stats?.gid ?? 0 };
  const mode = (stats?.mode ?? 0o644) & 0o7777;
  await root.write(path, `${text.replace(/\n?$/, "\n").replace(/^\n$/, "")}${line}\n`, { mode, owner });
}

function fieldsOf(text: string): string[][] {
  return text.split("\n").map((line) => line.split(":"));
}
