import { expect, test } from "vitest";
import { resolveTarget } from "./outbound-adapter.ts";

test("groups and channels are reachable whatever the allowlist says", () => {
  expect(resolveTarget("1@g.us", ["+15550100001"])).toEqual({ ok: true, to: "1@g.us" });
  expect(resolveTarget("1@newsletter", [])).toEqual({ ok: true, to: "1@newsletter" });
});

test("people are reachable when listed, with a wildcard, or without a list", () => {
  expect(resolveTarget("+1 555 010 0001", ["15550100001"])).toEqual({
    ok: true,
    to: "+15550100001",
  });
  expect(resolveTarget("+15550100001", ["*"])).toMatchObject({ ok: true });
  expect(resolveTarget("+15550100001", undefined)).toMatchObject({ ok: true });
  expect(resolveTarget("+15550100001", ["+15550100002"])).toMatchObject({
    ok: false,
    error: expect.objectContaining({ message: expect.stringContaining("allowFrom") }),
  });
});

test.each(["", "   ", "Alice", undefined])("%j is no target, and the error says what is", (to) => {
  expect(resolveTarget(to, [])).toMatchObject({
    ok: false,
    error: expect.objectContaining({ message: expect.stringContaining("phone number") }),
  });
});
