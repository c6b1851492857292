/** The environment variables that bothy reads: all of them, and only here. */
const VARIABLES = {
  /** The store's folder (default `/var/lib/bothy`). */
  BOTHY_HOME: "BOTHY_HOME",
  /** The folder for mounts and sockets of a running host (default `/run/bothy`, or one below it per other store). */
  BOTHY_RUN: "BOTHY_RUN",
  /** `crun` or `runc`: the OCI runtime to use instead of the first that works. */
  BOTHY_RUNTIME: "BOTHY_RUNTIME",
  /** `kvm` or `tcg`: skips the acceleration probe. */
  BOTHY_ACCEL: "BOTHY_ACCEL",
  /** libvirt's connection URI (default `qemu:///system`). */
  BOTHY_LIBVIRT_URI: "BOTHY_LIBVIRT_URI",
  /** Seconds that `up` waits for a machine to answer (default 300). */
  BOTHY_BOOT_TIMEOUT: "BOTHY_BOOT_TIMEOUT",
  /** The only file about registries that is read, instead of `/etc/bothy/registries.yaml` and the user's. */
  BOTHY_REGISTRIES: "BOTHY_REGISTRIES",
  /** The folder of Docker's `config.json` with credentials for registries (default `~/.docker`). */
  DOCKER_CONFIG: "DOCKER_CONFIG",
  /** Where the user's own configuration lies (default `~/.config`). */
  XDG_CONFIG_HOME: "XDG_CONFIG_HOME",
  /** PEM file with the certificate authorities to trust (default the system's, if it has one). */
  SSL_CERT_FILE: "SSL_CERT_FILE",
  /** The proxies for downloads, in the two spellings that are in use. */
  http_proxy: "http_proxy",
  HTTP_PROXY: "HTTP_PROXY",
  https_proxy: "https_proxy",
  HTTPS_PROXY: "HTTPS_PROXY",
  all_proxy: "all_proxy",
  ALL_PROXY: "ALL_PROXY",
  /** Hosts that are reached without the proxy: `localhost,10.0.0.0/8,.lab.example`. */
  no_proxy: "no_proxy",
  NO_PROXY: "NO_PROXY",
} as const;

/** The name of a variable that bothy reads. */
export type Variable = keyof typeof VARIABLES;

/** The value of one of our variables; empty counts as unset. */
export function environment(name: Variable): string | undefined {
  return process.env[VARIABLES[name]] || undefined;
}

/** The caller's whole environment: for programs that get the caller's terminal, and for variables that users name. */
export function hostEnvironment(): NodeJS.ProcessEnv {
  return process.env;
}

/** Tells every library in this process to leave colours out (https://no-color.org). */
export function disableColor(): void {
  process.env["NO_COLOR"] = "1";
}
