import {
  digestOf,
  isLogFormatError,
  LogFormatError,
  parseLog,
  type ParsedLog,
} from "../events/index.ts";
import { digestIn, type Golden, holdsDecision } from "./golden.ts";

/** Stands for a missing line end; cannot occur in a record, where control characters are escaped. */
const NO_LINE_END = "\u0000";

/** Lines of evidence as they are digested; a missing last line end is part of it, so a cut last byte is noticed too. */
export function evidenceLines(evidence: string): readonly string[] {
  const lines = evidence.split("\n");
  const last = lines.pop() ?? "";
  return last === "" ? lines : [...lines, `${last}${NO_LINE_END}`];
}

/**
 * Checks the evidence byte by byte against the golden's digests, then reads it.
 *
 * @throws LogFormatError at the altered line, with the column where the alteration breaks the record; LogVersionError
 */
export function readEvidence(evidence: string, file: string, golden: Golden | null): ParsedLog {
  const alteredLine = golden === null ? null : firstAlteredLine(evidenceLines(evidence), golden);
  let log: ParsedLog;
  try {
    log = parseLog(evidence, { file });
  } catch (error) {
    // What the codec says about the altered line is more exact; what it says about a later one is a consequence.
    const isConsequence =
      isLogFormatError(error) && alteredLine !== null && error.position.line !== alteredLine;
    throw isConsequence ? altered(file, alteredLine) : error;
  }
  if (alteredLine !== null) throw altered(file, alteredLine);
  return log;
}

/**
 * Lines that are no inputs hold nothing but their digest in a golden; anything else there is damage of the golden.
 *
 * @throws LogFormatError at the golden's line
 */
export function checkPassedLines(golden: Golden, inputLines: ReadonlySet<number>): void {
  for (let line = 1; line <= golden.lines.length; line += 1) {
    if (inputLines.has(line) || holdsDecision(golden, line, null)) continue;
    throw new LogFormatError(
      { file: golden.file, line: line + 1, column: null, path: "" },
      "nothing but line and digest, because this line of evidence is no input",
      "Restore the golden from version control.",
    );
  }
}

function firstAlteredLine(lines: readonly string[], golden: Golden): number | null {
  const count = Math.max(lines.length, golden.lines.length);
  for (let line = 1; line <= count; line += 1) {
    const text = lines[line - 1];
    if (text === undefined || digestOf(text) !== digestIn(golden, line)) return line;
  }
  return null;
}

function altered(file: string, line: number): LogFormatError {
  return new LogFormatError(
    { file, line, column: null, path: "" },
    "the line whose digest the golden holds: evidence or golden was altered",
    "Restore both from version control. Evidence is never edited; another story needs another name.",
  );
}
