import type { AccountExplanation, ExplainedOutage, Explanation } from "./explanation.ts";
import {
  describeAction,
  describeClock,
  describeCount,
  describeDuration,
  describeTime,
} from "./plain-words.ts";

export interface NarrateOptions {
  /** Minutes east of UTC of the times shown. */
  readonly offsetMinutes: number;
  /** Outages told per account, the latest ones; the others are counted. */
  readonly maxOutages: number;
}

/** The explanation as plain text, for a terminal or an editor. */
export function narrate(explanation: Explanation, options: NarrateOptions): string {
  const { fromMs, toMs, accounts, gaps } = explanation;
  const { offsetMinutes } = options;
  const span = `${describeTime(fromMs, offsetMinutes)} to ${describeTime(toMs, offsetMinutes)}`;
  const lines =
    accounts.length === 0
      ? [`${span}: nothing in this log is about a WhatsApp account.`]
      : [span, ...accounts.flatMap((account) => ["", ...narrateAccount(account, options)])];
  if (gaps.length > 0) {
    lines.push("", "This log has holes, so there may have been more:");
    for (const gap of gaps.slice(-options.maxOutages)) {
      lines.push(`  ${describeTime(gap.wallMs, offsetMinutes)}  ${gap.sentence}`);
    }
  }
  return `${lines.join("\n")}\n`;
}

/** One sentence for an account: how often and how long it was down, and how it is now. */
export function summarise({ account, now, downMs, outages }: AccountExplanation): string {
  const isNow = { connected: "connected", down: "down", stopped: "stopped", unknown: "unknown" }[
    now
  ];
  if (outages.length === 0) return `Account ${account}: no outage; now ${isNow}.`;
  const times = describeCount(outages.length, "outage");
  return `Account ${account}: ${times}, ${describeDuration(downMs)} in all; now ${isNow}.`;
}

function narrateAccount(account: AccountExplanation, options: NarrateOptions): readonly string[] {
  const told = account.outages.slice(-options.maxOutages);
  const lines = [summarise(account), ...account.patterns.map((pattern) => `  ${pattern}`)];
  const earlier = account.outages.length - told.length;
  if (earlier > 0) lines.push(`  (${describeCount(earlier, "earlier outage")} not listed)`);
  for (const outage of told) lines.push(...narrateOutage(outage, options.offsetMinutes));
  if (account.failedSends > 0) {
    lines.push(`  ${describeCount(account.failedSends, "message")} could not be sent.`);
  }
  if (account.dropped > 0) {
    lines.push(`  ${describeCount(account.dropped, "received message")} could not be read.`);
  }
  return lines;
}

function narrateOutage(outage: ExplainedOutage, offsetMinutes: number): readonly string[] {
  const { startMs, endMs, durationMs, cause, also, attempts, recovered, notes } = outage;
  const until = endMs === null ? "now" : describeClock(endMs, offsetMinutes);
  const lines = [
    `  ${describeTime(startMs, offsetMinutes)} - ${until} (${describeDuration(durationMs)})  ${cause.sentence}`,
    ...also.map((sentence) => `      also: ${sentence}`),
    ...notes.map((note) => `      ${note}`),
  ];
  if (attempts > 0) lines.push(`      ${describeCount(attempts, "attempt")} to connect.`);
  if (recovered !== null) lines.push(`      ${describeRecovered(recovered)}`);
  lines.push(`      ${describeAction(cause.action)}`);
  return lines;
}

/** What was brought in after an outage, in words. */
export function describeRecovered(recovered: NonNullable<ExplainedOutage["recovered"]>): string {
  const parts = [
    recovered.offline > 0 ? `${describeCount(recovered.offline, "message")} kept by WhatsApp` : "",
    recovered.history > 0 ? `${describeCount(recovered.history, "message")} from the phone` : "",
    recovered.tooOld > 0 ? `${recovered.tooOld} too old to answer` : "",
  ].filter((part) => part !== "");
  const remarks = [
    recovered.duplicates > 0 ? `${describeCount(recovered.duplicates, "duplicate")} dropped` : "",
    recovered.unanswered > 0
      ? `${describeCount(recovered.unanswered, "chat")} unanswered by the phone`
      : "",
    recovered.waiting > 0
      ? `${describeCount(recovered.waiting, "chat")} still to be asked about, when somebody writes there`
      : "",
  ].filter((part) => part !== "");
  const found = parts.length === 0 ? "No message was waiting." : `Recovered: ${parts.join(", ")}.`;
  return remarks.length === 0 ? found : `${found} Also: ${remarks.join(", ")}.`;
}
