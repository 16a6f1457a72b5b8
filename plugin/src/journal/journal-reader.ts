import { existsSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import type { AccountId } from "../events/index.ts";
import { journalPath } from "./account-folder.ts";
import { Addresses } from "./addresses.ts";
import { Inbound } from "./inbound.ts";
import { faultOf } from "./journal-fault.ts";
import type { MessageEntry, MessageQuery } from "./operations.ts";
import { checkOrigin } from "./schema.ts";
import { Sql } from "./sql.ts";

const BUSY_TIMEOUT_MS = 2_000;

/** The journal is not there or cannot be read; the message says what to do. */
export class JournalUnreadable extends Error {
  constructor(cause: string, action: string) {
    super(`${cause} ${action}.`);
    this.name = "JournalUnreadable";
  }
}

/**
 * Reads an account's messages, newest last, also while a gateway is writing. Changes nothing, not even an old schema.
 *
 * @throws JournalUnreadable
 */
export function readJournalMessages(
  location: { readonly stateDir: string; readonly accountId: AccountId },
  query: MessageQuery,
): readonly MessageEntry[] {
  const path = journalPath(location.stateDir, location.accountId);
  if (!existsSync(path)) {
    throw new JournalUnreadable(
      `There is no journal of account ${location.accountId} below ${location.stateDir}.`,
      "Name the account with --account and the gateway's state directory with --state-dir",
    );
  }
  let sql: Sql | null = null;
  try {
    sql = new Sql(new DatabaseSync(path, { readOnly: true, timeout: BUSY_TIMEOUT_MS }));
    if (checkOrigin(sql) === 0) return [];
    return new Inbound(sql, new Addresses(sql)).messages(query);
  } catch (error) {
    const { sentence, action } = faultOf(error);
    throw new JournalUnreadable(sentence, action);
  } finally {
    sql?.close();
  }
}
