import { describe, expect, it } from "vitest";
import { stripMarks } from "../../../../src/boxes/snapshot/overlay-marks.ts";
import { run } from "../../../../src/system/index.ts";
import { tempHome } from "../../../support/temp-home.ts";

describe("stripMarks", () => {
  it("takes off what overlayfs keeps for itself and nothing else, and follows no link", async () => {
    await using home = await tempHome();
    const [folder, outside] = [await home.sub("upper"), await home.sub("outside")];
    const mark = "setfattr -n user.overlay.origin -v x";
    const script = `mkdir -p a/b; touch "a/two words" $(printf 'a/-n'); ln -s ${outside} link; mknod gone c 0 0; ${mark} ${outside}
      ${mark} "a/two words"; ${mark} a/-n; ${mark} a; setfattr -n user.overlay.impure -v y a; setfattr -n user.overlay.opaque -v y a/b
      setfattr -n user.overlay.protattr -v i a; setfattr -n user.mine -v 1 a; setfattr -n user.overlay.overlay.opaque -v y a`;
    await run(["sh", "-euc", script], { cwd: folder });
    await stripMarks(folder);
    const left = async (cwd: string) =>
      (await run(["getfattr", "-R", "-P", "-h", "-m", "-", "."], { cwd })).stdout;
    const names = (await left(folder)).split("\n").filter((line) => line.startsWith("user."));
    expect(names.sort()).toEqual(["user.mine", "user.overlay.opaque", "user.overlay.overlay.opaque"]);
    expect(await left(outside)).toContain("user.overlay.origin");
  });
});
