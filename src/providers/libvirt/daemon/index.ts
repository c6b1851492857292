/** The way to libvirt: connecting, starting the daemons where nobody else does, and its errors in our words. */
export { connectOrLaunch, type DaemonTarget, daemonUri, isDefaultDaemon, tryConnect } from "./client.ts";
export { DRIVER_PACKAGE, isNoDomain, isStateChanged, translate } from "./errors.ts";
export {
  answers,
  type DaemonPaths,
  daemonPaths,
  hasSystemd,
  installedDaemon,
  launchDaemon,
  launchLogDaemon,
} from "./launch.ts";
