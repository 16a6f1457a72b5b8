import { createHmac, randomBytes } from "node:crypto";
import { createReadStream, existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { createGunzip } from "node:zlib";
import { createPseudonymiser } from "../events/index.ts";
import { AnyLogReader, type StreamGap, type TimedRecord } from "../explain/index.ts";

/** A log cannot be used. The message says why and what to do. */
export class LogFileError extends Error {
  override readonly name = "LogFileError";
}

export interface ReadLogs {
  readonly records: readonly TimedRecord[];
  readonly gaps: readonly StreamGap[];
  readonly files: readonly string[];
  readonly lines: number;
}

/** Records kept in memory; the oldest go first and leave a hole that is told. */
const MAX_RECORDS = 1_000_000;
const MAX_PROBLEMS = 100;
/** Enough of a file to see that it is not text. */
const PROBE_BYTES = 8_192;

/** Where the gateway writes when nothing else is configured: one file a day, rotated parts numbered. */
const DEFAULT_FOLDER = "/tmp/openclaw";
const DAILY = /^openclaw.*\.log(?:\.\d+)?(?:\.gz)?$/;

/**
 * The gateway's default log files that were written since then, oldest first.
 *
 * @throws LogFileError when there are none
 */
export function findDefaultLogs(sinceMs: number, folder: string = DEFAULT_FOLDER): string[] {
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => DAILY.test(name)) : [];
  const files = names
    .map((name) => join(folder, name))
    .map((path) => ({ path, writtenMs: statSync(path).mtimeMs }))
    .filter(({ writtenMs }) => writtenMs >= sinceMs)
    .toSorted((a, b) => a.writtenMs - b.writtenMs);
  if (files.length === 0) {
    throw new LogFileError(
      `No gateway log of that time is in ${folder}. Give the log's path, see logging.file in openclaw.json.`,
    );
  }
  return files.map(({ path }) => path);
}

/**
 * Reads logs of any kind that {@link AnyLogReader} knows, in the given order, `.gz` included; `-` is standard input.
 *
 * @throws LogFileError for a file that is not there, not readable or not text
 */
export async function readLogs(paths: readonly string[]): Promise<ReadLogs> {
  const records: TimedRecord[] = [];
  const gaps: StreamGap[] = [];
  const scrub = oneTimeScrubber();
  let lines = 0;
  for (const path of paths) {
    const fallbackMs = path === "-" ? Date.now() : modifiedMs(path);
    const reader = new AnyLogReader({ label: path, fallbackMs, scrub });
    for await (const line of linesOf(path)) {
      const result = reader.read(line);
      for (const record of result.records) records.push(record);
      if (result.problem === null) continue;
      if (result.problem.fatal) throw new LogFileError(result.problem.sentence);
      const wallMs = records.at(-1)?.wallMs ?? fallbackMs;
      if (gaps.length < MAX_PROBLEMS) {
        gaps.push({ wallMs, sentence: result.problem.sentence, lost: 1 });
      }
    }
    lines += reader.lines;
  }
  const excess = records.length - MAX_RECORDS;
  if (excess > 0) {
    const wallMs = records[excess]?.wallMs ?? 0;
    records.splice(0, excess);
    gaps.unshift({ wallMs, sentence: `${excess} older records were left out.`, lost: excess });
  }
  return { records, gaps, files: paths, lines };
}

/** Identities in foreign lines get pseudonyms that nobody can compare with another run. */
function oneTimeScrubber(): (text: string) => string {
  const key = randomBytes(32);
  const keyedHash = (text: string): string => createHmac("sha256", key).update(text).digest("hex");
  const pseudonyms = createPseudonymiser({ keyedHash });
  return (text) => pseudonyms.text(text);
}

async function* linesOf(path: string): AsyncGenerator<string> {
  const input = path === "-" ? process.stdin : await openText(path);
  yield* createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
}

async function openText(path: string): Promise<NodeJS.ReadableStream> {
  if (path.endsWith(".gz")) return createReadStream(path).pipe(createGunzip());
  for await (const chunk of createReadStream(path, { end: PROBE_BYTES })) {
    if ((chunk as Buffer).includes(0)) {
      throw new LogFileError(
        `${path} is not a text file. Give a log of the gateway or an incident file.`,
      );
    }
  }
  return createReadStream(path, "utf8");
}

function modifiedMs(path: string): number {
  try {
    const stat = statSync(path);
    if (stat.isFile()) return stat.mtimeMs;
  } catch (error) {
    const why =
      (error as NodeJS.ErrnoException).code === "EACCES" ? "may not be read" : "is not there";
    throw new LogFileError(
      `${path} ${why}. Give the path of a log; openclaw.json names it in logging.file.`,
      {
        cause: error,
      },
    );
  }
  throw new LogFileError(`${path} is a folder. Give the path of a log file.`);
}
