/*
 * Flags for calls; combine with `|`. Names are libvirt's without their prefix.
 * Source: include/libvirt/libvirt-domain.h, libvirt 9.0.
 */

/** For `create`. */
export const CreateFlags = {
  PAUSED: 1,
  AUTODESTROY: 2,
  BYPASS_CACHE: 4,
  VALIDATE: 16,
  RESET_NVRAM: 32,
} as const;

/** For `list`; none means all domains. */
export const ListFlags = {
  ACTIVE: 1,
  INACTIVE: 2,
  PERSISTENT: 4,
  TRANSIENT: 8,
  RUNNING: 16,
  PAUSED: 32,
  SHUTOFF: 64,
  OTHER: 128,
} as const;

/** For `xml`. */
export const XmlFlags = { SECURE: 1, INACTIVE: 2, UPDATE_CPU: 4, MIGRATABLE: 8 } as const;

/** For `shutdown` and `reboot`: how to ask; none lets the hypervisor choose. */
export const ShutdownFlags = {
  ACPI_POWER_BTN: 1,
  GUEST_AGENT: 2,
  INITCTL: 4,
  SIGNAL: 8,
  PARAVIRT: 16,
} as const;

/** For `destroy`: GRACEFUL fails instead of killing a process that does not end by itself. */
export const DestroyFlags = { GRACEFUL: 1, REMOVE_LOGS: 2 } as const;

/** For metadata: which definition; none means the live one of a running domain. */
export const AffectFlags = { LIVE: 1, CONFIG: 2 } as const;

/** For `console`: FORCE takes it from another client, SAFE fails where that cannot be excluded. */
export const ConsoleFlags = { FORCE: 1, SAFE: 2 } as const;

/** For `channel`: FORCE takes it from another client. */
export const ChannelFlags = { FORCE: 1 } as const;
