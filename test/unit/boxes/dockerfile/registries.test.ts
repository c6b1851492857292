import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { baseReferences } from "../../../../src/boxes/dockerfile/bases.ts";
import { parseDockerfile } from "../../../../src/boxes/dockerfile/parse.ts";
import { registriesConfig, writeRegistryAccess } from "../../../../src/boxes/dockerfile/registries.ts";
import { canonicalReference, parseReference } from "../../../../src/boxes/registry/index.ts";
import { tempHome } from "../../../support/temp-home.ts";

const bases = (text: string, args?: Record<string, string>) =>
  baseReferences(parseDockerfile("/x", text), args).map(canonicalReference);

describe("baseReferences", () => {
  it("finds what may be fetched, with arguments filled in", () => {
    const text = `ARG REG=reg.example.com:5000 V
ARG TAG="1.0"
FROM $REG/app:\${TAG} AS build
FROM scratch
FROM Build
COPY --chown=1 --from=nginx:1 / /
COPY --from=build --from=0 / /
RUN --mount=type=bind,from=ghcr.io/x/y,target=/z true
FROM \${OTHER:-busybox}
FROM Not/Valid
`;
    const found = ["docker.io/library/nginx:1", "ghcr.io/x/y:latest", "docker.io/library/busybox:latest"];
    expect(bases(text)).toEqual(["reg.example.com:5000/app:1.0", ...found]);
    expect(bases(text, { REG: "localhost:1", TAG: "2", OTHER: "me/app" })).toEqual([
      ...["localhost:1/app:2", "docker.io/library/nginx:1", "ghcr.io/x/y:latest", "docker.io/me/app:latest"],
    ]);
  });
});

describe("registriesConfig", () => {
  it("completes names as Docker does, and trusts this host and what is said to be plain", () => {
    const settings = {
      of: (host: string) =>
        host === "docker.io" ? { mirrors: ["http://mirror.lan/hub/", "localhost:5000", "https://m2"] } : {},
    };
    expect(registriesConfig(["127.0.0.1:5000", "docker.io", "quay.io"], settings)).toBe(`\
unqualified-search-registries = ["docker.io"]
short-name-mode = "disabled"
[[registry]]
location = "127.0.0.1:5000"
insecure = true
[[registry]]
location = "docker.io"
insecure = false
[[registry.mirror]]
location = "mirror.lan/hub"
insecure = true
[[registry.mirror]]
location = "localhost:5000"
insecure = true
[[registry.mirror]]
location = "m2"
insecure = false
[[registry]]
location = "quay.io"
insecure = false
`);
  });
});

describe("writeRegistryAccess", () => {
  it("hands on only the credentials of these hosts, in a file for root alone", async () => {
    await using home = await tempHome();
    const auth = Buffer.from("robin:secret").toString("base64");
    const auths = { "https://index.docker.io/v1/": { auth }, "other.example.com": { auth } };
    await writeFile(join(home.folder, "config.json"), JSON.stringify({ auths }));
    await writeFile(join(home.folder, "ca.pem"), "PEM");
    const registries = { "docker.io": { ca: join(home.folder, "ca.pem") } };
    await writeFile(join(home.folder, "registries.yaml"), JSON.stringify({ registries }));
    vi.stubEnv("DOCKER_CONFIG", home.folder);
    vi.stubEnv("BOTHY_REGISTRIES", join(home.folder, "registries.yaml"));
    vi.stubEnv("HTTPS_PROXY", "http://proxy:3128");
    const folder = await home.sub("scratch");
    const access = await writeRegistryAccess(folder, [
      parseReference("nginx"),
      parseReference("quay.io/a/b"),
    ]);
    const file = join(folder, "auth.json");
    expect(JSON.parse(await readFile(file, "utf8"))).toEqual({ auths: { "docker.io": { auth } } });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readFile(join(folder, "certs/0.crt"), "utf8")).toBe("PEM");
    expect(access.buildFlags).toEqual(["--authfile", file, "--cert-dir", join(folder, "certs")]);
    expect(access.env["HTTPS_PROXY"]).toBe("http://proxy:3128");
  });

  it("says which authority is not there", async () => {
    await using home = await tempHome();
    const registries = { "quay.io": { ca: join(home.folder, "none.pem") } };
    await writeFile(join(home.folder, "registries.yaml"), JSON.stringify({ registries }));
    vi.stubEnv("DOCKER_CONFIG", home.folder);
    vi.stubEnv("BOTHY_REGISTRIES", join(home.folder, "registries.yaml"));
    const access = writeRegistryAccess(await home.sub("scratch"), [parseReference("quay.io/a/b")]);
    await expect(access).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringContaining("none.pem"),
    });
  });
});
