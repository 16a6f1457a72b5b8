import type { OpenedIncident, Stop, StopTable } from "./engine.ts";

/** Where a session stands: at a record, or inside the decision about it at one of its effects. */
export interface Place {
  readonly index: number;
  /** Null at the record itself. */
  readonly effect: number | null;
}

/** Where a walk ends and why. */
export interface Arrival {
  readonly place: Place;
  /** Null when nothing but the end of the walk stopped it. */
  readonly stop: Stop | null;
  readonly end: "beginning" | "end" | null;
}

const NO_STOPS: StopTable = { stops: [], logs: [] };

/** The ways through an incident. All of them are look-ups; nothing is folded here. */
export class Walk {
  readonly #incident: OpenedIncident;
  table: StopTable = NO_STOPS;

  constructor(incident: OpenedIncident) {
    this.#incident = incident;
  }

  get #end(): number {
    return this.#incident.lines.length;
  }

  /** The first record at which one can stop. */
  get first(): number {
    return Math.max(0, this.#incident.isStep.indexOf(true));
  }

  get last(): number {
    return Math.max(0, this.#incident.isStep.lastIndexOf(true));
  }

  /** On to the next place where the rules stop. */
  onward(from: number): Arrival {
    const stop = this.table.stops.find(({ index }) => index > from) ?? null;
    return stop === null
      ? { place: at(this.last), stop, end: "end" }
      : { place: at(stop.index), stop, end: null };
  }

  /** Back to the place before it where the rules stop. */
  backward(from: number): Arrival {
    const stop = this.table.stops.findLast(({ index }) => index < from) ?? null;
    return stop === null
      ? { place: at(this.first), stop, end: "beginning" }
      : { place: at(stop.index), stop, end: null };
  }

  /** One record of an account on or back; a stop of another account in between comes first. */
  step(from: number, direction: 1 | -1, account: number): Arrival {
    const wanted = this.nearest(from + direction, direction, account);
    const inBetween = direction === 1 ? this.onward(from) : this.backward(from);
    const isSooner =
      inBetween.stop !== null &&
      (wanted === null || (inBetween.place.index - wanted) * direction < 0);
    if (isSooner) return inBetween;
    if (wanted === null) {
      const edge = direction === 1 ? "end" : "beginning";
      return { place: at(from), stop: null, end: edge };
    }
    const stop = this.table.stops.find(({ index }) => index === wanted) ?? null;
    return { place: at(wanted), stop, end: null };
  }

  /** The first record of an account at which one stops, from an index on, in a direction. */
  nearest(from: number, direction: 1 | -1, account: number): number | null {
    const { accountOf, isStep } = this.#incident;
    for (let index = from; index >= 0 && index < this.#end; index += direction) {
      if (isStep[index] === true && accountOf[index] === account) return index;
    }
    return null;
  }

  /** The last record of an account at or before an index, of any direction: what the account stands at. */
  latest(from: number, account: number): number | null {
    const { accountOf } = this.#incident;
    for (let index = from; index >= 0; index -= 1) if (accountOf[index] === account) return index;
    return null;
  }

  /** What log points said between two places. */
  said(from: number, to: number): readonly string[] {
    return this.table.logs
      .filter(({ index }) => index > from && index <= to)
      .map(({ text }) => text);
  }

  lineOf(index: number): number {
    return this.#incident.lines[index] ?? 1;
  }

  /** The record on a line, or the next one below it. */
  onLine(line: number): number | null {
    const index = this.#incident.lines.findIndex((each) => each >= line);
    if (index < 0) return null;
    const isHeader = this.#incident.accountOf[index] === -1;
    if (!isHeader) return index;
    const next = this.#incident.accountOf.findIndex((account, i) => i > index && account >= 0);
    return next < 0 ? null : next;
  }
}

function at(index: number): Place {
  return { index, effect: null };
}
