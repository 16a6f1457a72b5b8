import type { PlaceView, Stop, StopRules } from "./engine.ts";
import { Frames } from "./frames.ts";
import type { OpenReplay } from "./replay-request.ts";
import { type Arrival, type Place, Walk } from "./walk.ts";

/** What a session hears of its navigator. */
export interface NavigatorListener {
  stopped(reason: string, thread: number, stop: Stop | null): void;
  said(text: string): void;
  /** Whoever goes on from the end has seen everything. */
  finished(): void;
}

/** A place in an open incident and the ways from there, in terms of threads (accounts) and stops. */
export class Navigator {
  readonly replay: OpenReplay;
  readonly walk: Walk;
  readonly frames: Frames;
  readonly #listener: NavigatorListener;
  readonly #phases = new Map<number, readonly number[]>();
  place: Place = { index: 0, effect: null };
  /** What is to be seen at the place; null before the first stop. */
  view: PlaceView | null = null;
  /** Thread of the record one stands at, from 1. */
  thread = 1;
  lastStop: Stop | null = null;

  constructor(replay: OpenReplay, listener: NavigatorListener) {
    this.replay = replay;
    this.walk = new Walk(replay.incident);
    this.frames = new Frames(replay.incident, replay.path, (rule) => replay.rules.find(rule));
    this.#listener = listener;
  }

  /** The account of the thread one stands at. */
  get account(): string | null {
    return this.replay.incident.accounts[this.thread - 1] ?? null;
  }

  /** @throws ReplayProblem when a condition cannot be understood */
  async stopAtRules(rules: StopRules): Promise<void> {
    this.walk.table = await this.replay.engine.stopTable(rules);
  }

  /** From before the first record to where a session begins to stand. */
  async begin(line: number | null, stopOnEntry: boolean): Promise<void> {
    const index = line === null ? null : this.walk.onLine(line);
    if (index !== null) await this.goTo(index, "goto");
    else if (stopOnEntry) await this.goTo(this.walk.first, "entry");
    else await this.#arrive(this.walk.onward(-1), -1);
  }

  goTo(index: number, reason: string): Promise<void> {
    return this.#stopAt({ index, effect: null }, reason);
  }

  stay(reason: string): Promise<void> {
    return this.#stopAt(this.place, reason, this.lastStop);
  }

  async onward(): Promise<void> {
    const from = this.place.index;
    const arrival = this.walk.onward(from);
    if (arrival.end === "end" && from >= this.walk.last) this.#listener.finished();
    else await this.#arrive(arrival, from);
  }

  backward(): Promise<void> {
    return this.#arrive(this.walk.backward(this.place.index), null);
  }

  /** Over a decision to the next record; inside one to the next effect. */
  next(thread: number): Promise<void> {
    return this.place.effect === null ? this.#toNextRecord(thread) : this.into(thread);
  }

  /** Into the decision: effect by effect. */
  into(thread: number): Promise<void> {
    const { index, effect } = this.place;
    const next = effect === null ? 0 : effect + 1;
    return next < (this.view?.effects.length ?? 0)
      ? this.#stopAt({ index, effect: next }, "step")
      : this.#toNextRecord(thread);
  }

  /** Out of a decision; from a record to the next change of the account's phase. */
  async out(thread: number): Promise<void> {
    if (this.place.effect !== null) return this.#toNextRecord(thread);
    const from = this.place.index;
    const changes = await this.#phaseChanges(thread);
    const change = changes.find((index) => index > from) ?? null;
    const stop = this.walk.onward(from);
    const isSooner = stop.stop !== null && (change === null || stop.place.index <= change);
    if (isSooner || change === null) return this.#arrive(stop, from);
    return this.#arrive({ place: { index: change, effect: null }, stop: null, end: null }, from);
  }

  /** Where an account's phase changes. Asked for once: the engine folds the whole incident for it. */
  async #phaseChanges(thread: number): Promise<readonly number[]> {
    const known = this.#phases.get(thread);
    if (known !== undefined) return known;
    const account = this.replay.incident.accounts[thread - 1] ?? "";
    const phase = { id: 0, account, path: "connection.phase", condition: null, hitCondition: null };
    const rules = { lines: [], names: [], data: [phase], filters: [] };
    const { stops } = await this.replay.engine.stopTable(rules);
    const changes = stops.map(({ index }) => index);
    this.#phases.set(thread, changes);
    return changes;
  }

  back(thread: number): Promise<void> {
    const { index, effect } = this.place;
    if (effect !== null)
      return this.#stopAt({ index, effect: effect === 0 ? null : effect - 1 }, "step");
    return this.#arrive(this.walk.step(index, -1, thread - 1), null);
  }

  /** What a thread stands at: the place itself, or the account's last record before it. */
  async standing(thread: number): Promise<PlaceView | null> {
    const isHere = thread === this.thread && this.view !== null;
    const index = isHere ? this.place.index : this.walk.latest(this.place.index, thread - 1);
    return index === null ? null : this.viewAt(index);
  }

  viewAt(index: number): Promise<PlaceView> {
    const here = this.view;
    return here?.index === index ? Promise.resolve(here) : this.replay.engine.view(index);
  }

  viewOfFrame(frameId: number | undefined): Promise<PlaceView> {
    return this.viewAt(this.frames.indexOf(frameId) ?? this.place.index);
  }

  #toNextRecord(thread: number): Promise<void> {
    const from = this.place.index;
    return this.#arrive(this.walk.step(from, 1, thread - 1), from);
  }

  /** @param from where the walk began, for what log points say on the way on; null on the way back */
  async #arrive({ place, stop, end }: Arrival, from: number | null): Promise<void> {
    const said = from === null ? [] : this.walk.said(from, place.index);
    for (const text of said) this.#listener.said(text);
    if (end === "end") this.#listener.said("This is the end of the incident.");
    if (end === "beginning") this.#listener.said("This is the beginning.");
    const plain = end === "beginning" ? "entry" : end === "end" ? "pause" : "step";
    await this.#stopAt(place, stop?.reason ?? plain, stop);
  }

  async #stopAt(place: Place, reason: string, stop: Stop | null = null): Promise<void> {
    const view = await this.replay.engine.view(place.index);
    this.frames.clear();
    this.place = place;
    this.view = view;
    this.lastStop = stop;
    this.thread = Math.max(0, this.replay.incident.accountOf[place.index] ?? 0) + 1;
    this.#listener.stopped(reason, this.thread, stop);
  }
}
