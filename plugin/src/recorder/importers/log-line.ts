import { LineClock } from "./line-time.ts";

/** One line of a log, taken out of what it was wrapped in. */
export interface LogLine {
  /** Wall clock milliseconds. */
  readonly ms: number;
  /** The time is not written in full on this line. */
  readonly timeAssumed: boolean;
  /** `web-reconnect`, `gateway/channels/whatsapp`, `health-monitor`, ... as far as the line says. */
  readonly module: string | null;
  readonly account: string | null;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

type Json = Readonly<Record<string, unknown>>;

const ANSI = new RegExp(String.raw`\u001b\[[0-9;]*m`, "g");
const QUOTE = /^(?:\s*>)+\s?/;
/** `[whatsapp]`, `[whatsapp:work]`, `[health-monitor]`, `[default]` before a message; also a console's `INFO`. */
const TAG = /^\s*\[([^\]\s]{1,64})\]\s*/;
const LEVEL = /^\s*(?:TRACE|DEBUG|INFO|WARN|WARNING|ERROR|FATAL)\b:?\s*/;
/** Tags that name a part of the gateway and not an account. */
const PARTS: ReadonlySet<string> = new Set([
  "whatsapp",
  "health-monitor",
  "gateway",
  "ws",
  "plugins",
  "channels",
  "agent",
  "diagnostic",
  "baileys",
  "openclaw",
  "tools",
  "reload",
  "heartbeat",
  "cron",
  "hooks",
  "sessions",
  "config",
  "security",
  "delivery-recovery",
]);

/** Channels whose lines stand in the same log and look alike. */
const OTHER_CHANNELS: ReadonlySet<string> = new Set([
  "telegram",
  "discord",
  "slack",
  "signal",
  "imessage",
  "bluebubbles",
  "msteams",
  "matrix",
  "mattermost",
  "googlechat",
  "line",
  "irc",
  "nostr",
  "feishu",
  "zalo",
]);

/** Whether a line is about a channel other than WhatsApp. */
export function isOtherChannel(line: LogLine): boolean {
  const channel = /(?:^|\/)channels\/([\w-]+)/.exec(line.module ?? "")?.[1];
  return channel !== undefined && channel !== "whatsapp";
}

/**
 * Unwraps one line: the gateway's JSON file log, the output of `openclaw logs --json`, or console text as people paste it.
 * Returns null for an empty line.
 */
export function readLogLine(line: string, clock: LineClock): LogLine | null {
  const clean = line.replaceAll(ANSI, "").replace(QUOTE, "").trimEnd();
  if (clean.trim() === "") return null;
  const json = parseObject(clean);
  return json === null ? readConsoleLine(clean, clock) : readJsonLine(json, clock);
}

function readJsonLine(json: Json, clock: LineClock): LogLine {
  const raw = json["raw"];
  const inner = json["type"] === "log" && typeof raw === "string" ? parseObject(raw) : null;
  if (inner !== null) return readJsonLine(inner, clock);
  const meta = asObject(json["_meta"]);
  const time = timeOf(json["time"] ?? json["timestamp"] ?? json["date"] ?? meta["date"]);
  if (time !== null) clock.set(time);
  const bindings = { ...parseBindings(json["0"]), ...asObject(json["bindings"]) };
  const fields = asObject(json["1"]);
  const message = [json["message"], json["msg"], json["2"], json["1"], json["0"]].find(
    (part) => typeof part === "string" && part !== "",
  );
  const module = bindings["module"] ?? bindings["subsystem"] ?? json["subsystem"] ?? json["module"];
  const account = fields["accountId"] ?? bindings["accountId"] ?? json["accountId"];
  const prefixed = stripTags(typeof message === "string" ? message : "");
  return {
    ms: clock.nowMs,
    timeAssumed: time === null,
    module: typeof module === "string" ? module : prefixed.module,
    account: typeof account === "string" ? account : prefixed.account,
    message: prefixed.message,
    fields: Object.keys(fields).length > 0 ? fields : json,
  };
}

function readConsoleLine(line: string, clock: LineClock): LogLine {
  const time = clock.read(line);
  const { module, account, message } = stripTags(time?.rest ?? line);
  return {
    ms: time?.ms ?? clock.nowMs,
    timeAssumed: time?.assumed ?? true,
    module,
    account,
    message,
    fields: trailingObject(message),
  };
}

function stripTags(text: string): Pick<LogLine, "module" | "account" | "message"> {
  let rest = text.replace(LEVEL, "");
  let module: string | null = null;
  let account: string | null = null;
  for (let match = TAG.exec(rest); match !== null; match = TAG.exec(rest)) {
    const [whole, tag = ""] = match;
    const [part = "", name] = tag.split(":");
    if (name !== undefined && part.endsWith("whatsapp")) account = name;
    else if (name !== undefined || OTHER_CHANNELS.has(tag)) module = `channels/${part}`;
    else if (PARTS.has(tag) || tag.includes("/")) module ??= tag;
    else account ??= tag;
    rest = rest.slice(whole.length).replace(LEVEL, "");
  }
  return { module, account, message: rest.trim() };
}

/** `message {"count":"5"}` and `{"error":"..."},"WebSocket error"`: the object that stands in a console line. */
function trailingObject(message: string): Json {
  const from = message.indexOf("{");
  const to = message.lastIndexOf("}");
  return from < 0 || to < from ? {} : (parseObject(message.slice(from, to + 1)) ?? {});
}

function parseBindings(value: unknown): Json {
  return typeof value === "string" && value.startsWith("{") ? (parseObject(value) ?? {}) : {};
}

/** The object a text holds, or null: a line that is not JSON is text. */
export function parseObject(text: string): Json | null {
  const trimmed = text.trim();
  if (!trimmed.startsWith("{") || !trimmed.endsWith("}")) return null;
  try {
    return asObject(JSON.parse(trimmed));
  } catch {
    return null;
  }
}

export function asObject(value: unknown): Json {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Json)
    : {};
}

function timeOf(value: unknown): number | null {
  if (typeof value === "number" && value > 1e12) return value;
  if (typeof value !== "string") return null;
  const ms = Date.parse(value);
  return Number.isFinite(ms) ? ms : null;
}
