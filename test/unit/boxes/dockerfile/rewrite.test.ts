import { describe, expect, it } from "vitest";
import { parseDockerfile } from "../../../../src/boxes/dockerfile/parse.ts";
import { rewriteHeredocs } from "../../../../src/boxes/dockerfile/rewrite.ts";

const rewrite = (text: string) => rewriteHeredocs(parseDockerfile("/x/Dockerfile", text), text);

describe("rewriteHeredocs", () => {
  it("leaves a Dockerfile without heredocs as it is", () => {
    const text = "# syntax=x\nFROM a\n\nRUN one \\\n  two 1<<2\n";
    expect(rewrite(`\uFEFF${text}`)).toEqual({ text, files: [] });
  });

  it("runs them with the shell that holds there", () => {
    const text = [
      "# escape=\\",
      "FROM a AS one",
      "RUN <<EOF\necho $HOME\nEOF",
      'SHELL ["/bin/bash", "-c"]',
      "RUN --mount=type=cache,target=/c python3 <<EOF > /x\nprint(1)\nEOF",
      "FROM One",
      "RUN <<EOF\n#!/usr/bin/env python3\nprint(2)\nEOF\n",
    ].join("\n");
    expect(rewrite(text).text.split("\n")).toEqual([
      "# escape=\\",
      "FROM a AS one",
      'RUN ["/bin/sh","-c","echo $HOME\\n"]',
      'SHELL ["/bin/bash", "-c"]',
      'RUN --mount=type=cache,target=/c ["/bin/bash","-c","python3 <<EOF > /x\\nprint(1)\\nEOF\\n"]',
      "FROM One",
      `RUN ["/bin/bash","-c","/usr/bin/env python3 /dev/stdin <<'EOF'\\n#!/usr/bin/env python3\\nprint(2)\\nEOF\\n"]`,
      "",
    ]);
  });

  it("copies them from a context of their own, named by what is in them", () => {
    const one = rewrite('FROM a\nCOPY --chown=1 <<A <<"B" /etc/\nplain\nA\n$x\nB\n');
    const [context = ""] = /bothy-heredoc-[0-9a-f]{12}/.exec(one.text) ?? [];
    expect(one.text).toBe(`FROM a\nCOPY --chown=1 --from=${context} /A /B /etc/\n`);
    expect(one.files).toEqual([
      { context, name: "A", content: "plain\n" },
      { context, name: "B", content: "$x\n" },
    ]);
    const moved = rewrite('\n\nFROM a\nRUN x\nCOPY <<A <<"B" /etc/\nplain\nA\n$x\nB\n');
    expect(moved.files[0]?.context).toBe(context);
  });

  it("says what it cannot do", () => {
    expect(() => rewrite("FROM a\nCOPY <<A /etc/x\nvalue $V\nA\n")).toThrow(
      "line 2: a COPY cannot have variables",
    );
    expect(() => rewrite("FROM a\nCOPY <<A file /etc/\nx\nA\n")).toThrow(
      "line 2: a COPY cannot have files beside",
    );
  });
});
