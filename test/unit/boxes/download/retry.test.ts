import { describe, expect, it } from "vitest";
import { retryAfterMs, retryAnswerAfterMs, retryErrorAfterMs } from "../../../../src/boxes/download/retry.ts";

const WALL_MS = Date.parse("Sun, 22 Nov 2026 12:00:00 GMT");

describe("retryAfterMs", () => {
  it.each([
    [{}, undefined],
    [{ "retry-after": "5" }, 5000],
    [{ "retry-after": "Sun, 22 Nov 2026 12:00:20 GMT" }, 20_000],
    [{ "retry-after": "Sun, 22 Nov 2026 12:00:20 GMT", date: "Sun, 22 Nov 2026 12:00:15 GMT" }, 5000],
    [{ "retry-after": "Sun, 22 Nov 2026 11:00:00 GMT" }, 0],
    [{ "retry-after": "soon" }, undefined],
  ])("reads %j as %s", (headers, waitMs) => {
    expect(retryAfterMs(headers, WALL_MS)).toBe(waitMs);
  });
});

describe("retryAnswerAfterMs", () => {
  it.each([408, 429, 500, 502, 503, 504])("%i may pass", (status) => {
    expect(retryAnswerAfterMs(status, {}, 0)).toBeGreaterThanOrEqual(500);
  });
  it.each([200, 206, 400, 401, 404, 416, 501])("%i will not", (status) => {
    expect(retryAnswerAfterMs(status, {}, 0)).toBeUndefined();
  });
  it("ends", () => {
    expect(retryAnswerAfterMs(503, {}, 4)).toBeUndefined();
    expect(retryAnswerAfterMs(503, { "retry-after": "61" }, 0)).toBeUndefined();
  });
});

describe("retryErrorAfterMs", () => {
  it("asks again after what passes, twice", () => {
    expect(retryErrorAfterMs("ECONNRESET", 0)).toBeGreaterThan(0);
    expect(retryErrorAfterMs("ECONNRESET", 2)).toBeUndefined();
    expect(retryErrorAfterMs("ECONNREFUSED", 0)).toBeUndefined();
    expect(retryErrorAfterMs(undefined, 0)).toBeUndefined();
  });
});
