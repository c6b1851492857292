/** Ways into a running machine over SSH. */
export { type OpenSshTarget, sshCommand } from "./openssh.ts";
export { type LoginOptions, openSession, type SshSession, type SshTarget } from "./session.ts";
