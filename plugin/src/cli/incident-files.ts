import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { IncidentText } from "../replay/index.ts";
import { CommandProblem } from "./command-problem.ts";

const EVIDENCE = ".jsonl";
const GOLDEN = ".expected.jsonl";
/** A day of an account with full records is about 5 MB. */
const MAX_INCIDENT_BYTES = 256 * 1024 * 1024;

/**
 * Incident files for the paths of a command line, in order: a file stands for itself, a folder for every incident in it.
 *
 * @throws CommandProblem when a path does not exist or a folder holds no incident
 */
export function findIncidents(paths: readonly string[]): readonly string[] {
  return paths.flatMap((path) => {
    if (!existsSync(path)) {
      throw new CommandProblem(
        "WA_ERR_NO_SUCH_PATH",
        `${path} does not exist`,
        "Give the path of an incident (*.jsonl) or of a folder of incidents",
      );
    }
    if (!statSync(path).isDirectory()) return [path.endsWith(GOLDEN) ? evidenceOf(path) : path];
    const files = readdirSync(path)
      .filter((name) => name.endsWith(EVIDENCE) && !name.endsWith(GOLDEN))
      .toSorted()
      .map((name) => join(path, name));
    if (files.length > 0) return files;
    throw new CommandProblem(
      "WA_ERR_NO_INCIDENT",
      `${path} holds no incident`,
      "Give a folder with *.jsonl files; fixtures/README.md describes the format",
    );
  });
}

/** Reads an incident and its golden, which lies beside it. */
export function readIncident(file: string): IncidentText {
  const goldenFile = goldenFileOf(file);
  return {
    incident: slugOf(file),
    file,
    evidence: readBounded(file),
    golden: existsSync(goldenFile) ? { file: goldenFile, text: readBounded(goldenFile) } : null,
  };
}

/** `fixtures/incidents/a-b.jsonl` -> `a-b`. */
export function slugOf(file: string): string {
  return basename(file, EVIDENCE);
}

export function goldenFileOf(file: string): string {
  return join(dirname(file), `${slugOf(file)}${GOLDEN}`);
}

function evidenceOf(goldenFile: string): string {
  return `${goldenFile.slice(0, -GOLDEN.length)}${EVIDENCE}`;
}

function readBounded(file: string): string {
  const { size } = statSync(file);
  if (size > MAX_INCIDENT_BYTES) {
    throw new CommandProblem(
      "WA_ERR_INCIDENT_TOO_LARGE",
      `${file} has ${size} bytes, more than the ${MAX_INCIDENT_BYTES} that a replay reads`,
      "Capture a shorter time",
    );
  }
  return readFileSync(file, "utf8");
}
