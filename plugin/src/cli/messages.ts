import { homedir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { JournalUnreadable, readJournalMessages } from "../journal/index.ts";
import { EXIT } from "./command-problem.ts";
import type { CommandOutput } from "./explain.ts";
import { parseSince, UsageError } from "./time-span.ts";

const USAGE = `Usage: whatsapp-continuity messages [--chat CHAT] [--since 24h] [--account ID] [--limit N] [--state-dir DIR] [--json]

What arrived, from this plugin's journal, with texts and addresses: the file is readable for its owner only, and so should be what you make
of this. CHAT is a phone number (+15550100001), a group or any WhatsApp address. A chat is found under each of its addresses. Works with and without a
running gateway; from elsewhere ask it: openclaw gateway call whatsappContinuity.messages.
`;

const DEFAULT_LIMIT = 1_000;
const MAX_LIMIT = 100_000;

type Entry = ReturnType<typeof readJournalMessages>[number];

/** `messages`: exit status 0 with the messages found, 2 for bad input or a journal that cannot be read. */
export function messagesCommand(args: readonly string[], output: CommandOutput): Promise<number> {
  try {
    const request = parse(args);
    if (request === null) {
      output.out(USAGE);
      return Promise.resolve(EXIT.holds);
    }
    const { accountId, chat, sinceMs, limit } = request;
    const messages = readJournalMessages(request, {
      sinceMs,
      limit,
      ...(chat === null ? {} : { chat }),
    });
    output.out(
      request.json
        ? `${JSON.stringify({ accountId, messages })}\n`
        : messages.map((message) => `${lineOf(message)}\n`).join(""),
    );
    return Promise.resolve(EXIT.holds);
  } catch (error) {
    if (!(error instanceof JournalUnreadable || error instanceof UsageError)) throw error;
    output.err(`${error.message}\n`);
    return Promise.resolve(EXIT.badInput);
  }
}

function parse(args: readonly string[]) {
  const { values } = parseOptions(args);
  if (values.help === true) return null;
  const backMs = parseSince(values.since ?? "24h");
  const limit = Number(values.limit ?? DEFAULT_LIMIT);
  if (!Number.isSafeInteger(limit) || limit < 1 || limit > MAX_LIMIT) {
    throw new UsageError(`--limit must be a whole number from 1 to ${MAX_LIMIT}.`);
  }
  return {
    accountId: values.account ?? "default",
    chat: values.chat === undefined ? null : addressOf(values.chat),
    sinceMs: backMs === null ? 0 : Date.now() - backMs,
    limit,
    json: values.json === true,
    stateDir:
      values["state-dir"] ?? process.env["OPENCLAW_STATE_DIR"] ?? join(homedir(), ".openclaw"),
  };
}

function parseOptions(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        chat: { type: "string" },
        since: { type: "string" },
        account: { type: "string" },
        limit: { type: "string" },
        "state-dir": { type: "string" },
        json: { type: "boolean" },
        help: { type: "boolean", short: "h" },
      },
    });
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\n\n${USAGE}`);
  }
}

/** A number as people write it, or an address as it is. */
function addressOf(chat: string): string {
  if (chat.includes("@")) return chat;
  const digits = chat.replaceAll(/[\s()+.-]/g, "");
  if (/^\d{5,15}$/.test(digits)) return `${digits}@s.whatsapp.net`;
  throw new UsageError(
    `--chat ${chat} is neither a phone number nor an address such as 120363000000000001@g.us.`,
  );
}

function lineOf(message: Entry): string {
  const at = new Date(message.sentAtMs ?? message.receivedAtMs).toISOString();
  const who = message.fromMe ? "me" : (message.senderName ?? message.sender);
  return `${at}  ${message.conversation}  ${who}: ${textOf(message.content)}`;
}

function textOf(content: Entry["content"]): string {
  if (content === null) return "(text purged)";
  switch (content.type) {
    case "text":
      return content.text;
    case "media":
      return `(${content.media})${content.caption === null ? "" : ` ${content.caption}`}`;
    case "reaction":
      return `(reaction ${content.emoji === "" ? "removed" : content.emoji})`;
    case "other":
    case "protocol":
      return `(${content.label})${"text" in content && content.text !== undefined ? ` ${content.text}` : ""}`;
  }
}
