import type { PluginRuntime } from "openclaw/plugin-sdk/channel-core";
import { PLUGIN_ID } from "./identifiers.ts";

type Level = "debug" | "info" | "warn";
type Fields = Readonly<Record<string, unknown>>;

/** The account's lines in the gateway's log. No address, name or text of a message ever goes through here. */
export interface ChannelLog {
  debug(message: string, fields?: Fields): void;
  info(message: string, fields?: Fields): void;
  warn(message: string, fields?: Fields): void;
  error(message: string, fields?: Fields): void;
  /** Says something once per subject; what repeats for every message belongs into the records. */
  once(subject: string, level: Level, message: string): void;
}

/** Subjects remembered by {@link ChannelLog.once}; after that many, the oldest may be said again. */
const MAX_SUBJECTS = 500;

/**
 * @param scrub removes identities from free text; errors of libraries may carry addresses
 */
export function createChannelLog(
  runtime: PluginRuntime,
  accountId: string,
  scrub: (text: string) => string,
): ChannelLog {
  // `account` and not `accountId`: the host lifts some names out of the line.
  const logger = runtime.logging.getChildLogger({ plugin: PLUGIN_ID, account: accountId });
  const said = new Set<string>();
  const fields = (given: Fields | undefined) =>
    given === undefined ? undefined : plain(given, scrub);
  const log: ChannelLog = {
    debug: (message, given) => logger.debug?.(message, fields(given)),
    info: (message, given) => logger.info(message, fields(given)),
    warn: (message, given) => logger.warn(message, fields(given)),
    error: (message, given) => logger.error(message, fields(given)),
    once(subject, level, message) {
      if (said.has(subject)) return;
      if (said.size >= MAX_SUBJECTS) said.delete(said.values().next().value ?? "");
      said.add(subject);
      log[level](message);
    },
  };
  return log;
}

/** Errors print as `{}` in the gateway's log, so they are spelled out. */
function plain(fields: Fields, scrub: (text: string) => string): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      value instanceof Error ? scrub(`${value.name}: ${value.message}`) : value,
    ]),
  );
}
