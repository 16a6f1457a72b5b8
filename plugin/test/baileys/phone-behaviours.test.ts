/**
 * Goal: with each way in which phones are reported to answer, what was lost comes back once, or its absence is an ordinary, reported outcome.
 * Not here: pages on the media server (`history-download.test.ts`), a phone that is off (`history.test.ts`).
 */
import type { SimulatedAccount } from "fixtures/whatsapp-server";
import { expect, it } from "vitest";
import { BackfillStage } from "../simulation/backfill-stage.ts";

type Behaviour = SimulatedAccount["phone"]["history"]["behaviour"];

interface Row {
  readonly behaviour: Partial<Behaviour>;
  /** Of the three lost messages. */
  readonly recovered: 0 | 3;
  /** Questions that the phone was asked. */
  readonly requests: number;
  readonly outcome: "filled" | "unanswered";
  /** The message behind the gap is not on the phone. */
  readonly anchorMissing?: true;
}

/** By key of the behaviour, so that a new one has no row until somebody writes it. Two questions are those under both addresses. */
const ROWS: Readonly<Record<keyof Behaviour, readonly Row[]>> = {
  answer: [
    { behaviour: { answer: "inline" }, recovered: 3, requests: 1, outcome: "filled" },
    { behaviour: { answer: "silent" }, recovered: 0, requests: 2, outcome: "unanswered" },
  ],
  delayMs: [
    // Within its time; after it, when the second question was put already; after all of it.
    { behaviour: { delayMs: 15_000 }, recovered: 3, requests: 1, outcome: "filled" },
    { behaviour: { delayMs: 30_000 }, recovered: 3, requests: 2, outcome: "filled" },
    { behaviour: { delayMs: 50_000 }, recovered: 3, requests: 2, outcome: "filled" },
  ],
  pageMax: [{ behaviour: { pageMax: 2 }, recovered: 3, requests: 2, outcome: "filled" }],
  repeat: [
    { behaviour: { repeat: 2 }, recovered: 3, requests: 1, outcome: "filled" },
    { behaviour: { repeat: 0 }, recovered: 0, requests: 2, outcome: "unanswered" },
  ],
  unknownAnchor: [
    {
      behaviour: { unknownAnchor: "silent" },
      anchorMissing: true,
      recovered: 0,
      requests: 2,
      outcome: "unanswered",
    },
    {
      behaviour: { unknownAnchor: "empty" },
      anchorMissing: true,
      recovered: 0,
      requests: 2,
      outcome: "unanswered",
    },
  ],
  chatId: [{ behaviour: { chatId: "pn" }, recovered: 3, requests: 1, outcome: "filled" }],
  addressing: [
    { behaviour: { addressing: "lid" }, recovered: 3, requests: 1, outcome: "filled" },
    { behaviour: { addressing: "pn" }, recovered: 3, requests: 2, outcome: "filled" },
  ],
  // The phone is never asked with one: `src/core/backfill.test.ts`.
  ownDeviceAnchors: [],
  order: [{ behaviour: { order: "shuffled" }, recovered: 3, requests: 1, outcome: "filled" }],
  syncType: [{ behaviour: { syncType: "recent" }, recovered: 3, requests: 1, outcome: "filled" }],
  requestsPerMinute: [
    { behaviour: { requestsPerMinute: 0 }, recovered: 0, requests: 2, outcome: "unanswered" },
  ],
};

it.each(Object.entries(ROWS).filter(([, rows]) => rows.length > 0))(
  "a phone by its %s",
  async (_key, rows) => {
    await BackfillStage.play({ policy: { requestsPerHour: 60 } }, async (stage) => {
      const usual: Behaviour = { ...stage.bot.phone.history.behaviour };
      for (const [index, row] of rows.entries()) {
        const person = `Person ${index}`;
        Object.assign(stage.bot.phone.history.behaviour, usual, row.behaviour);
        const lost = await loseThree(stage, person);
        await writeAgain(stage, person, row.anchorMissing ?? false);
        await stage.time.advance(60_000);
        const got = stage.account.admitted.filter((text) => lost.includes(text));
        // Each once, and in the order in which they were written.
        expect(got).toEqual(row.recovered === 0 ? [] : lost);
        expect(stage.recordsOf("gap.close").at(-1)).toMatchObject({
          outcome: row.outcome,
          requests: row.requests,
          recovered: row.recovered,
        });
        const [report] = stage.recordsOf("outage.report").slice(-1);
        expect(report).toMatchObject({
          recoveredHistory: row.recovered,
          unanswered: row.outcome === "unanswered" ? 1 : 0,
        });
      }
    });
  },
);

async function loseThree(stage: BackfillStage, person: string): Promise<readonly string[]> {
  await stage.write(`seen ${person}`, { from: person });
  await stage.knows(`seen ${person}`);
  const lost = ["a", "b", "c"].map((text) => `${text} ${person}`);
  await stage.outage(60_000, async () => {
    for (const text of lost) {
      await stage.time.advance(3_000);
      await stage.write(text, { from: person, lost: true });
    }
  });
  return lost;
}

async function writeAgain(
  stage: BackfillStage,
  person: string,
  anchorMissing: boolean,
): Promise<void> {
  const id = await stage.write(`later ${person}`, { from: person });
  if (anchorMissing) {
    const chat = stage.bot.phone.archive.chat(stage.server.world.contact(person).user.pn);
    (chat as unknown[]).splice(
      chat.findIndex((each) => each.id === id),
      1,
    );
  }
  // Not held up for longer than a person waits.
  const asked = stage.time.now();
  await stage.knows(`later ${person}`);
  expect(stage.time.now() - asked).toBeLessThan(10_000);
}
