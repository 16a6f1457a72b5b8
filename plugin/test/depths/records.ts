/**
 * `node records.ts INCIDENT OUT`: plays an incident's world at depth baileys and writes the log that the plugin wrote then to OUT, for
 * somebody who wants to step through it. Prints how its decisions compare with those of depth core, as `replay --json` does.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import {
  type HeaderRecord,
  isLogFormatError,
  isLogVersionError,
  type LogRecord,
  parseLog,
  serialiseLog,
} from "../../src/events/index.ts";
import { playStory } from "./baileys-depth.ts";
import { outcomeOf, unlessUnplayable } from "./outcome.ts";

const BAD_INPUT = 2;

const [file, out] = process.argv.slice(2);
if (file === undefined || out === undefined) {
  process.stderr.write("Name the incident and the file for its records: records.ts INCIDENT OUT\n");
  process.exitCode = BAD_INPUT;
} else await play(file, out);

async function play(from: string, to: string): Promise<void> {
  try {
    const incident = basename(from, ".jsonl");
    const outcome = await unlessUnplayable(incident, "baileys", async () => {
      const began = performance.now();
      const { records: evidence } = parseLog(readFileSync(from, "utf8"), { file: from });
      const written = await playStory(evidence);
      const header = evidence.find((record) => record.kind === "log.header");
      if (header !== undefined) writeFileSync(to, serialiseLog(asLog(header, written)));
      return outcomeOf(incident, "baileys", evidence, written, performance.now() - began);
    });
    process.stdout.write(`${JSON.stringify(outcome)}\n`);
    if (outcome.error !== undefined) process.exitCode = BAD_INPUT;
  } catch (error) {
    if (!isLogFormatError(error) && !isLogVersionError(error)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = BAD_INPUT;
  }
}

/** Each run below a header of its own; runs are numbered, so that the same story gives the same lines. */
function asLog(header: HeaderRecord, written: readonly LogRecord[]): readonly LogRecord[] {
  const records = written.filter((record) => record.kind !== "log.header");
  const runs = [...Map.groupBy(records, ({ boot }) => boot).values()];
  return runs.flatMap((run, index) => {
    const boot = `played-${index + 1}`;
    // Played from the beginning, so it stands on nothing before.
    const { checkpoint: _ofTheEvidence, ...rest } = header;
    const own = { ...rest, boot, seq: 0, at: 0, origin: "played at depth baileys" };
    return [own, ...run.map((record) => ({ ...record, boot }))];
  });
}
