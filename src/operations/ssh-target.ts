import type { OpenSshTarget } from "../connections/index.ts";
import { ensureKeys, type MachineRecord } from "../machines/index.ts";
import type { Context } from "./context.ts";
import { learnHostKey } from "./host-key.ts";

/** Where and how to log in to a machine as its user. */
export async function sshTarget(ctx: Context, record: MachineRecord, ip: string): Promise<OpenSshTarget> {
  const { keys } = ctx.layout.machine(record.id);
  const { identityFile, hostKeyPublic } = await ensureKeys(keys, record.id);
  const alias = `${record.name}.${record.project.name}.internal`;
  return {
    host: ip,
    port: 22,
    user: record.box.user,
    identityFile,
    hostKey: record.box.disk ? await learnHostKey(keys, ip) : hostKeyPublic,
    alias,
    folder: keys,
  };
}
