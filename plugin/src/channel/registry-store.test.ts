import { expect, test } from "vitest";
import { createRegistryStore } from "./registry-store.ts";

test("two generations of the code in one process see the same entries", () => {
  const before = createRegistryStore();
  before.set("work", { controllers: 3 });
  const after = createRegistryStore();
  expect(after.get("work")).toEqual({ controllers: 3 });
  after.set("work", undefined);
  expect(before.get("work")).toBeUndefined();
});
