import { ForeignDatabaseError, NewerSchemaError } from "./schema.ts";

/** Why the journal's file cannot be used, for people and for what happens next. */
export interface JournalFault {
  readonly id:
    | "locked"
    | "full"
    | "read-only"
    | "cannot-open"
    | "io-error"
    | "corrupt"
    | "newer-schema"
    | "unexpected";
  readonly sentence: string;
  readonly action: string;
  /** SQLite's result code or Node's error code; never a path. */
  readonly errorCode: string;
}

const WAITING = "Messages are kept in memory and written as soon as that is over";

/**
 * What an error of the database means. An error that did not come from the database is a defect of ours and is thrown on.
 *
 * @throws the error itself when it is neither SQLite's nor the file system's
 */
export function faultOf(error: unknown): JournalFault {
  if (error instanceof NewerSchemaError) {
    return fault(
      "newer-schema",
      `The journal was written by a newer version of the plugin (schema ${error.found}, this one reads up to ${error.supported}); it is left untouched.`,
      "Update the plugin: openclaw plugins update whatsapp-continuity. Until then messages are only kept in memory",
      `schema ${error.found}`,
    );
  }
  if (error instanceof ForeignDatabaseError) return corrupt("foreign database");
  const sqlite = sqliteCode(error);
  if (sqlite !== null) return sqliteFault(sqlite);
  const node = nodeCode(error);
  if (node === null) throw error;
  return nodeFault(node);
}

/** Primary result codes of SQLite; extended ones carry theirs in the low byte. */
const SQLITE = {
  PERM: 3,
  BUSY: 5,
  LOCKED: 6,
  READONLY: 8,
  IOERR: 10,
  CORRUPT: 11,
  FULL: 13,
  CANTOPEN: 14,
  PROTOCOL: 15,
  NOTADB: 26,
} as const;

function sqliteFault(code: number): JournalFault {
  const errorCode = `SQLITE ${code}`;
  switch (code & 0xff) {
    case SQLITE.BUSY:
    case SQLITE.LOCKED:
    case SQLITE.PROTOCOL:
      return fault(
        "locked",
        "Another program holds the journal locked.",
        `${WAITING}; close what has the file open`,
        errorCode,
      );
    case SQLITE.FULL:
      return full(errorCode);
    case SQLITE.READONLY:
    case SQLITE.PERM:
      return readOnly(errorCode);
    case SQLITE.CANTOPEN:
      return cannotOpen(errorCode);
    case SQLITE.CORRUPT:
    case SQLITE.NOTADB:
      return corrupt(errorCode);
    case SQLITE.IOERR:
      return ioError(errorCode);
    default:
      return fault(
        "unexpected",
        "The database refused an operation of the plugin.",
        "Messages are kept in memory; restart the gateway, and report this with a capture if it comes back",
        errorCode,
      );
  }
}

function nodeFault(code: string): JournalFault {
  switch (code) {
    case "EROFS":
    case "EACCES":
    case "EPERM":
      return readOnly(code);
    case "ENOSPC":
    case "EDQUOT":
      return full(code);
    case "EIO":
      return ioError(code);
    default:
      return cannotOpen(code);
  }
}

function full(errorCode: string): JournalFault {
  return fault(
    "full",
    "There is no room to write the journal: the disk or the configured size is used up.",
    `${WAITING}; free disk space or raise journal.maxMegabytes`,
    errorCode,
  );
}

function readOnly(errorCode: string): JournalFault {
  return fault(
    "read-only",
    "The journal may not be written.",
    `${WAITING}; make the gateway's state directory writable for its user`,
    errorCode,
  );
}

function cannotOpen(errorCode: string): JournalFault {
  return fault(
    "cannot-open",
    "The journal's file or folder cannot be opened.",
    `${WAITING}; check the gateway's state directory`,
    errorCode,
  );
}

function ioError(errorCode: string): JournalFault {
  return fault(
    "io-error",
    "The disk reported an error on the journal.",
    `${WAITING}; check the disk`,
    errorCode,
  );
}

function corrupt(errorCode: string): JournalFault {
  return fault(
    "corrupt",
    "The journal's file is damaged.",
    "It is set aside as journal.sqlite.quarantined-<n> and a new one is begun",
    errorCode,
  );
}

function fault(
  id: JournalFault["id"],
  sentence: string,
  action: string,
  errorCode: string,
): JournalFault {
  return { id, sentence, action, errorCode };
}

/** SQLite's (extended) result code as node:sqlite attaches it, or null for any other error. */
function sqliteCode(error: unknown): number | null {
  if (!(error instanceof Error) || !("errcode" in error)) return null;
  return typeof error.errcode === "number" ? error.errcode : null;
}

function nodeCode(error: unknown): string | null {
  if (!(error instanceof Error) || !("code" in error) || !("syscall" in error)) return null;
  return typeof error.code === "string" ? error.code : null;
}
