import { describe, expect, it } from "vitest";
import { BothyError } from "../../../src/errors.ts";
import { valuesOf } from "../../../src/operations/outcomes.ts";
import type { Outcome } from "../../../src/operations/reporter.ts";

const ok = (value: number): Outcome<number> => ({ ok: true, value });
const failed = (error: unknown): Outcome<number> => ({ ok: false, error });

describe("valuesOf", () => {
  it("is every value in order when all went well", () => {
    expect(valuesOf([ok(1), ok(2)], ["a", "b"])).toEqual([1, 2]);
  });

  it("throws the only failure as it is", () => {
    const error = new BothyError("DISK_FULL", "no room");
    expect(() => valuesOf([ok(1), failed(error)], ["a", "b"])).toThrow(error);
  });

  it("makes one error of several, with every message and each hint once", () => {
    const first = new BothyError("TIMEOUT", "web did not answer", { hints: ["bothy logs", "bothy doctor"] });
    const second = new BothyError("DISK_FULL", "no room", { hints: ["bothy doctor", "bothy gc"] });
    expect(() => valuesOf([failed(first), ok(1), failed(second)], ["web", "db", "mail"])).toThrow(
      expect.objectContaining({
        code: "TIMEOUT",
        message: "2 of them failed\nweb: web did not answer\nmail: no room",
        hints: ["bothy logs", "bothy doctor", "bothy gc"],
      }),
    );
  });

  it("takes the code of the first failure that has one", () => {
    const coded = new BothyError("DISK_FULL", "no room");
    const attempt = () => valuesOf([failed(new Error("odd")), failed(coded)], ["a", "b"]);
    expect(attempt).toThrow(expect.objectContaining({ code: "DISK_FULL" }));
  });
});
