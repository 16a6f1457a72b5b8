import { MAX_INNER_ERRORS, type RawError } from "../events/index.ts";

/*
 * Turns whatever was thrown, rejected or handed over with a close into plain facts. Nothing is concluded here: the core classifies. Nothing
 * is scrubbed here either: the controller does that before a record is written.
 */

const MAX_MESSAGE_LENGTH = 300;
const MAX_ATTRIBUTES = 16;
const MAX_DEPTH = 2;

/** The HTTP answer to the WebSocket upgrade (or of a proxy) was not 101; rc14 reports nothing in that case (OpenWA #1546). */
export class UpgradeRefused extends Error {
  readonly httpStatus: number;
  constructor(httpStatus: number) {
    super(`HTTP ${httpStatus} instead of 101 at the WebSocket upgrade`);
    this.name = "UpgradeRefused";
    this.httpStatus = httpStatus;
  }
}

/** Facts of any thrown value: Error, Boom, AggregateError, a bare close code, or something unheard of. */
export function rawErrorOf(thrown: unknown): RawError {
  return describe(thrown, 0);
}

function describe(thrown: unknown, depth: number): RawError {
  // rc14's waitForMessage rejects with the WebSocket close code itself.
  if (typeof thrown === "number") {
    return { name: "CloseCode", message: "WebSocket closed", closeCode: integer(thrown) ?? 0 };
  }
  if (typeof thrown === "string") return { name: "Error", message: shorten(thrown) };
  if (!isObject(thrown)) return { name: "Unknown", message: shorten(String(thrown)) };

  const data = thrown["data"];
  const source = isObject(data) && data instanceof Error ? data : thrown;
  return {
    name: textOf(thrown["name"]) ?? "Error",
    message: shorten(textOf(thrown["message"]) ?? textOf(thrown["reason"]) ?? ""),
    ...maybe(
      "statusCode",
      integer(isObject(thrown["output"]) ? thrown["output"]["statusCode"] : undefined),
    ),
    ...maybe("errorCode", textOf(source["code"]) ?? textOf(thrown["code"])),
    ...maybe("syscall", textOf(source["syscall"])),
    ...proxyOrUpgradeStatus(thrown, source),
    ...stanzaOf(data),
    ...innerErrors(source, depth),
  };
}

/** Node's own proxy tunnelling fails with ERR_PROXY_TUNNEL and the status of the CONNECT answer. */
function proxyOrUpgradeStatus(
  thrown: Fields,
  source: Fields,
): { readonly httpStatus?: number; readonly via?: string } {
  if (thrown instanceof UpgradeRefused) return { httpStatus: thrown.httpStatus };
  if (source["code"] !== "ERR_PROXY_TUNNEL") return {};
  return { ...maybe("httpStatus", integer(source["statusCode"])), via: "proxy" };
}

/** Boom's `data` in rc14: a stanza for stream errors, the attributes alone for `<failure>`, an Error for the WebSocket. */
function stanzaOf(data: unknown): Pick<RawError, "tag" | "attrs"> {
  if (!isObject(data) || data instanceof Error) return {};
  const tag = textOf(data["tag"]);
  if (tag !== undefined) return { tag, ...maybe("attrs", stringAttributes(data["attrs"])) };
  // Timed Out carries { stack }.
  if (textOf(data["reason"]) === undefined) return {};
  return { tag: "failure", ...maybe("attrs", stringAttributes(data)) };
}

function stringAttributes(value: unknown): Readonly<Record<string, string>> | undefined {
  if (!isObject(value)) return undefined;
  const attributes: Record<string, string> = {};
  for (const [key, item] of Object.entries(value).slice(0, MAX_ATTRIBUTES)) {
    if (typeof item === "string") attributes[key] = shorten(item);
  }
  return Object.keys(attributes).length > 0 ? attributes : undefined;
}

/** An AggregateError of several addresses (happy eyeballs) has its facts in `errors`. */
function innerErrors(source: Fields, depth: number): Pick<RawError, "errors"> {
  const errors = source["errors"];
  if (!Array.isArray(errors) || errors.length === 0 || depth >= MAX_DEPTH) return {};
  return { errors: errors.slice(0, MAX_INNER_ERRORS).map((inner) => describe(inner, depth + 1)) };
}

type Fields = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null;
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function integer(value: unknown): number | undefined {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

function maybe<K extends string, V>(key: K, value: V | undefined): { readonly [P in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { readonly [P in K]: V });
}

function shorten(text: string): string {
  return text.length <= MAX_MESSAGE_LENGTH ? text : `${text.slice(0, MAX_MESSAGE_LENGTH)}…`;
}
