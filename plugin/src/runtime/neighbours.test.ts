import { expect, it } from "vitest";
import type { Input } from "../events/index.ts";
import { joinNeighbours, tellNeighbours } from "./neighbours.ts";
import type { RegistryStore } from "./ports.ts";

function store(): RegistryStore {
  const entries = new Map<string, unknown>();
  return { get: (key) => entries.get(key), set: (key, entry) => void entries.set(key, entry) };
}

function member(registry: RegistryStore, accountId: string) {
  const told: Input[] = [];
  const leave = joinNeighbours(registry, accountId, (input) => void told.push(input));
  return { told, leave };
}

it("a drop is told to the others, with how many fell within five seconds", () => {
  const registry = store();
  const [first, second, third] = ["a", "b", "c"].map((id) => member(registry, id));
  tellNeighbours(registry, "a", 1_000);
  tellNeighbours(registry, "b", 3_000);
  tellNeighbours(registry, "a", 60_000);
  const accountsTold = (told: readonly Input[] | undefined) =>
    told?.map((input) => (input.kind === "neighbour.dropped" ? input.accounts : null));
  expect(accountsTold(first?.told)).toEqual([1]);
  expect(accountsTold(second?.told)).toEqual([1, 1]);
  expect(accountsTold(third?.told)).toEqual([1, 2, 1]);
});

it("whoever left is told nothing, and a successor takes the place", () => {
  const registry = store();
  const former = member(registry, "a");
  former.leave();
  tellNeighbours(registry, "b", 1_000);
  expect(former.told).toEqual([]);

  const older = member(registry, "a");
  const successor = member(registry, "a");
  older.leave();
  tellNeighbours(registry, "b", 9_000);
  expect([older.told.length, successor.told.length]).toEqual([0, 1]);
});
