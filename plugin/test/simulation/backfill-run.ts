import type { LogRecord } from "../../src/events/index.ts";
import {
  type BackfillPlan,
  type Chat,
  CHATS,
  type ExpectedAccount,
  expectedAccount,
  type Fate,
  type PhoneManner,
} from "./backfill-plan.ts";
import { BackfillStage } from "./backfill-stage.ts";

export interface BackfillResult {
  readonly expected: ExpectedAccount;
  /** What the plugin wrote, by its last revision; null when it wrote none. */
  readonly actual: ExpectedAccount | null;
  /** Texts that could be recovered and never reached the agent, and those that did more than once. */
  readonly lost: readonly string[];
  readonly doubled: readonly string[];
  /** Times without a process that no outage's account covers. */
  readonly unaccounted: readonly string[];
  readonly virtualMs: number;
  readonly records: readonly LogRecord[];
}

/** Between two messages, so that whole seconds tell them apart. */
const PAUSE_MS = 3_000;
/** The longest that a chat can take: the phone is asked with two addresses and given 20 s for each. */
const FILL_MS = 60_000;

/** One outage as planned, and the account of it beside what the world knows. */
export async function runBackfill(plan: BackfillPlan): Promise<BackfillResult> {
  return await BackfillStage.play({ seed: String(plan.seed) }, async (stage) => {
    const began = stage.time.now();
    setManner(stage, plan.phone);
    for (const chat of CHATS) await write(stage, chat, `seen in ${chat}`);
    await stage.time.advance(PAUSE_MS);
    await stage.goDown();
    for (const { text, chat, fate } of plan.messages) {
      await stage.time.advance(PAUSE_MS);
      await write(stage, chat, text, fate);
    }
    const announced = plan.messages.filter(({ fate }) => fate === "announced-only");
    await stage.time.advance(plan.awayMs);
    await stage.comeBackForgetting(announced.map(({ text }) => text));
    if (plan.restarts) await stage.restart();
    for (const chat of plan.speakers) {
      await write(stage, chat, `later in ${chat}`);
      await stage.time.advance(PAUSE_MS);
    }
    await stage.time.advance(FILL_MS);
    return resultOf(stage, plan, stage.time.now() - began);
  });
}

async function write(
  stage: BackfillStage,
  chat: Chat,
  text: string,
  fate: Fate = "kept",
): Promise<void> {
  const inGroup = chat === "Team";
  await stage.write(text, {
    inGroup,
    from: chat === "Team" ? "Carol" : chat,
    lost: fate === "lost",
  });
}

function setManner(stage: BackfillStage, manner: PhoneManner): void {
  const { behaviour } = stage.bot.phone.history;
  switch (manner) {
    case "answers":
      return;
    case "small-pages":
      behaviour.pageMax = 2;
      return;
    case "repeats":
      behaviour.repeat = 2;
      return;
    case "shuffles":
      behaviour.order = "shuffled";
      return;
    case "silent":
      behaviour.answer = "silent";
      return;
  }
}

function resultOf(stage: BackfillStage, plan: BackfillPlan, virtualMs: number): BackfillResult {
  // A delivery that fell short may end in another connection, and the time between two processes is an outage: both have an account of their own.
  const report = stage
    .recordsOf("outage.report")
    .findLast(({ outageId, causeId }) => outageId === 1 && causeId !== "gateway-stopped");
  const { admitted, records } = stage.account;
  const times = (text: string): number => admitted.filter((each) => each === text).length;
  const isAnswered = plan.phone !== "silent";
  const reachable = plan.messages.filter(
    ({ chat, fate }) => fate === "kept" || (isAnswered && plan.speakers.includes(chat)),
  );
  return {
    expected: expectedAccount(plan),
    actual:
      report === undefined
        ? null
        : {
            recoveredOffline: report.recoveredOffline,
            recoveredHistory: report.recoveredHistory,
            duplicates: report.duplicates,
            tooOld: report.tooOld,
            unanswered: report.unanswered,
            waiting: report.waiting ?? 0,
          },
    lost: reachable.filter(({ text }) => times(text) === 0).map(({ text }) => text),
    doubled: [...new Set(admitted)].filter((text) => times(text) > 1),
    unaccounted: unaccounted(stage),
    virtualMs,
    records,
  };
}

/** Two clocks and whole milliseconds. */
const CLOCK_MS = 50;

/** Each time between the stop of a process and the next connection has to lie in an outage that was written. */
function unaccounted(stage: BackfillStage): readonly string[] {
  const reports = stage.recordsOf("outage.report");
  const opened = stage.recordsOf("socket.opened");
  return stage.recordsOf("controller.stopped").flatMap((stop) => {
    const next = opened.find(({ at }) => at >= stop.at);
    if (next === undefined) return [];
    const isCovered = reports.some(
      ({ startedAt, endedAt }) => startedAt <= stop.at + CLOCK_MS && endedAt >= next.at - CLOCK_MS,
    );
    return isCovered ? [] : [`${stop.at} to ${next.at}`];
  });
}
