import { explainStates, narrate } from "openclaw-whatsapp-continuity-plugin/explain";
import * as vscode from "vscode";
import { SETTINGS } from "../ids.ts";
import type { TimeWindow } from "../protocol/timeline-messages.ts";
import { type Feed, isLive } from "../sources/feed-hub.ts";
import type { ReadOnlyTexts } from "./read-only-texts.ts";

const MAX_OUTAGES_TOLD = 50;
const UNIT_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };
const DAY_MS = 86_400_000;

/** "Why was I down?" for feeds, in a time window or the last hours, in plain words. */
export function explainFeeds(
  feeds: readonly Feed[],
  window: TimeWindow | null,
  account?: string,
): string {
  return feeds
    .map((feed) => {
      const views = feed.model.accounts.filter(
        (view) => account === undefined || view.account === account,
      );
      const toMs = window?.toMs ?? endOf(feed, sinceMs());
      const fromMs = window?.fromMs ?? toMs - sinceMs();
      const states = views.map(({ outages }) => outages);
      const explanation = explainStates(states, feed.model.gaps, { fromMs, toMs });
      const offsetMinutes = -new Date(toMs).getTimezoneOffset();
      return `${feed.label}\n\n${narrate(explanation, { offsetMinutes, maxOutages: MAX_OUTAGES_TOLD })}`;
    })
    .join("\n");
}

/** Now, or the end of the log when nothing happened in that span: an old log is asked about its own last hours. */
export function endOf(feed: Feed, spanMs: number): number {
  const lastMs = Math.max(0, ...feed.model.accounts.map(({ lastMs: ms }) => ms));
  const nowMs = Date.now();
  return isLive(feed) && nowMs - lastMs <= spanMs ? nowMs : lastMs;
}

/** Shows the explanation as a document: it can be searched, copied and kept. */
export async function showExplanation(
  texts: ReadOnlyTexts,
  feeds: readonly Feed[],
  window: TimeWindow | null,
  account?: string,
): Promise<void> {
  if (feeds.length === 0) {
    await vscode.window.showInformationMessage(
      "Connect to a gateway or open a log first, then ask again.",
    );
    return;
  }
  await texts.show("Why was I down?.txt", explainFeeds(feeds, window, account));
}

function sinceMs(): number {
  const text = vscode.workspace
    .getConfiguration(SETTINGS.section)
    .get<string>(SETTINGS.since, "24h");
  const match = /^(\d+)([mhd])$/.exec(text);
  return match === null ? DAY_MS : Number(match[1]) * (UNIT_MS[match[2] ?? ""] ?? DAY_MS);
}
