import { describe, expect, it } from "vitest";
import { Rollback } from "../../../src/system/index.ts";

describe("Rollback", () => {
  it("undoes in reverse order, each after the one before has ended", async () => {
    const order: string[] = [];
    {
      await using undo = new Rollback();
      undo.add("first", () => order.push("first"));
      undo.add("second", async () => {
        await new Promise((resolve) => setTimeout(resolve, 20));
        order.push("second");
      });
      undo.add("third", () => order.push("third"));
    }
    expect(order).toEqual(["third", "second", "first"]);
  });

  it("goes on when an undo fails, and remembers it", async () => {
    const order: string[] = [];
    const undo = new Rollback();
    const broken = new Error("cannot unmount");
    undo.add("first", () => order.push("first"));
    undo.add("mount", () => Promise.reject(broken));
    undo.add("link", () => {
      throw broken;
    });
    await undo[Symbol.asyncDispose]();
    expect(order).toEqual(["first"]);
    expect(undo.failures).toEqual([
      { title: "link", error: broken },
      { title: "mount", error: broken },
    ]);
  });

  it("keeps the first failure as it was, whatever its undo does", async () => {
    const attempt = async () => {
      await using undo = new Rollback();
      undo.add("mount", () => Promise.reject(new Error("cannot unmount")));
      throw new Error("the start failed");
    };
    await expect(attempt()).rejects.toThrow("the start failed");
  });

  it("undoes nothing that was committed, and everything that came later", async () => {
    const order: string[] = [];
    {
      await using undo = new Rollback();
      undo.add("kept", () => order.push("kept"));
      undo.commit();
      undo.add("later", () => order.push("later"));
    }
    expect(order).toEqual(["later"]);
  });

  it("undoes each step once", async () => {
    let count = 0;
    const undo = new Rollback();
    undo.add("one", () => count++);
    await undo[Symbol.asyncDispose]();
    await undo[Symbol.asyncDispose]();
    expect(count).toBe(1);
  });
});
