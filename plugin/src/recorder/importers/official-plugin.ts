import type { RawError } from "../../events/index.ts";
import { errorOfStanza, errorOfText, errorOfValue, numberOf } from "./reported-error.ts";
import { durationMs, type Telling, type Template } from "./template.ts";

/*
 * What @openclaw/whatsapp writes (2026.9.6, and the wording of earlier releases where reports show it). Module log and console tell the
 * same event in two lines; the story keeps one of them.
 */

/** The status that the official plugin gives to closes of its own watchdog. */
const WATCHDOG = 499;

const closedAndRetry: Template = {
  pattern:
    /Web connection closed(?<setup> during setup)? \(status (?<status>\d{3})[^)]*\)\.? Retry (?<attempt>\d+)\/\S+(?: in (?<delay>[\d.]+\s*m?s))?/,
  tell: (telling) => {
    const { story, origin, match } = telling;
    const statusCode = Number(match.groups?.["status"]);
    // The first retry after a close and the first during setup are two attempts, whatever their numbers.
    const attempt = `${match.groups?.["attempt"]}${match.groups?.["setup"] === undefined ? "" : "/setup"}`;
    const error = closeError(telling, statusCode);
    if (statusCode === WATCHDOG) story.closed(origin, error, "499", "local");
    else story.closed(origin, error, `${statusCode}/${attempt}`);
    decide(telling, "retry", statusCode, match.groups?.["delay"]);
  },
};

const watchdogRecovers: Template = {
  pattern:
    /(?:recovering a stale connection|watchdog timeout|No messages received in \d+m\b)(?:.*Retry \d+\/\S+ in (?<delay>[\d.]+\s*m?s))?/,
  tell: (telling) => {
    const { story, origin, line, match } = telling;
    const reason = line.fields["watchdogReason"];
    const message =
      typeof reason === "string" ? `watchdog-timeout (${reason})` : "watchdog-timeout";
    const error: RawError = { name: "Error", message, statusCode: WATCHDOG };
    story.closed(origin, error, "499", "local");
    const delay = match.groups?.["delay"];
    if (delay !== undefined) decide(telling, "retry", WATCHDOG, delay);
  },
};

const gaveUp: Template = {
  pattern:
    /closed during setup \(status (?<status>\d{3})\) after \d+\/\d+ attempts|max attempts reached|auth state stayed unstable/,
  tell: (telling) => {
    const { story, origin, line, match } = telling;
    const status = numberOf(match.groups?.["status"] ?? line.fields["status"]);
    if (match.groups?.["status"] !== undefined && status !== null) {
      story.closed(origin, closeError(telling, status), `${status}/last`);
    }
    decide(telling, "give-up", status);
  },
};

const conflictStop: Template = {
  pattern: /status (?<status>440)[^)]*\).*Stopping|non-retryable close status/,
  tell: (telling) => {
    const { story, origin, line, match } = telling;
    const status = numberOf(match.groups?.["status"] ?? line.fields["status"]) ?? 440;
    const error = errorOfText("Stream Errored (conflict)", status, telling.scrub);
    const conflict = { ...error, tag: "conflict", attrs: { type: "replaced" } };
    story.closed(origin, status === 440 ? conflict : error, `${status}`);
    decide(telling, "stop", status);
  },
};

const loggedOut: Template = {
  pattern: /session logged out/,
  tell: (telling) => {
    const error: RawError = { name: "Error", message: "Connection Failure", statusCode: 401 };
    const shown = telling.takePendingError() ?? error;
    telling.story.closed(telling.origin, shown, "401");
    decide(telling, "stop", 401);
  },
};

const structuredClose: Template = {
  pattern: /web reconnect: connection closed(?: \((?:status )?(?<status>\d{3})\))?/,
  tell: (telling) => {
    const { story, origin, line, match } = telling;
    const status = numberOf(line.fields["status"] ?? match.groups?.["status"]);
    const error = closeError(telling, status, line.fields["error"]);
    const attempt = (numberOf(line.fields["reconnectAttempts"]) ?? 0) + 1;
    const key = error.statusCode === WATCHDOG ? "499" : `${status}/${attempt}`;
    story.closed(origin, error, key, error.statusCode === WATCHDOG ? "local" : "remote");
  },
};

const structuredRetry: Template = {
  pattern:
    /web reconnect: (?:scheduling retry|(?<setup>setup status error; retrying)|auth state still stabilizing)/,
  tell: (telling) => {
    const { story, origin, line, match } = telling;
    const status = numberOf(line.fields["status"]);
    if (match.groups?.["setup"] !== undefined) {
      const attempt = numberOf(line.fields["reconnectAttempts"]) ?? 1;
      story.closed(origin, closeError(telling, status), `${status}/${attempt}`);
    }
    const delayMs = numberOf(line.fields["delayMs"]);
    decide(telling, "retry", status, delayMs === null ? undefined : `${delayMs}ms`);
  },
};

const inbound: Template = {
  pattern: /^(?:inbound (?:web )?message$|Inbound message .*\((?<kind>direct|group))/,
  tell: ({ story, origin, line, match }) => {
    const from = line.fields["from"];
    const isGroup =
      match.groups?.["kind"] === "group" || (typeof from === "string" && from.endsWith("@g.us"));
    story.fact(origin, (socketId) => ({
      kind: "message.journalled",
      socketId,
      messageId: "reported",
      chat: "unknown",
      chatKind: isGroup ? "group" : "direct",
      via: "live",
      ageMs: null,
      fromMe: false,
      mentioned: false,
      duplicate: false,
    }));
  },
};

const heartbeat: Template = {
  pattern: /web gateway heartbeat/,
  tell: ({ story, origin, line }) => {
    const active = line.fields["lastTransportActivityAt"];
    const at = typeof active === "string" ? Date.parse(active) : numberOf(active);
    if (at === null || !Number.isFinite(at)) return;
    const frameAgeMs = Math.max(0, Math.round(line.ms - at));
    story.fact(origin, (socketId) => ({
      kind: "liveness.sampled",
      socketId,
      frameAgeMs,
      bufferedBytes: 0,
    }));
  },
};

const announced: Template = {
  pattern: /offline preview received/,
  tell: ({ story, origin, line }) => {
    const count = numberOf(line.fields["count"]) ?? 0;
    story.fact(origin, (socketId) => ({
      kind: "drain.previewed",
      socketId,
      announced: count,
      messages: count,
      receipts: 0,
      notifications: 0,
    }));
  },
};

const drained: Template = {
  pattern: /handled (?<count>\d+) offline messages/,
  tell: ({ story, origin, match }) =>
    story.fact(origin, (socketId) => ({
      kind: "drain.ended",
      socketId,
      delivered: Number(match.groups?.["count"]),
    })),
};

const creds = (pattern: RegExp, state: "restored" | "save-failed"): Template => ({
  pattern,
  tell: ({ story, origin }) => story.fact(origin, () => ({ kind: "credentials.changed", state })),
});

const orphaned: Template = {
  pattern: /Bad MAC|Key used already|LID mapping not found/,
  tell: ({ story, origin, match }) =>
    story.fact(origin, (socketId) => ({
      kind: "message.orphaned",
      socketId,
      messageId: "reported",
      chat: null,
      why: match[0] === "Key used already" ? "key-used" : "undecryptable",
    })),
};

/** Error lines that come before the line which tells the close. */
const errorLine: Template = {
  pattern: /WebSocket error|stream errored out|stream:error|connection\.update handler error/,
  tell: ({ line, scrub, setPendingError }) => {
    const shown = errorOfStanza(line.message) ?? errorOfValue(line.fields["error"], scrub);
    if (shown !== null) setPendingError(shown);
  },
};

export const OFFICIAL_TEMPLATES: readonly Template[] = [
  watchdogRecovers,
  closedAndRetry,
  gaveUp,
  conflictStop,
  loggedOut,
  structuredClose,
  structuredRetry,
  { pattern: /starting provider/, tell: ({ story, origin }) => story.controllerStarted(origin) },
  {
    pattern: /^Listening(?: for (?:personal )?WhatsApp inbound messages|…|\.{3}|"?$| \()/,
    tell: ({ story, origin }) => story.opened(origin),
  },
  {
    pattern: /asked for a restart after pairing \(code 515\)/,
    tell: ({ story, origin }) =>
      void story.closed(
        origin,
        { name: "Error", message: "Stream Errored (restart required)", statusCode: 515 },
        "515",
      ),
  },
  inbound,
  simple(/auto-reply sent|^Sent message |^sent message$/, "send"),
  simple(
    /auto-reply delivery failed|was not accepted by WhatsApp provider|failed to send (?:via web session|web media reply)|delivery state is unknown/,
    "send-failed",
  ),
  simple(/message dropped|skipping inbound message/, "drop"),
  simple(/unhandled rejection from WhatsApp socket/, "other"),
  heartbeat,
  announced,
  drained,
  creds(/restored corrupted WhatsApp creds\.json/, "restored"),
  creds(/failed saving WhatsApp creds|creds save queue error/, "save-failed"),
  orphaned,
  errorLine,
];

function simple(pattern: RegExp, decision: "send" | "send-failed" | "drop" | "other"): Template {
  return { pattern, tell: (telling) => decide(telling, decision, null) };
}

function decide(
  { story, origin }: Telling,
  decision: "retry" | "stop" | "give-up" | "send" | "send-failed" | "drop" | "other",
  statusCode: number | null,
  delay?: string,
): void {
  const delayMs = durationMs(delay?.trim());
  story.decided(origin, {
    by: "official-plugin",
    decision,
    ...(delayMs === undefined ? {} : { delayMs }),
    ...(statusCode === null ? {} : { statusCode }),
  });
}

/** The best account of why a connection ended: a field, the words in parentheses, or the error line before it. */
function closeError(telling: Telling, status: number | null, given?: unknown): RawError {
  const pending = telling.takePendingError();
  const stated = errorOfValue(given, telling.scrub);
  const inText = /\((status=\d{3}[^)]*(?:\([^)]*\))?[^)]*)\)\s*$/.exec(telling.line.message)?.[1];
  const fromText = inText === undefined ? null : errorOfText(inText, status, telling.scrub);
  const best = [stated, fromText, pending].find((error) => (error?.message ?? "") !== "");
  const shown = best ?? { name: "Error", message: "" };
  return status === null ? shown : { statusCode: status, ...shown };
}
