import { Flags } from "@oclif/core";
import { BaseCommand } from "../base-command.ts";
import { EXIT } from "../errors.ts";
import { type DoctorResult, doctor } from "../operations/doctor.ts";
import { confirm } from "../ui/index.ts";

export default class Doctor extends BaseCommand {
  static override summary = "find what this host lacks, and mend it";
  static override needsRoot = false;
  static override examples = ["<%= config.bin %> doctor", "<%= config.bin %> doctor --fix --yes"];
  static override flags = {
    fix: Flags.boolean({ description: "install and set what is missing" }),
    yes: Flags.boolean({
      char: "y",
      description: "do not ask before installing packages",
      dependsOn: ["fix"],
    }),
  };

  async run(): Promise<DoctorResult> {
    const { flags } = await this.parse(Doctor);
    const context = await this.context(flags);
    const approve = async (question: string) =>
      flags.yes || (process.stdin.isTTY && !this.jsonEnabled() && (await confirm(question, context.signal)));
    const result = await doctor(context, { fix: flags.fix, approve });
    if (!this.jsonEnabled()) this.print(result);
    if (result.findings.some((finding) => finding.status === "missing")) process.exitCode = EXIT.host;
    return result;
  }

  private print({ findings }: DoctorResult): void {
    const marks = { ok: "ok     ", warning: "warning", missing: "missing" };
    for (const { status, title, detail, hint } of findings) {
      this.log(`${marks[status]}  ${title}${detail ? `: ${detail}` : ""}`);
      if (status !== "ok" && hint) this.log(`           try: ${hint}`);
    }
  }
}
