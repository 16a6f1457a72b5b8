import { type Logger, pino } from "pino";
import type { Pseudonymiser } from "../runtime/ports.ts";
import type { GatewayLog } from "./gateway-log.ts";
import type { LogLevel } from "./log-line.ts";

/** pino's number for `error`; what is below is a warning, because nothing else is let through. */
const ERROR_LEVEL = 50;
/** Where lines go that belong to no account. */
const NO_ACCOUNT = "plugin";

/**
 * A pino logger for what happens inside the plugin and its libraries. Its destination is ours: of a line only the text, the component and an
 * error's name and text are kept, scrubbed, and written to the gateway's log at `warn` and above, collapsed and limited like any other
 * topic. Objects that a library hangs on a line hold stanzas and keys, so none is ever written.
 *
 * Children carry `account` and `component`.
 */
export function createDiagnosticLogger(log: GatewayLog, pseudonyms: Pseudonymiser): Logger {
  return pino(
    { level: "warn", base: null, timestamp: false },
    { write: (line: string) => writeDiagnostic(line, log, pseudonyms) },
  );
}

function writeDiagnostic(line: string, log: GatewayLog, pseudonyms: Pseudonymiser): void {
  const parsed: unknown = JSON.parse(line);
  const text = (value: unknown): string | null =>
    typeof value === "string" && value !== "" ? pseudonyms.text(value) : null;
  const message = text(field(parsed, "msg"));
  const error = field(parsed, "err");
  const errorName = text(field(error, "type"));
  const errorMessage = text(field(error, "message"));
  const component = text(field(parsed, "component")) ?? "library";
  const account = field(parsed, "account");
  const said = [...new Set([message, errorMessage])].filter((part) => part !== null).join(": ");
  if (said === "") return;
  const level: LogLevel = Number(field(parsed, "level")) >= ERROR_LEVEL ? "error" : "warn";
  log.offerLine(typeof account === "string" ? account : NO_ACCOUNT, {
    // A library's error is not the account's end: errors are for what needs a person.
    level: "warn",
    message: `${component}: ${said}`,
    fields: {
      event: "diagnostic",
      component,
      severity: level,
      ...(typeof account === "string" ? { account } : {}),
      ...(errorName === null ? {} : { errorName }),
    },
    topic: `diagnostic ${component} ${(message ?? said).replaceAll(/\d+/g, "0")}`,
  });
}

function field(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  return Object.hasOwn(value, name)
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined;
}
