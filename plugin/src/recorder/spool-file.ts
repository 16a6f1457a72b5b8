import {
  closeSync,
  fchmodSync,
  fstatSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { type HeaderRecord, type LogRecord, serialiseRecord, severityOf } from "../events/index.ts";
import type { Clock, Timers } from "../runtime/ports.ts";

export interface SpoolFileOptions {
  /** Folder of the spool, made 0700. */
  readonly folder: string;
  readonly clock: Clock;
  readonly timers: Timers;
  /** The header as of now; see {@link HEADER_EVERY_MS}. */
  readonly header: () => HeaderRecord;
  /** @defaultValue 4 MiB */
  readonly maxFileBytes?: number;
}

/** State of the spool, for status. */
export interface SpoolStatus {
  readonly state: "ok" | "failing";
  /** Node's code of the last failure. */
  readonly errorCode: string | null;
  /** Records that never reached the disk. */
  readonly dropped: number;
}

const MAX_FILE_BYTES = 4 * 1024 * 1024;
/** The current file and this many older ones. */
const OLDER_FILES = 4;
/** The header is repeated, so that a reader may start anywhere and knows the wall clock to ten minutes. */
export const HEADER_EVERY_MS = 600_000;
/** Records are written together; a warning or an error at once, because what follows may be the end. */
const WRITE_AFTER_MS = 200;
const WRITE_AT_CHARACTERS = 64 * 1024;
/** What waits in memory while the disk fails. */
const MAX_WAITING_CHARACTERS = 1024 * 1024;
const RETRY_AFTER_MS = 30_000;

export function spoolPath(folder: string, age = 0): string {
  return join(folder, age === 0 ? "records.incident.jsonl" : `records.${age}.incident.jsonl`);
}

/**
 * All records in a few files of bounded size, in the format of an incident file, so that any of them can be opened as it is. Writes go to
 * the operating system's cache and wait for no disk. A failing disk costs records, never the gateway.
 */
export class SpoolFile {
  readonly #options: SpoolFileOptions;
  #descriptor: number | null = null;
  #fileBytes = 0;
  #lines: string[] = [];
  #waitingCharacters = 0;
  #lastHeaderMs = Number.NEGATIVE_INFINITY;
  #dropped = 0;
  #errorCode: string | null = null;
  #retryAtMs = 0;
  #cancelTimer: (() => void) | null = null;

  constructor(options: SpoolFileOptions) {
    this.#options = options;
  }

  append(record: LogRecord): void {
    const nowMs = this.#options.clock.monotonicMs();
    if (nowMs - this.#lastHeaderMs >= HEADER_EVERY_MS) this.#queueHeader(nowMs);
    if (this.#waitingCharacters > MAX_WAITING_CHARACTERS) this.flush();
    if (this.#waitingCharacters > MAX_WAITING_CHARACTERS) {
      this.#dropped += 1;
      return;
    }
    this.#queue(serialiseRecord(record));
    const isUrgent = severityOf(record) === "warning" || severityOf(record) === "error";
    if (isUrgent || this.#waitingCharacters >= WRITE_AT_CHARACTERS) this.flush();
    else this.#cancelTimer ??= this.#options.timers.start(WRITE_AFTER_MS, () => this.flush());
  }

  /** Writes what waits. A failure is remembered and tried again with the next records. */
  flush(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    if (this.#lines.length === 0 || this.#options.clock.monotonicMs() < this.#retryAtMs) return;
    try {
      this.#write();
      this.#errorCode = null;
    } catch (error) {
      this.#errorCode = error instanceof Error && "code" in error ? String(error.code) : "unknown";
      this.#retryAtMs = this.#options.clock.monotonicMs() + RETRY_AFTER_MS;
      this.#release();
    }
  }

  status(): SpoolStatus {
    const state = this.#errorCode === null ? "ok" : "failing";
    return { state, errorCode: this.#errorCode, dropped: this.#dropped };
  }

  close(): void {
    this.#retryAtMs = 0;
    this.flush();
    this.#release();
  }

  #queue(line: string): void {
    this.#lines.push(line);
    this.#waitingCharacters += line.length + 1;
  }

  #queueHeader(nowMs: number): void {
    this.#lastHeaderMs = nowMs;
    this.#queue(serialiseRecord(this.#options.header()));
  }

  #write(): void {
    const descriptor = this.#open();
    const text = `${this.#lines.join("\n")}\n`;
    const bytes = Buffer.from(text);
    for (let written = 0; written < bytes.length;) {
      written += writeSync(descriptor, bytes, written);
    }
    this.#lines = [];
    this.#waitingCharacters = 0;
    this.#fileBytes += bytes.length;
    if (this.#fileBytes >= (this.#options.maxFileBytes ?? MAX_FILE_BYTES)) this.#rotate();
  }

  #open(): number {
    if (this.#descriptor !== null) return this.#descriptor;
    const { folder } = this.#options;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    let descriptor = openSync(spoolPath(folder), "a+", 0o600);
    this.#fileBytes = fstatSync(descriptor).size;
    // A crash may have cut the last line. It stays the end of its file, where a reader expects such a thing.
    if (this.#fileBytes > 0 && !endsWithNewline(descriptor, this.#fileBytes)) {
      closeSync(descriptor);
      shift(folder);
      descriptor = openSync(spoolPath(folder), "a+", 0o600);
      this.#fileBytes = 0;
    }
    fchmodSync(descriptor, 0o600);
    this.#descriptor = descriptor;
    return descriptor;
  }

  #rotate(): void {
    this.#release();
    shift(this.#options.folder);
    this.#fileBytes = 0;
    this.#queueHeader(this.#options.clock.monotonicMs());
  }

  #release(): void {
    if (this.#descriptor !== null) closeSync(this.#descriptor);
    this.#descriptor = null;
  }
}

/** `records` becomes `records.1`, and so on; the oldest goes. */
function shift(folder: string): void {
  rmSync(spoolPath(folder, OLDER_FILES), { force: true });
  for (let age = OLDER_FILES - 1; age >= 0; age -= 1) {
    try {
      renameSync(spoolPath(folder, age), spoolPath(folder, age + 1));
    } catch (error) {
      // There are fewer files than there may be.
      if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
    }
  }
}

function endsWithNewline(descriptor: number, size: number): boolean {
  const last = Buffer.alloc(1);
  readSync(descriptor, last, 0, 1, size - 1);
  return last[0] === 0x0a;
}
