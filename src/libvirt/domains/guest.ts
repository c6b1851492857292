import type { Duplex } from "node:stream";
import { type DomainRef, Qemu, Remote } from "../protocol/index.ts";
import type { CallOptions, RpcConnection } from "../rpc/index.ts";

/** Which serial console or channel, and how. */
export interface PortOptions extends CallOptions {
  /** The device's alias for a console, the target name for a channel; else the first one. */
  readonly name?: string;
  /** `ConsoleFlags` or `ChannelFlags`. */
  readonly flags?: number;
}

/** Options of a guest agent command. */
export interface AgentOptions extends CallOptions {
  /** How long the server waits for the agent; else libvirt's default of 5 s. */
  readonly timeoutSeconds?: number;
}

/** `VIR_DOMAIN_QEMU_AGENT_COMMAND_DEFAULT`, include/libvirt/libvirt-qemu.h, libvirt 9.0. */
const AGENT_DEFAULT_TIMEOUT = -1;

/** `VIR_DOMAIN_QEMU_MONITOR_COMMAND_HMP`, same file. */
const HMP = 1;

/** Talking to what runs in a domain and to its QEMU. */
export function guest(rpc: RpcConnection) {
  return {
    /**
     * Opens a serial console, both ways. It ends when the domain stops. Read it or destroy it: unread
     * output stops all reading on the connection once it fills the buffer and no call is in flight.
     */
    console(dom: DomainRef, { name, flags = 0, signal }: PortOptions = {}): Promise<Duplex> {
      const args = { dom, device: name ?? null, flags };
      return rpc.openStream(Remote.DOMAIN_OPEN_CONSOLE, args, "both", { signal });
    },

    /** Opens the host end of a channel, both ways; otherwise as `console`. */
    channel(dom: DomainRef, { name, flags = 0, signal }: PortOptions = {}): Promise<Duplex> {
      const args = { dom, name: name ?? null, flags };
      return rpc.openStream(Remote.DOMAIN_OPEN_CHANNEL, args, "both", { signal });
    },

    /** Sends a QMP command as JSON text; resolves to QEMU's answer, errors included, as JSON text. */
    async monitorCommand(dom: DomainRef, cmd: string, options: CallOptions = {}): Promise<string> {
      return (await rpc.call(Qemu.DOMAIN_MONITOR_COMMAND, { dom, cmd, flags: 0 }, options)).result;
    },

    /** Sends a command of QEMU's human monitor, e.g. `info status`; resolves to its text. */
    async humanMonitorCommand(dom: DomainRef, cmd: string, options: CallOptions = {}): Promise<string> {
      return (await rpc.call(Qemu.DOMAIN_MONITOR_COMMAND, { dom, cmd, flags: HMP }, options)).result;
    },

    /** Sends a guest agent command as JSON text. Fails with AGENT_UNRESPONSIVE when there is no agent. */
    async agentCommand(dom: DomainRef, cmd: string, options: AgentOptions = {}): Promise<string | null> {
      const timeout = options.timeoutSeconds ?? AGENT_DEFAULT_TIMEOUT;
      return (await rpc.call(Qemu.DOMAIN_AGENT_COMMAND, { dom, cmd, timeout, flags: 0 }, options)).result;
    },
  };
}
