/** What the host has and is: KVM, QEMU's user, QEMU's processes. */
export {
  type AccelerationDoors,
  type AccelerationFact,
  findAcceleration,
  forcedAcceleration,
} from "./acceleration.ts";
export {
  canOpenKvm,
  fixKvmMode,
  KVM_DEVICE,
  kvmModeError,
  kvmModeProblem,
  readKvmMode,
} from "./kvm-device.ts";
export { type ProbeResult, probeKvm } from "./kvm-probe.ts";
export { listQemu, listQemuOf, listQemuOfStore, type QemuProcess, usingFolder } from "./processes.ts";
export { type QemuUser, readQemuUser } from "./qemu-user.ts";
export { findObstacle, type Obstacle, unreachableStore } from "./reach.ts";
