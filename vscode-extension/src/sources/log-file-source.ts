import { type FileHandle, open, readdir, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { describeCount } from "openclaw-whatsapp-continuity-plugin/explain";
import type { SourceState } from "../model/feed-item.ts";
import { LineFeeder } from "./line-feeder.ts";
import { LINES_PER_TURN, type LogSource, type SourceListener } from "./source.ts";
import { endOf } from "./text-source.ts";
import { rest } from "./time-slices.ts";

export interface LogFileOptions {
  readonly path: string;
  readonly scrub: (text: string) => string;
  /** Keep reading what is appended; false for an archive. */
  readonly follow: boolean;
  /** Read the rotated parts beside the file (`.5` ... `.1`, `.gz`) first. */
  readonly withArchives: boolean;
  readonly pollMs?: number;
  /** Bytes read of one file at most, from its end. */
  readonly maxBytes?: number;
}

const POLL_MS = 500;
const MAX_BYTES = 256 * 2 ** 20;
const BLOCK_BYTES = 2 ** 18;
/** A line longer than this is no record and no log line. */
const MAX_LINE_CHARACTERS = 2 ** 20;
const MAX_ARCHIVES = 10;

const unzip = promisify(gunzip);

/** A log file: read from its beginning and then followed, through rotation and truncation. */
export class LogFileSource implements LogSource {
  readonly label: string;
  readonly #options: LogFileOptions;
  #feeder: LineFeeder | null = null;
  #listener: SourceListener | null = null;
  #stopped = false;
  #handle: FileHandle | null = null;
  #inode = 0;
  #offset = 0;
  #rest = "";
  #decoder = new TextDecoder();
  #lines = 0;
  #missing = false;

  constructor(options: LogFileOptions) {
    this.#options = options;
    this.label = basename(options.path);
  }

  start(listener: SourceListener): void {
    this.#listener = listener;
    setImmediate(() => void this.#run());
  }

  stop(): void {
    this.#stopped = true;
    this.#listener = null;
    void this.#close();
  }

  async #run(): Promise<void> {
    try {
      const { mtimeMs } = await this.#statFile();
      const feeder = new LineFeeder(this.label, mtimeMs, this.#options.scrub);
      this.#feeder = feeder;
      this.#state({ phase: "starting", sentence: `Reading ${this.label}.` });
      if (this.#options.withArchives) await this.#readArchives(feeder);
      await this.#openFile();
      await this.#readOn(feeder);
      if (!this.#options.follow || feeder.fatal !== null) return await this.#finish(feeder);
      this.#state({ phase: "live", sentence: `Following ${this.#options.path}.` });
      await this.#follow(feeder);
    } catch (error) {
      if (!this.#stopped) this.#fail(error);
    } finally {
      await this.#close();
    }
  }

  async #follow(feeder: LineFeeder): Promise<void> {
    while (!this.#stopped && feeder.fatal === null) {
      await new Promise((resolve) => setTimeout(resolve, this.#options.pollMs ?? POLL_MS).unref());
      if (this.#stopped) return;
      await this.#poll(feeder);
    }
    if (feeder.fatal !== null) await this.#finish(feeder);
  }

  async #poll(feeder: LineFeeder): Promise<void> {
    const now = await stat(this.#options.path).catch(() => null);
    if (now === null) return this.#noteMissing(feeder);
    if (this.#missing || now.ino !== this.#inode) {
      // Whatever the old file got after the last look is still there: read it before going on with the new one.
      await this.#readOn(feeder);
      await this.#close();
      await this.#openFile();
      this.#missing = false;
      this.#batch(feeder.gap("The log was rotated here; lines written in between may be missing."));
      this.#state({ phase: "live", sentence: `Following ${this.#options.path}.` });
    } else if (now.size < this.#offset) {
      this.#offset = 0;
      this.#rest = "";
      this.#batch(feeder.gap("The log was cut off here and begins anew."));
    }
    await this.#readOn(feeder);
  }

  #noteMissing(feeder: LineFeeder): void {
    if (this.#missing) return;
    this.#missing = true;
    this.#batch(feeder.gap("The log file went away here."));
    const sentence = `${this.#options.path} is gone; waiting for it to be written again.`;
    this.#state({ phase: "reconnecting", sentence, retryMs: null });
  }

  async #statFile() {
    const found = await stat(this.#options.path);
    if (!found.isFile()) throw new SourceProblem(`${this.#options.path} is a folder.`);
    return found;
  }

  async #openFile(): Promise<void> {
    const handle = await open(this.#options.path, "r");
    const { ino, size } = await handle.stat();
    this.#handle = handle;
    this.#inode = ino;
    this.#rest = "";
    this.#decoder = new TextDecoder();
    const excess = size - (this.#options.maxBytes ?? MAX_BYTES);
    this.#offset = Math.max(0, excess);
    if (excess > 0 && this.#feeder !== null) {
      const mebibytes = Math.round(excess / 2 ** 20);
      this.#batch(
        this.#feeder.gap(`The file is too big: its first ${mebibytes} MiB were left out.`),
      );
    }
  }

  async #readOn(feeder: LineFeeder): Promise<void> {
    const block = Buffer.allocUnsafe(BLOCK_BYTES);
    while (!this.#stopped && this.#handle !== null && feeder.fatal === null) {
      const { bytesRead } = await this.#handle.read(block, 0, BLOCK_BYTES, this.#offset);
      if (bytesRead === 0) return;
      const bytes = block.subarray(0, bytesRead);
      if (bytes.includes(0)) throw new SourceProblem(`${this.#options.path} is not a text file.`);
      this.#offset += bytesRead;
      await this.#take(feeder, this.#decoder.decode(bytes, { stream: true }));
    }
  }

  async #take(feeder: LineFeeder, text: string): Promise<void> {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    if (this.#rest.length > MAX_LINE_CHARACTERS) {
      this.#rest = "";
      this.#batch(feeder.gap("A line of more than a million characters was left out.", 1));
    }
    this.#lines += lines.length;
    for (let from = 0; from < lines.length; from += LINES_PER_TURN) {
      this.#batch(feeder.read(lines.slice(from, from + LINES_PER_TURN)));
      await rest();
    }
  }

  /** `gateway.log.2.gz`, `gateway.log.1`: older parts, the highest number first. */
  async #readArchives(feeder: LineFeeder): Promise<void> {
    const folder = dirname(this.#options.path);
    const names = await readdir(folder);
    const parts = names
      .map((name) => ({ name, number: archiveNumber(name, this.label) }))
      .filter((part) => part.number !== null)
      .toSorted((a, b) => (b.number ?? 0) - (a.number ?? 0))
      .slice(-MAX_ARCHIVES);
    for (const { name } of parts) {
      if (this.#stopped) return;
      const handle = await open(join(folder, name), "r");
      try {
        const bytes = await handle.readFile();
        const text = name.endsWith(".gz") ? await unzip(bytes) : bytes;
        await this.#take(feeder, text.toString("utf8"));
        await this.#take(feeder, this.#rest === "" ? "" : "\n");
      } finally {
        await handle.close();
      }
    }
  }

  async #finish(feeder: LineFeeder): Promise<void> {
    if (this.#rest !== "") await this.#take(feeder, "\n");
    this.#state(endOf(feeder, this.#lines));
  }

  #fail(error: unknown): void {
    const sentence =
      error instanceof SourceProblem ? error.message : describeFileError(error, this.#options.path);
    const read = this.#lines === 0 ? "" : ` ${describeCount(this.#lines, "line")} had been read.`;
    this.#state({
      phase: "failed",
      sentence: `${sentence}${read} Choose a log of the gateway or an incident file.`,
      action: "choose-file",
    });
  }

  #batch(batch: ReturnType<LineFeeder["read"]>): void {
    if (batch.records.length > 0 || batch.gaps.length > 0) this.#listener?.onBatch(batch);
  }
  #state(state: SourceState): void {
    this.#listener?.onState(state);
  }
  async #close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = null;
    await handle?.close();
  }
}

class SourceProblem extends Error {}

function archiveNumber(name: string, base: string): number | null {
  if (!name.startsWith(`${base}.`)) return null;
  const number = /^(\d{1,3})(?:\.gz)?$/.exec(name.slice(base.length + 1))?.[1];
  return number === undefined ? null : Number(number);
}

/** Why a file cannot be used, in words. */
export function describeFileError(error: unknown, path: string): string {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === "ENOENT") return `${path} is not there.`;
  if (code === "EACCES" || code === "EPERM") return `${path} may not be read by you.`;
  if (code === "EISDIR") return `${path} is a folder.`;
  return `${path} cannot be read: ${error instanceof Error ? error.message : String(error)}.`;
}
