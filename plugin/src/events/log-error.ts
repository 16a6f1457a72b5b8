/** Where in a log something is wrong. Lines and columns count from 1; `path` names the field (`error.errors[0].name`). */
export interface LogPosition {
  readonly file: string | null;
  readonly line: number;
  readonly column: number | null;
  readonly path: string;
}

export function describePosition(position: LogPosition): string {
  const place =
    position.column === null ? `${position.line}` : `${position.line}:${position.column}`;
  return position.file === null ? `line ${place}` : `${position.file}:${place}`;
}

/*
 * The brands make `is...` work across copies of this module: the extension and the plugin each bundle their own.
 */
const FORMAT_BRAND = Symbol.for("whatsapp-continuity.LogFormatError");
const VERSION_BRAND = Symbol.for("whatsapp-continuity.LogVersionError");

/** A line is not a record: damaged, cut, or not of this format. Nothing was changed on disk. */
export class LogFormatError extends Error {
  readonly code = "WA_ERR_LOG_FORMAT";
  readonly position: LogPosition;
  readonly expected: string;
  readonly action: string;
  readonly [FORMAT_BRAND] = true;

  constructor(position: LogPosition, expected: string, action = RESTORE_ACTION) {
    const where = position.path === "" ? "" : ` at "${position.path}"`;
    super(`${describePosition(position)}: expected ${expected}${where}. ${action}`);
    this.name = "LogFormatError";
    this.position = position;
    this.expected = expected;
    this.action = action;
  }
}
const RESTORE_ACTION =
  "Restore the file from where it came from, or capture the incident again; evidence is never edited.";

/** The log was written by a newer version of the product. Older ones are read for ever. */
export class LogVersionError extends Error {
  readonly code = "WA_ERR_LOG_VERSION";
  readonly position: LogPosition;
  readonly version: number;
  readonly supported: number;
  readonly action: string;
  readonly [VERSION_BRAND] = true;

  constructor(position: LogPosition, version: number, supported: number) {
    const action =
      "Update openclaw-whatsapp-continuity (plugin and VS Code extension) and open it again; the file is fine.";
    super(
      `${describePosition(position)}: this log is from a future version: it has format version ${version}, this program reads up to ${supported}. ${action}`,
    );
    this.name = "LogVersionError";
    this.position = position;
    this.version = version;
    this.supported = supported;
    this.action = action;
  }
}

export function isLogFormatError(error: unknown): error is LogFormatError {
  return typeof error === "object" && error !== null && FORMAT_BRAND in error;
}

export function isLogVersionError(error: unknown): error is LogVersionError {
  return typeof error === "object" && error !== null && VERSION_BRAND in error;
}
