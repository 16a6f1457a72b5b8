import { expect, test } from "vitest";
import { textOfBytes } from "./text-of-bytes.ts";

const TEXT = "2026-05-01T04:00:03Z [default] channel exited\n";

test("reads what tools write: UTF-8 with and without a mark, UTF-16 of either order", () => {
  const little = Buffer.from(`\ufeff${TEXT}`, "utf16le");
  for (const bytes of [
    Buffer.from(TEXT),
    Buffer.from(`\ufeff${TEXT}`),
    little,
    Buffer.from(little).swap16(),
  ])
    expect(textOfBytes(bytes)).toBe(TEXT);
});

test("does not take a picture for a text", () => {
  expect(textOfBytes(Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0))).toBeNull();
});
