import { resolve } from "node:path";
import { Command, Flags, type Interfaces } from "@oclif/core";
import { BothyError, EXIT } from "./errors.ts";
import { asFailure, failureJson, failureText, isExit } from "./failure.ts";
import type { Context } from "./operations/context.ts";
import type { Reporter } from "./operations/reporter.ts";
import { providerRegistry } from "./providers/registry.ts";
import { disableColor, layout, setDebugSink } from "./system/index.ts";
import { plainReporter, silentReporter } from "./ui/index.ts";

/** The flags that every command has. */
export type GlobalFlags = Interfaces.InferredFlags<typeof BaseCommand.baseFlags>;

/**
 * What all commands share: global flags, the context for operations, Ctrl-C, and how failures are shown.
 * A command is flags, one call, one print; the value it returns is its `--json` output.
 */
export abstract class BaseCommand extends Command {
  static override enableJsonFlag = true;
  static override baseFlags = {
    debug: Flags.boolean({ description: "show every program that is run", helpGroup: "GLOBAL" }),
    quiet: Flags.boolean({ char: "q", description: "show only warnings and errors", helpGroup: "GLOBAL" }),
    cwd: Flags.string({
      description: "work as if started in this folder",
      helpGroup: "GLOBAL",
      helpValue: "DIR",
    }),
    color: Flags.boolean({ description: "use colours", default: true, allowNo: true, helpGroup: "GLOBAL" }),
  };

  /** Whether the command touches the store or the backends. */
  static needsRoot = true;

  /** Whether an interrupt makes it take back what it began, which may take a moment. */
  static undoes = false;

  /** What a failure exits with where the table of codes does not decide; `ssh` and `exec` pass on others' codes. */
  protected readonly failureExit: number | undefined = undefined;
  #abort = new AbortController();

  /** The context for an operation, made from the global flags. */
  protected async context(flags: GlobalFlags): Promise<Context> {
    if (!flags.color) disableColor();
    if (flags.debug)
      setDebugSink((line) => this.say(`debug ${(performance.now() / 1000).toFixed(3)} ${line}`));
    if ((this.constructor as typeof BaseCommand).needsRoot) requireRoot();
    this.watchSignals();
    const store = layout();
    return {
      layout: store,
      providers: providerRegistry(store),
      reporter: await this.reporter(flags),
      signal: this.#abort.signal,
      cwd: resolve(flags.cwd ?? process.cwd()),
    };
  }

  /** Says something to a person: stderr, never stdout. */
  protected say(line: string): void {
    process.stderr.write(`${line}\n`);
  }

  protected override async catch(error: Error): Promise<unknown> {
    if (isExit(error)) throw error; // --help and --version end so
    const failure = asFailure(error, this.#abort.signal.aborted);
    process.exitCode = this.failureExit ?? failure.exit;
    if (this.jsonEnabled()) this.logJson(this.toErrorJson(failure));
    else this.say(failureText(failure, this.argv.includes("--debug")));
    return undefined;
  }

  protected override toErrorJson(error: unknown): unknown {
    return failureJson(asFailure(error, false));
  }

  /** First signal: the operation undoes what it began. Second: out at once; `gc` finds the rest. */
  private watchSignals(): void {
    const { undoes } = this.constructor as typeof BaseCommand;
    const onSignal = (signal: NodeJS.Signals) => {
      if (this.#abort.signal.aborted) process.exit(EXIT.interrupted);
      if (undoes && signal === "SIGINT")
        this.say("\ninterrupted: undoing what was begun (again to leave at once)");
      this.#abort.abort();
    };
    process.on("SIGINT", onSignal).on("SIGTERM", onSignal).on("SIGHUP", onSignal);
  }

  private async reporter(flags: GlobalFlags): Promise<Reporter> {
    const write = (line: string) => this.say(line);
    if (flags.quiet || this.jsonEnabled()) return silentReporter(write);
    if (!process.stderr.isTTY || flags.debug) return plainReporter(write);
    return (await import("./ui/tree.ts")).treeReporter();
  }
}

function requireRoot(): void {
  if (process.getuid?.() === 0) return;
  throw new BothyError("NOT_ROOT", "bothy needs root for now: it mounts disks and makes network links", {
    hints: [`sudo bothy ${process.argv.slice(2).join(" ")}`],
  });
}
