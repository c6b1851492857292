import { array, int, nothing, option, struct, uhyper, uint } from "../xdr/index.ts";
import { Limits } from "./limits.ts";
import { Program, procedures } from "./procedure.ts";
import { domain, optionalText, storagePool, storageVolume, text, uuid } from "./types.ts";

const domainOnly = struct({ dom: domain });
const domainWithFlags = struct({ dom: domain, flags: uint });
const domainFound = struct({ dom: domain });
const listRequest = struct({ needResults: int, flags: uint });
const transfer = struct({ vol: storageVolume, offset: uhyper, length: uhyper, flags: uint });
const commandWithFlags = struct({ dom: domain, cmd: text, flags: uint });

/**
 * The procedures this library can call: number, arguments, result. A new one is one entry.
 * Source: src/remote/remote_protocol.x, libvirt 9.0 (numbers and layouts are a stable ABI).
 */
export const Remote = procedures(Program.REMOTE, {
  CONNECT_OPEN: [1, struct({ name: optionalText, flags: uint }), nothing],
  CONNECT_CLOSE: [2, nothing, nothing],
  CONNECT_GET_VERSION: [4, nothing, struct({ version: uhyper })],
  CONNECT_GET_CAPABILITIES: [7, nothing, struct({ capabilities: text })],
  DOMAIN_CREATE_XML: [10, struct({ xml: text, flags: uint }), domainFound],
  DOMAIN_GET_XML_DESC: [14, domainWithFlags, struct({ xml: text })],
  DOMAIN_GET_INFO: [
    16,
    domainOnly,
    struct({ state: uint, maxMem: uhyper, memory: uhyper, nrVirtCpu: uint, cpuTime: uhyper }),
  ],
  DOMAIN_LOOKUP_BY_NAME: [23, struct({ name: text }), domainFound],
  DOMAIN_LOOKUP_BY_UUID: [24, struct({ uuid }), domainFound],
  DOMAIN_REBOOT: [27, domainWithFlags, nothing],
  DOMAIN_RESUME: [28, domainOnly, nothing],
  DOMAIN_SUSPEND: [34, domainOnly, nothing],
  CONNECT_GET_HOSTNAME: [59, nothing, struct({ hostname: text })],
  CONNECT_SUPPORTS_FEATURE: [60, struct({ feature: int }), struct({ supported: int })],
  AUTH_LIST: [66, nothing, struct({ types: array(int, Limits.AUTH_TYPES) })],
  AUTH_POLKIT: [70, nothing, struct({ complete: int })],
  STORAGE_POOL_CREATE_XML: [76, struct({ xml: text, flags: uint }), struct({ pool: storagePool })],
  STORAGE_POOL_DESTROY: [80, struct({ pool: storagePool }), nothing],
  STORAGE_VOL_CREATE_XML: [
    93,
    struct({ pool: storagePool, xml: text, flags: uint }),
    struct({ vol: storageVolume }),
  ],
  STORAGE_VOL_DELETE: [94, struct({ vol: storageVolume, flags: uint }), nothing],
  CONNECT_GET_URI: [110, nothing, struct({ uri: text })],
  CONNECT_GET_LIB_VERSION: [157, nothing, struct({ version: uhyper })],
  DOMAIN_OPEN_CONSOLE: [201, struct({ dom: domain, device: optionalText, flags: uint }), nothing],
  STORAGE_VOL_UPLOAD: [208, transfer, nothing],
  STORAGE_VOL_DOWNLOAD: [209, transfer, nothing],
  DOMAIN_GET_STATE: [212, domainWithFlags, struct({ state: int, reason: int })],
  DOMAIN_DESTROY_FLAGS: [234, domainWithFlags, nothing],
  DOMAIN_RESET: [245, domainWithFlags, nothing],
  DOMAIN_SHUTDOWN_FLAGS: [258, domainWithFlags, nothing],
  DOMAIN_SET_METADATA: [
    264,
    struct({
      dom: domain,
      type: int,
      metadata: optionalText,
      key: optionalText,
      uri: optionalText,
      flags: uint,
    }),
    nothing,
  ],
  DOMAIN_GET_METADATA: [
    265,
    struct({ dom: domain, type: int, uri: optionalText, flags: uint }),
    struct({ metadata: text }),
  ],
  CONNECT_LIST_ALL_DOMAINS: [
    273,
    listRequest,
    struct({ domains: array(domain, Limits.LIST_LENGTH), count: uint }),
  ],
  CONNECT_LIST_ALL_STORAGE_POOLS: [
    281,
    listRequest,
    struct({ pools: array(storagePool, Limits.LIST_LENGTH), count: uint }),
  ],
  DOMAIN_OPEN_CHANNEL: [296, struct({ dom: domain, name: optionalText, flags: uint }), nothing],
  CONNECT_DOMAIN_EVENT_CALLBACK_REGISTER_ANY: [
    316,
    struct({ eventId: int, dom: option(domain) }),
    struct({ callbackId: int }),
  ],
  CONNECT_DOMAIN_EVENT_CALLBACK_DEREGISTER_ANY: [317, struct({ callbackId: int }), nothing],
  CONNECT_GET_DOMAIN_CAPABILITIES: [
    342,
    struct({
      emulator: optionalText,
      arch: optionalText,
      machine: optionalText,
      virtType: optionalText,
      flags: uint,
    }),
    struct({ capabilities: text }),
  ],
  CONNECT_REGISTER_CLOSE_CALLBACK: [360, nothing, nothing],
  CONNECT_UNREGISTER_CLOSE_CALLBACK: [361, nothing, nothing],
});

/** The procedures of the QEMU program. Source: src/remote/qemu_protocol.x, libvirt 9.0. */
export const Qemu = procedures(Program.QEMU, {
  DOMAIN_MONITOR_COMMAND: [1, commandWithFlags, struct({ result: text })],
  DOMAIN_AGENT_COMMAND: [
    3,
    struct({ dom: domain, cmd: text, timeout: int, flags: uint }),
    struct({ result: optionalText }),
  ],
});
