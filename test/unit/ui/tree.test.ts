import { describe, expect, it, vi } from "vitest";
import { treeReporter } from "../../../src/ui/tree.ts";

describe("treeReporter", () => {
  it("draws on stderr also when stdout is no terminal, and one failure stops no other task", async () => {
    const drawn: string[] = [];
    const write = vi
      .spyOn(process.stderr, "write")
      .mockImplementation((text) => drawn.push(String(text)) > 0);
    const stdout = vi.spyOn(process.stdout, "write").mockImplementation(() => true);
    const outcomes = await treeReporter().tasks(
      [
        { title: "db", run: () => Promise.reject(new Error("no room")) },
        {
          title: "web",
          run: async ({ title }) => {
            title("web is up");
            return 7;
          },
        },
      ],
      { parallel: 1 },
    );
    write.mockRestore();
    expect(outcomes).toMatchObject([
      { ok: false, error: { message: "no room" } },
      { ok: true, value: 7 },
    ]);
    expect(drawn.join("")).toContain("web is up");
    expect(stdout).not.toHaveBeenCalled();
  });
});
