import { expect, it } from "vitest";
import { outageLine } from "./outage-line.ts";

const outage = {
  startedAtMs: Date.UTC(2026, 8, 1, 5, 49, 11),
  endedAtMs: Date.UTC(2026, 8, 1, 6, 17, 2),
  causeId: "dns-not-found",
  recoveredOffline: 11,
  recoveredHistory: 3,
  duplicates: 2,
  tooOld: 0,
  unanswered: 1,
};

it("one line that a person understands", () => {
  expect(outageLine(outage, 0, 0)).toBe(
    "outage 05:49:11 -> 06:17:02 (27 min 51 s, dns): 14 recovered (11 offline, 3 history), 2 duplicates dropped, 0 too old, 1 chat unanswered by the phone",
  );
});

it("says which chats the phone could not be asked about yet, in the zone of the reader, and what still lasts", () => {
  const quiet = { ...outage, duplicates: 1, unanswered: 0, waiting: 1, causeId: "stream-ended" };
  expect(outageLine(quiet, 120, 0)).toBe(
    "outage 07:49:11 -> 08:17:02 (27 min 51 s, stream-ended): 14 recovered (11 offline, 3 history), 1 duplicate dropped, 0 too old, 0 chats unanswered by the phone, 1 chat waits for the next message",
  );
  expect(outageLine({ ...outage, endedAtMs: null }, 0, outage.startedAtMs + 65_000)).toBe(
    "outage 05:49:11 -> now (1 min 5 s, dns)",
  );
});
