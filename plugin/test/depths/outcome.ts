import type { Depth, IncidentOutcome } from "../../src/cli/replay.ts";
import type { LogRecord } from "../../src/events/index.ts";
import { currentCore, foldAll } from "../../src/replay/index.ts";
import { UnplayableStory } from "./world-player.ts";
import { compareSequences, type Decided, decidedIn, sequencesOf } from "./agreement.ts";

/** What today's core decides for the recorded inputs. */
export function decidedAtDepthCore(evidence: readonly LogRecord[]): readonly Decided[] {
  return foldAll(currentCore, evidence).flatMap(({ input, effects }) =>
    effects.map((each) => ({ boot: input.boot, account: input.account, ...each })),
  );
}

/** Runs a depth; a story it cannot make happen is an outcome and does not end the run of the others. */
export async function unlessUnplayable(
  incident: string,
  depth: Exclude<Depth, "core">,
  replay: () => Promise<IncidentOutcome>,
): Promise<IncidentOutcome> {
  try {
    return await replay();
  } catch (error) {
    if (!(error instanceof UnplayableStory)) throw error;
    const { code } = error;
    const message = `${incident} cannot be played at depth ${depth}: ${error.message}; replay it at another depth`;
    return {
      incident,
      depth,
      ok: false,
      decisions: 0,
      exact: 0,
      diverged: 0,
      first: null,
      invariants: 0,
      ms: 0,
      error: { code, message, file: null, line: null, column: null, path: "" },
    };
  }
}

/** Compares the records of a deeper run with what depth `core` decides for the evidence. */
export function outcomeOf(
  incident: string,
  depth: Exclude<Depth, "core">,
  evidence: readonly LogRecord[],
  written: readonly LogRecord[],
  ms: number,
): IncidentOutcome {
  const { decisions, exact, disagreements } = compareSequences(
    sequencesOf(decidedAtDepthCore(evidence)),
    sequencesOf(decidedIn(written)),
  );
  const invariants = written.filter((record) => record.kind === "invariant.report").length;
  const [first] = disagreements;
  return {
    incident,
    depth,
    // A story in which nothing was decided shows nothing.
    ok: decisions > 0 && disagreements.length === 0 && invariants === 0,
    decisions,
    exact,
    diverged: disagreements.length,
    first:
      first === undefined
        ? null
        : {
            seq: first.index,
            account: first.account,
            strand: first.strand,
            rule: first.actual ?? "(nothing more)",
            expected: first.expected,
            actual: first.actual,
          },
    invariants,
    ms: Math.round(ms),
  };
}
