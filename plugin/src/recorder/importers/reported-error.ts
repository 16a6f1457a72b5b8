import type { RawError } from "../../events/index.ts";
import { asObject, parseObject } from "./log-line.ts";

/** Boom puts the phrase of the HTTP status before its own message when an error is printed as one line. */
const PHRASES =
  /^(?:Request Time-out|Precondition Required|Unauthorized|Forbidden|Method Not Allowed|Service Unavailable|Internal Server Error|Bad Request|Conflict|Payment Required|Unknown)\s+/;

/** `status=408 Request Time-out Connection was lost` as the facts it holds. */
export function errorOfText(
  text: string,
  statusCode: number | null,
  scrub: (text: string) => string,
): RawError {
  const named = /status=?\s*(\d{3})\s*(.*)$/.exec(text);
  const message = (named?.[2] ?? text).replace(PHRASES, "").trim();
  const status = named === null ? statusCode : Number(named[1]);
  return {
    name: "Error",
    message: scrub(message),
    ...(status === null ? {} : { statusCode: status }),
  };
}

/**
 * An error as OpenClaw prints it: a text, or a Boom object in whatever nesting (`{"error":{"data":{"reason":"401"},"output":{...}}}`).
 * Null when there is none.
 */
export function errorOfValue(value: unknown, scrub: (text: string) => string): RawError | null {
  if (typeof value === "string") {
    const parsed = parseObject(value);
    if (parsed !== null) return errorOfValue(parsed, scrub);
    return errorOfBrokenObject(value, scrub) ?? errorOfText(value, null, scrub);
  }
  const error = asObject(value);
  if (Object.keys(error).length === 0) return null;
  const nested = error["error"];
  if (typeof nested === "string" || Object.keys(asObject(nested)).length > 0) {
    return errorOfValue(nested, scrub);
  }
  return errorOfBoom(error, scrub);
}

/** An object that was cut or shortened on its way: what can still be read of it. */
function errorOfBrokenObject(text: string, scrub: (text: string) => string): RawError | null {
  if (!text.trimStart().startsWith("{")) return null;
  const statusCode = /"(?:statusCode|status)"\s*:\s*(\d{3})/.exec(text)?.[1];
  const errorCode = /"code"\s*:\s*"(E[A-Z_]+)"/.exec(text)?.[1];
  const reason = /"reason"\s*:\s*"(\d{3})"/.exec(text)?.[1];
  if (statusCode === undefined && errorCode === undefined) return null;
  return {
    name: "Error",
    message: scrub(/"message"\s*:\s*"([^"]*)"/.exec(text)?.[1] ?? ""),
    ...(statusCode === undefined ? {} : { statusCode: Number(statusCode) }),
    ...(errorCode === undefined ? {} : { errorCode }),
    ...(reason === undefined ? {} : { attrs: { reason } }),
  };
}

function errorOfBoom(
  error: Readonly<Record<string, unknown>>,
  scrub: (text: string) => string,
): RawError | null {
  const output = asObject(error["output"]);
  const payload = asObject(output["payload"]);
  const data = asObject(error["data"]);
  const statusCode = numberOf(output["statusCode"] ?? payload["statusCode"] ?? error["status"]);
  const message = [payload["message"], error["message"], payload["error"]].find(
    (part) => typeof part === "string" && part !== "",
  );
  const errorCode = data["code"] ?? error["code"];
  const attrs = textsOf(data);
  if (statusCode === null && message === undefined && errorCode === undefined) return null;
  return {
    name: "Error",
    message: scrub(typeof message === "string" ? message : ""),
    ...(statusCode === null ? {} : { statusCode }),
    ...(typeof errorCode === "string" ? { errorCode: scrub(errorCode) } : {}),
    ...(Object.keys(attrs).length === 0 ? {} : { attrs }),
  };
}

/** `<stream:error>` and `<failure>` as baileys logs them: `{"tag":"stream:error","attrs":{"code":"503"}}`. */
export function errorOfStanza(message: string): RawError | null {
  if (!message.includes("stream:error")) return null;
  const code = /code["'=:\s]+["']?(\d{3})/.exec(message)?.[1];
  const conflict = /conflict[^>}]*type["'=:\s]+["']?(\w+)/.exec(message)?.[1];
  const child = conflict === undefined ? null : "conflict";
  return {
    name: "Error",
    message: `Stream Errored (${child ?? "unknown"})`,
    ...(code === undefined ? {} : { statusCode: Number(code) }),
    ...(conflict === undefined ? {} : { tag: "conflict", attrs: { type: conflict } }),
  };
}

const PLAIN_ATTRIBUTE = /^[\w-]{1,32}$/;

function textsOf(data: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> {
  const entries = ["reason", "location", "expire"].flatMap((key) => {
    const value = data[key];
    return typeof value === "string" && PLAIN_ATTRIBUTE.test(value) ? [[key, value] as const] : [];
  });
  return Object.fromEntries(entries);
}

export function numberOf(value: unknown): number | null {
  const number = typeof value === "string" && value !== "" ? Number(value) : value;
  return typeof number === "number" && Number.isSafeInteger(number) && number >= 0 ? number : null;
}
