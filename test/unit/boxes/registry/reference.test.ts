import { describe, expect, it } from "vitest";
import {
  canonicalReference,
  familiarReference,
  parseReference,
} from "../../../../src/boxes/registry/index.ts";

const HEX = "a".repeat(64);

describe("parseReference", () => {
  it.each([
    ["nginx", "docker.io/library/nginx:latest", "nginx:latest"],
    ["nginx:1.27", "docker.io/library/nginx:1.27", "nginx:1.27"],
    ["me/app", "docker.io/me/app:latest", "me/app:latest"],
    ["docker.io/debian", "docker.io/library/debian:latest", "debian:latest"],
    ["index.docker.io/me/app:1", "docker.io/me/app:1", "me/app:1"],
    ["registry-1.docker.io/me/app:1", "registry-1.docker.io/me/app:1", "registry-1.docker.io/me/app:1"],
    ["localhost/app", "localhost/app:latest", "localhost/app:latest"],
    ["localhost:5000/team/app:V1_x", "localhost:5000/team/app:V1_x", "localhost:5000/team/app:V1_x"],
    ["host:5000/app", "host:5000/app:latest", "host:5000/app:latest"],
    ["quay.example/a/b/c:2", "quay.example/a/b/c:2", "quay.example/a/b/c:2"],
    ["MyHost/app", "MyHost/app:latest", "MyHost/app:latest"],
    ["My.Host/app", "my.host/app:latest", "my.host/app:latest"],
    ["[::1]:5000/app:1", "[::1]:5000/app:1", "[::1]:5000/app:1"],
    ["a__b/c-d.e--f", "docker.io/a__b/c-d.e--f:latest", "a__b/c-d.e--f:latest"],
    [`nginx@sha256:${HEX}`, `docker.io/library/nginx@sha256:${HEX}`, `nginx@sha256:${HEX}`],
    [`nginx:1@sha256:${HEX}`, `docker.io/library/nginx@sha256:${HEX}`, `nginx@sha256:${HEX}`],
    [`a@sha512:${HEX}${HEX}`, `docker.io/library/a@sha512:${HEX}${HEX}`, `a@sha512:${HEX}${HEX}`],
  ])("reads %s", (text, canonical, familiar) => {
    const reference = parseReference(text);
    expect([canonicalReference(reference), familiarReference(reference)]).toEqual([canonical, familiar]);
    expect(parseReference(canonical)).toEqual(reference);
  });

  it.each([
    ["", "can be no name"],
    [HEX, "64 hex digits alone"],
    ["Nginx", "lower-case"],
    ["docker.io/Me/App", "lower-case"],
    ["nginx:", "can be no tag"],
    ["nginx:-1", "can be no tag"],
    [`nginx:${"x".repeat(129)}`, "can be no tag"],
    ["nginx@sha256:abc", "no sha256 or sha512 digest"],
    ["a//b", "can be no name"],
    ["a/-b", "can be no name"],
    ["a___b", "can be no name"],
    ["-host.example/app", "can be no host"],
    ["host:port/app", "can be no host"],
    ["localhost:99999/app", "can be no host"],
    ["1.2.3.456/app", "can be no host"],
    ["[:::]/app", "can be no host"],
    ["a b", "can be no name"],
    [`host.example/${"a/".repeat(130)}b`, "longer than 255"],
    ["docker://nginx", "it is a URL"],
  ])("refuses `%s`", (text, why) => {
    expect(() => parseReference(text)).toThrow(
      expect.objectContaining({ code: "USAGE", message: expect.stringContaining(why) }),
    );
  });

  it("proposes what was meant", () => {
    const failure = (text: string) => {
      try {
        return parseReference(text);
      } catch (error) {
        return (error as { hints: string[] }).hints[0];
      }
    };
    expect(failure("docker://nginx:1")).toBe("did you mean `nginx:1`?");
    expect(failure("Nginx")).toBe("did you mean `nginx`?");
  });
});
