import { chmodSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { IncidentKeeper } from "../runtime/ports.ts";
import type { Capture, CaptureRequest } from "./capture.ts";

/** What led to a fault of our own is rarely older. */
const MINUTES = 30;
/** Newest first; a defect that comes back must not fill the disk. */
const MAX_FILES = 20;
const SUFFIX = ".incident.jsonl";

/**
 * Writes an incident file for each fault of our own, ready to be sent: it is a capture, so nothing in it leads back to people. A disk that
 * fails costs the file and is told once per fault.
 */
export function createIncidentKeeper(options: {
  /** Made 0700. */
  readonly folder: string;
  capture(request: CaptureRequest): Capture;
  onProblem(sentence: string): void;
}): IncidentKeeper {
  const { folder } = options;
  return {
    keep(accountId, title) {
      try {
        const { fileName, text } = options.capture({ accountId, since: MINUTES, title });
        mkdirSync(folder, { recursive: true, mode: 0o700 });
        chmodSync(folder, 0o700);
        writeFileSync(join(folder, unused(folder, fileName)), text, { mode: 0o600, flag: "wx" });
        removeOldest(folder);
      } catch (error) {
        const why = error instanceof Error && "code" in error ? ` (${String(error.code)})` : "";
        options.onProblem(
          `The records of a fault of this plugin could not be written to its folder incidents${why}. Check disk and permissions of the state directory.`,
        );
      }
    },
  };
}

/** Captures of one run begin with the same name; the number keeps them apart and in order. */
function unused(folder: string, fileName: string): string {
  const base = fileName.slice(0, -SUFFIX.length);
  const taken = incidentsIn(folder).filter((name) => name.startsWith(base));
  const numbers = taken.map((name) => Number(name.slice(base.length + 1, -SUFFIX.length)));
  const next = Math.max(0, ...numbers.filter(Number.isSafeInteger)) + 1;
  return `${base}-${String(next).padStart(3, "0")}${SUFFIX}`;
}

function removeOldest(folder: string): void {
  for (const name of incidentsIn(folder).toSorted().slice(0, -MAX_FILES)) {
    rmSync(join(folder, name), { force: true });
  }
}

function incidentsIn(folder: string): string[] {
  return readdirSync(folder).filter((name) => name.endsWith(SUFFIX));
}
