import { type DomainRef, Remote } from "../protocol/index.ts";
import type { CallOptions, RpcConnection } from "../rpc/index.ts";

/** Stopping, pausing and restarting domains. All fail with NO_DOMAIN or OPERATION_INVALID. */
export function power(rpc: RpcConnection) {
  return {
    /** Asks the guest to stop, see `ShutdownFlags`; resolves when it was asked, not when it stopped. */
    shutdown(dom: DomainRef, flags = 0, options: CallOptions = {}): Promise<void> {
      return rpc.call(Remote.DOMAIN_SHUTDOWN_FLAGS, { dom, flags }, options);
    },

    /** Asks the guest to restart, see `ShutdownFlags`; resolves when it was asked. */
    reboot(dom: DomainRef, flags = 0, options: CallOptions = {}): Promise<void> {
      return rpc.call(Remote.DOMAIN_REBOOT, { dom, flags }, options);
    },

    /** Presses the reset button. */
    reset(dom: DomainRef, options: CallOptions = {}): Promise<void> {
      return rpc.call(Remote.DOMAIN_RESET, { dom, flags: 0 }, options);
    },

    /** Pulls the plug, see `DestroyFlags`. A transient domain is gone afterwards. */
    destroy(dom: DomainRef, flags = 0, options: CallOptions = {}): Promise<void> {
      return rpc.call(Remote.DOMAIN_DESTROY_FLAGS, { dom, flags }, options);
    },

    /** Stops the virtual CPUs; memory stays. */
    suspend(dom: DomainRef, options: CallOptions = {}): Promise<void> {
      return rpc.call(Remote.DOMAIN_SUSPEND, { dom }, options);
    },

    /** Lets the virtual CPUs run again. */
    resume(dom: DomainRef, options: CallOptions = {}): Promise<void> {
      return rpc.call(Remote.DOMAIN_RESUME, { dom }, options);
    },
  };
}
