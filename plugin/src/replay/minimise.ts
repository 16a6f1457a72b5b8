import type { CauseId } from "../core/index.ts";
import type { HeaderRecord, InputRecord, LogRecord } from "../events/index.ts";
import type { Decision } from "./fold.ts";
import { type PlacedInput, placeInputs, replayPlaced, type RetargetedStory } from "./retarget.ts";

/** What a shorter incident must still show. */
export type MinimiseTarget =
  | { readonly show: "cause"; readonly causeId: CauseId }
  | { readonly show: "rule"; readonly rule: string }
  | { readonly show: "invariant"; readonly invariant: string | null }
  /** The decision about this record that was not the expected one: the same rule and the same effects, whatever their numbers. */
  | { readonly show: "divergence"; readonly seq: number; readonly boot: string };

export interface MinimisedIncident {
  readonly records: readonly LogRecord[];
  /** Inputs before and after. */
  readonly inputsBefore: number;
  readonly inputsAfter: number;
  /** Time of the story before and after, milliseconds. */
  readonly spanBeforeMs: number;
  readonly spanAfterMs: number;
  /** Replays that were needed. */
  readonly tried: number;
  /** False when the bound was reached: what is here shows the target, but a shorter one may exist. */
  readonly isMinimal: boolean;
}

export interface MinimiseOptions {
  /** @defaultValue 4,000 replays */
  readonly maxReplays?: number;
}

const MAX_REPLAYS = 4_000;

/**
 * The shortest story found that still shows the target: removes inputs (delta debugging), then shortens the waits between those that are left and
 * drops details of errors, as long as the target stays. Decisions and `world` records are left out, because they follow from the inputs.
 *
 * @returns null when the incident does not show the target at all
 */
export function minimiseIncident(
  records: readonly LogRecord[],
  target: MinimiseTarget,
  options: MinimiseOptions = {},
): MinimisedIncident | null {
  const placed = placeInputs(records);
  const headers = records.filter((record): record is HeaderRecord => record.kind === "log.header");
  const search = new Search(headers, options.maxReplays ?? MAX_REPLAYS);
  const shown = search.aim(placed, target);
  if (shown === null) return null;
  const fewest = search.removeInputs(placed.slice(0, shown + 1));
  const shortest = search.shortenWaits(fewest);
  const plainest = search.dropDetails(shortest);
  const { inputs } = search.replay(plainest);
  return {
    records: search.log(inputs),
    inputsBefore: placed.length,
    inputsAfter: inputs.length,
    spanBeforeMs: spanOf(placed.map(({ input }) => input)),
    spanAfterMs: spanOf(inputs),
    tried: search.tried,
    isMinimal: !search.isExhausted,
  };
}

type Placed = readonly PlacedInput[];

class Search {
  readonly #headers: readonly HeaderRecord[];
  readonly #maxReplays: number;
  #shows: (decision: Decision) => boolean = () => false;
  tried = 0;

  constructor(headers: readonly HeaderRecord[], maxReplays: number) {
    this.#headers = headers;
    this.#maxReplays = maxReplays;
  }

  get isExhausted(): boolean {
    return this.tried >= this.#maxReplays;
  }

  /** Takes the target; returns the index of the first input whose decision shows it. */
  aim(placed: Placed, target: MinimiseTarget): number | null {
    const { decisions } = this.replay(placed);
    this.#shows = testOf(target, decisions);
    const index = decisions.findIndex((decision) => this.#shows(decision));
    return index < 0 ? null : index;
  }

  /** Delta debugging (ddmin): ever smaller parts are left out, as long as the rest still shows the target. */
  removeInputs(placed: Placed): Placed {
    let kept = placed;
    let parts = 2;
    while (kept.length > 1 && !this.isExhausted) {
      const size = Math.ceil(kept.length / parts);
      const without = this.#firstWithout(kept, size);
      if (without !== null) {
        kept = without;
        parts = Math.max(parts - 1, 2);
      } else if (size === 1) {
        break;
      } else {
        parts = Math.min(parts * 2, kept.length);
      }
    }
    return kept;
  }

  /** Everything later moves closer, wait by wait: to nothing, or to half. */
  shortenWaits(placed: Placed): Placed {
    let kept = placed;
    for (let index = 1; index < kept.length && !this.isExhausted; index += 1) {
      const wait = waitBefore(kept, index);
      for (const removed of [wait, Math.floor(wait / 2)]) {
        if (removed <= 0 || this.isExhausted) break;
        const closer = movedUp(kept, index, removed);
        if (!this.#stillShows(closer)) continue;
        kept = closer;
        break;
      }
    }
    return kept;
  }

  /** Errors keep the facts that decide. */
  dropDetails(placed: Placed): Placed {
    let kept = placed;
    for (const [index, each] of placed.entries()) {
      for (const input of plainerForms(each.input)) {
        if (this.isExhausted) return kept;
        const tried = kept.with(index, { ...each, input });
        if (!this.#stillShows(tried)) continue;
        kept = tried;
        break;
      }
    }
    return kept;
  }

  replay(placed: Placed): RetargetedStory {
    this.tried += 1;
    return replayPlaced((boot) => this.#headerOf(boot), placed);
  }

  /** The inputs with the headers of their runs. */
  log(inputs: readonly InputRecord[]): readonly LogRecord[] {
    let boot: string | null = null;
    return inputs.flatMap((input): LogRecord[] => {
      const header = input.boot === boot ? null : this.#headerOf(input.boot);
      boot = input.boot;
      return header === null ? [input] : [header, input];
    });
  }

  #headerOf(boot: string): HeaderRecord | null {
    return this.#headers.find((header) => header.boot === boot) ?? null;
  }

  #firstWithout(kept: Placed, size: number): Placed | null {
    // From the end: what happened long after the beginning is needed least.
    for (let end = kept.length; end > 0 && !this.isExhausted; end -= size) {
      const rest = kept.toSpliced(Math.max(0, end - size), Math.min(size, end));
      if (rest.length > 0 && this.#stillShows(rest)) return rest;
    }
    return null;
  }

  #stillShows(placed: Placed): boolean {
    return this.replay(placed).decisions.some((decision) => this.#shows(decision));
  }
}

function testOf(
  target: MinimiseTarget,
  decisions: readonly Decision[],
): (decision: Decision) => boolean {
  switch (target.show) {
    case "cause":
      return ({ effects }) =>
        effects.some(
          ({ effect }) => effect.kind === "status.publish" && effect.causeId === target.causeId,
        );
    case "rule":
      return ({ rule, effects }) =>
        rule === target.rule || effects.some((effect) => effect.rule === target.rule);
    case "invariant":
      return ({ breach }) =>
        breach !== null && (target.invariant === null || breach.invariant === target.invariant);
    case "divergence": {
      const isIt = ({ input }: Decision): boolean =>
        input.seq === target.seq && input.boot === target.boot;
      const divergent = decisions.find(isIt);
      const wanted = divergent === undefined ? null : kindsOf(divergent);
      return (decision) => isIt(decision) && kindsOf(decision) === wanted;
    }
  }
}

/** A decision without its numbers. */
function kindsOf({ rule, effects }: Decision): string {
  return [rule, ...effects.map(({ rule: own, effect }) => `${own} ${effect.kind}`)].join("\n");
}

function waitBefore(placed: Placed, index: number): number {
  const before = placed[index - 1]?.input;
  const input = placed[index]?.input;
  if (before === undefined || input === undefined || before.boot !== input.boot) return 0;
  return input.at - before.at;
}

function movedUp(placed: Placed, index: number, byMs: number): Placed {
  const boot = placed[index]?.input.boot;
  return placed.map((each, place) =>
    place >= index && each.input.boot === boot
      ? { ...each, input: { ...each.input, at: each.input.at - byMs } }
      : each,
  );
}

function plainerForms(input: InputRecord): readonly InputRecord[] {
  if (input.kind === "version.resolved") return [input];
  const { source: _source, ...unsourced } = input;
  if (unsourced.kind !== "socket.closed" || unsourced.error === null) return [unsourced];
  const { name, message, statusCode } = unsourced.error;
  const plain = { name, message, ...(statusCode === undefined ? {} : { statusCode }) };
  return [{ ...unsourced, error: plain }, unsourced];
}

function spanOf(inputs: readonly InputRecord[]): number {
  const byBoot = new Map<string, { first: number; last: number }>();
  for (const { boot, at } of inputs) {
    const span = byBoot.get(boot);
    byBoot.set(boot, { first: span?.first ?? at, last: at });
  }
  return [...byBoot.values()].reduce((sum, { first, last }) => sum + last - first, 0);
}
