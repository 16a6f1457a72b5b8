import * as vscode from "vscode";
import { TOOLS } from "../ids.ts";
import { describeRecord } from "../model/describe-record.ts";
import { matcherOf, SHOW_ALL } from "../model/timeline/record-filter.ts";
import type { FeedHub } from "../sources/feed-hub.ts";
import { endOf, explainFeeds } from "./explanations.ts";

interface ExplainInput {
  readonly account?: string;
  readonly hours?: number;
}
interface TimelineInput extends ExplainInput {
  readonly search?: string;
  readonly warningsOnly?: boolean;
}

const DEFAULT_HOURS = 24;
const MAX_LINES = 200;
const HOUR_MS = 3_600_000;

/**
 * What a language model may ask: outages in plain words, and records in one line each. Both hold pseudonyms only, no message texts, and
 * a person confirms each use.
 */
export function registerLanguageModelTools(hub: FeedHub): vscode.Disposable {
  return vscode.Disposable.from(
    vscode.lm.registerTool<ExplainInput>(TOOLS.explain, {
      prepareInvocation: ({ input }) =>
        confirmation("Explain WhatsApp outages", "outages and their causes", input),
      invoke: ({ input }) => answer(explainTool(hub, input)),
    }),
    vscode.lm.registerTool<TimelineInput>(TOOLS.timeline, {
      prepareInvocation: ({ input }) =>
        confirmation("Read the WhatsApp timeline", `up to ${MAX_LINES} records`, input),
      invoke: ({ input }) => answer(timelineTool(hub, input)),
    }),
  );
}

function confirmation(
  title: string,
  what: string,
  input: ExplainInput,
): vscode.PreparedToolInvocation {
  const account = input.account === undefined ? "all accounts" : `account ${input.account}`;
  const message = `Share ${what} of ${account}, the last ${input.hours ?? DEFAULT_HOURS} hours, with the language model? Contacts are pseudonyms; texts are not in it.`;
  return {
    invocationMessage: title,
    confirmationMessages: { title, message: new vscode.MarkdownString(message) },
  };
}

function explainTool(hub: FeedHub, { account, hours }: ExplainInput): string {
  if (hub.feeds.length === 0) return NOTHING_OPEN;
  const toMs = latestMs(hub, hours);
  const window = { fromMs: toMs - (hours ?? DEFAULT_HOURS) * HOUR_MS, toMs };
  return explainFeeds(hub.feeds, window, account);
}

function timelineTool(
  hub: FeedHub,
  { account, hours, search, warningsOnly }: TimelineInput,
): string {
  if (hub.feeds.length === 0) return NOTHING_OPEN;
  const toMs = latestMs(hub, hours);
  const matches = matcherOf({
    ...SHOW_ALL,
    account: account ?? null,
    text: search ?? "",
    warningsOnly: warningsOnly ?? false,
    window: { fromMs: toMs - (hours ?? DEFAULT_HOURS) * HOUR_MS, toMs },
  });
  const lines = hub.feeds.flatMap((feed) =>
    [...feed.model.buffer.from(0)].filter(matches).map(({ record, wallMs }) => {
      const name = record.kind === "log.header" ? "" : record.account;
      const rule = record.dir === "out" ? ` [${record.rule}]` : "";
      return `${new Date(wallMs).toISOString()} ${name} ${record.kind}: ${describeRecord(record)}${rule}`;
    }),
  );
  const left = lines.length - MAX_LINES;
  return [
    ...(left > 0 ? [`(${left} earlier records left out)`] : []),
    ...lines.slice(-MAX_LINES),
  ].join("\n");
}

const NOTHING_OPEN =
  "Nothing is open. The user can connect to a gateway or open a log in the WhatsApp Continuity view.";

function latestMs(hub: FeedHub, hours = DEFAULT_HOURS): number {
  return Math.max(0, ...hub.feeds.map((feed) => endOf(feed, hours * HOUR_MS)));
}

function answer(text: string): vscode.LanguageModelToolResult {
  return new vscode.LanguageModelToolResult([new vscode.LanguageModelTextPart(text)]);
}
