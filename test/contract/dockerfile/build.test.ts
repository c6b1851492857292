import { readdir, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { lookUp } from "../../../src/boxes/layer/index.ts";
import { openWorkshop, TOOLS } from "./workshop.ts";

const SERVER = `${TOOLS}
FROM tools AS build
ARG GREETING=hello
COPY src/ /src/
RUN echo "$GREETING from $(cat /src/name)" > /page

FROM tools
RUN mkdir -p /etc && echo web:x:1000:1000::/srv:/bin/sh > /etc/passwd && mkdir -p /srv/data && chown 1000 /srv/data
COPY --from=build --chown=1000 /page /srv/data/index.html
COPY entrypoint.sh /
ENV PORT=8080 PLACE="two words"
WORKDIR /srv
VOLUME /srv/data
EXPOSE 8080
STOPSIGNAL SIGINT
LABEL org.example.maker="the test"
HEALTHCHECK --interval=5s --retries=2 CMD wget -q -O- localhost:8080
USER web
ENTRYPOINT ["/entrypoint.sh"]
CMD ["httpd", "-f"]
`;

const FILES = { Dockerfile: SERVER, "src/name": "a file\n", "entrypoint.sh": '#!/bin/sh\nexec "$@"\n' };

test.concurrent("a server with an entrypoint script, a user and a volume becomes a box with all that it says", async () => {
  await using shop = await openWorkshop(FILES);
  const { box, built, steps, read } = await shop.build();
  expect(built).toBe(true);
  expect(box).toMatchObject({
    name: expect.stringMatching(/^build\/web-[0-9a-f]{12}$/),
    ...{ entrypoint: ["/entrypoint.sh"], command: ["httpd", "-f"], runAs: "web", workdir: "/srv" },
    environment: { PATH: expect.stringContaining("/bin"), PORT: "8080", PLACE: "two words" },
    ...{ volumes: ["/srv/data"], exposedPorts: ["8080/tcp"], stopSignal: "SIGINT" },
    healthcheck: { test: ["CMD-SHELL", "wget -q -O- localhost:8080"], intervalMs: 5000, retries: 2 },
    source: { context: shop.context, dockerfile: join(shop.context, "Dockerfile"), args: {} },
  });
  expect(box.labels).toEqual({ "org.example.maker": "the test" });
  expect(await read("/srv/data/index.html")).toBe("hello from a file\n");
  expect(await lookUp(shop.home.layout, box.layers, "/entrypoint.sh")).toMatchObject({ mode: 0o755 });
  expect(await lookUp(shop.home.layout, box.layers, "/srv/data/index.html")).toMatchObject({ uid: 1000 });
  expect(await read("/src/name")).toBeUndefined();
  expect(steps).toContainEqual(expect.stringMatching(/^\[3\/3\] STEP 4\/\d+: COPY entrypoint.sh \/$/));
});

test.concurrent("a target, arguments and a Dockerfile of another name make boxes of their own that share layers", async () => {
  const { Dockerfile, ...files } = FILES;
  await using shop = await openWorkshop({ ...files, "docker/web.Dockerfile": Dockerfile });
  const dockerfile = "docker/web.Dockerfile";
  const whole = await shop.build({ dockerfile });
  const before = await readdir(shop.home.layout.layers());
  const build = await shop.build({ dockerfile, target: "BUILD", args: { GREETING: "good day" } });
  expect(await build.read("/page")).toBe("good day from a file\n");
  expect(build.box.name).not.toBe(whole.box.name);
  expect(build.box.source).toMatchObject({ target: "BUILD", args: { GREETING: "good day" } });
  expect(build.box.layers.slice(0, 1)).toEqual(whole.box.layers.slice(0, 1));
  const added = (await readdir(shop.home.layout.layers())).filter((name) => !before.includes(name));
  expect(added).toHaveLength(build.box.layers.length - 1);
});

test.concurrent("nothing is built twice, and after a change only the steps from there on", async () => {
  const steps = `${TOOLS}COPY first /first\nRUN cat /proc/sys/kernel/random/uuid > /stamp\nCOPY second /second\nRUN cat /second > /copy\n`;
  await using shop = await openWorkshop({ Dockerfile: steps, first: "1", second: "2" });
  const one = await shop.build();
  const again = await shop.build();
  expect([again.built, again.output, again.box]).toEqual([false, [], one.box]);
  await shop.write({ second: "changed" });
  const changed = await shop.build();
  expect([changed.built, await changed.read("/copy")]).toEqual([true, "changed"]);
  expect(await changed.read("/stamp")).toBe(await one.read("/stamp"));
  expect(changed.output.filter((line) => line.startsWith("--> Using cache"))).toHaveLength(3);
  await rm(shop.home.layout.layer(changed.box.layers[0]?.digest ?? ""));
  expect((await shop.build()).built).toBe(true); // a damaged box is no box
  const forced = await shop.build({}, { force: true });
  expect(await forced.read("/stamp")).not.toBe(await one.read("/stamp"));
});

test.concurrent("what the ignore file leaves out is neither copied nor looked at", async () => {
  const ignored =
    "# comment\n**/*.log\nnode_modules\n!node_modules/kept\n/only-here\n*.md\n!README.md\nsecret?\n";
  const files = {
    ...{
      "a.log": "",
      "deep/er/b.log": "",
      "deep/c.txt": "",
      "node_modules/x/y": "",
      "node_modules/kept": "",
    },
    ...{ "only-here": "", "deep/only-here": "", "NOTES.md": "", "README.md": "", secret1: "", secret: "" },
  };
  const list = "COPY . /all/\nRUN cd /all && find . ! -type d | sort > /list\n";
  await using shop = await openWorkshop({ ...files, ".dockerignore": ignored, Dockerfile: TOOLS + list });
  await symlink("nowhere", join(shop.context, "dangling"));
  const { read } = await shop.build();
  const kept = ["README.md", "dangling", "deep/c.txt", "deep/only-here", "node_modules/kept", "secret"];
  const all = [".dockerignore", "Dockerfile", ...kept, "busybox"].map((name) => `./${name}`);
  expect((await read("/list"))?.trim().split("\n").sort()).toEqual(all.sort());
  await shop.write({ "a.log": "changed", "node_modules/x/y": "changed" });
  expect((await shop.build()).built).toBe(false);
  await shop.write({ "node_modules/kept": "changed" });
  expect((await shop.build()).built).toBe(true);
  await shop.write({ "Dockerfile.dockerignore": "*\n!busybox\n", "NOTES.md": "x" });
  expect(await (await shop.build()).read("/list")).toBe("./busybox\n");
});

test.concurrent("heredocs are understood whatever buildah's version", async () => {
  const heredocs = `FROM tools
RUN <<EOF
set -e
echo one > /one
echo "$((1 + 1))" >> /one
EOF
COPY <<"A" <<-B /etc/conf/
as it is: $PATH
A
	no tabs
	B
RUN cat > /two <<EOF && echo three > /three
$((1 + 1))
EOF
RUN <<EOF
#!/bin/sh -e
echo script > /four
EOF
`;
  await using shop = await openWorkshop({ Dockerfile: `# syntax=docker/dockerfile:1\n${TOOLS}${heredocs}` });
  const { read } = await shop.build();
  const texts = await Promise.all(
    ["/one", "/etc/conf/A", "/etc/conf/B", "/two", "/three", "/four"].map(read),
  );
  expect(texts).toEqual(["one\n2\n", "as it is: $PATH\n", "no tabs\n", "2\n", "three\n", "script\n"]);
});

test.concurrent("two processes may build at once, the same and another", async () => {
  await using shop = await openWorkshop({ Dockerfile: `${TOOLS}RUN sleep 1\n` });
  const both = await Promise.all([shop.build(), shop.build(), shop.build({ target: "tools" })]);
  expect(both.map(({ built }) => built).sort()).toEqual([false, true, true]);
  expect(both[0].box).toEqual(both[1].box);
});
