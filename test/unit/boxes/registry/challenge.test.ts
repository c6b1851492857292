import { describe, expect, it } from "vitest";
import { parseChallenges } from "../../../../src/boxes/registry/challenge.ts";

describe("parseChallenges", () => {
  it("reads what registries send", () => {
    const header =
      'Bearer realm="https://auth.example/token",service="r.example",scope="repository:a/b:pull,push"';
    expect(parseChallenges(header)).toEqual([
      {
        scheme: "bearer",
        parameters: {
          realm: "https://auth.example/token",
          service: "r.example",
          scope: "repository:a/b:pull,push",
        },
      },
    ]);
  });

  it("reads several, bare values, quoted quotes, odd spaces and case", () => {
    expect(parseChallenges('Negotiate, BASIC Realm = "a \\"b\\", c" , x=1,Bearer realm=r')).toEqual([
      { scheme: "negotiate", parameters: {} },
      { scheme: "basic", parameters: { realm: 'a "b", c', x: "1" } },
      { scheme: "bearer", parameters: { realm: "r" } },
    ]);
  });

  it.each(["", ",,", '"', "=", 'a="unended'])("survives `%s`", (header) => {
    expect(parseChallenges(header).length).toBeLessThan(3);
  });
});
