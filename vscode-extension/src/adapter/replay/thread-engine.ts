import { Worker } from "node:worker_threads";
import type { IncidentText } from "openclaw-whatsapp-continuity-plugin/replay";
import {
  type OpenedIncident,
  type PlaceView,
  type ReplayEngine,
  type StopRules,
  type StopTable,
} from "./engine.ts";
import type { EngineAnswer } from "./engine-messages.ts";
import { PendingAnswers } from "./pending-answers.ts";

/** What the thread can be asked for, and what it answers. */
interface Tasks {
  readonly open: [given: IncidentText, result: OpenedIncident];
  readonly stopTable: [given: StopRules, result: StopTable];
  readonly view: [given: number, result: PlaceView];
  readonly golden: [given: IncidentText, result: string];
  readonly summarise: [given: { readonly content: string; readonly file: string }, result: string];
}

export type ThreadRequest = {
  [Method in keyof Tasks]: {
    readonly id: number;
    readonly method: Method;
    readonly argument: Tasks[Method][0];
  };
}[keyof Tasks];

/** Replays with the bundled copy of the plugin, in a thread beside the editor's extension host. */
export class ThreadEngine implements ReplayEngine {
  readonly origin = "bundled";
  readonly #worker: Worker;
  readonly #pending = new PendingAnswers();
  readonly #listeners: ((why: string) => void)[] = [];
  #isDisposed = false;

  /** @param entry bundled entry of the thread */
  constructor(entry: string) {
    this.#worker = new Worker(entry);
    this.#worker.on("message", (answer: EngineAnswer) => this.#pending.settle(answer));
    this.#worker.on("error", (error) => this.#end(`ended: ${error.message}`));
    this.#worker.on("exit", () => this.#end("ended"));
  }

  open(incident: IncidentText): Promise<OpenedIncident> {
    return this.#ask("open", incident);
  }

  stopTable(rules: StopRules): Promise<StopTable> {
    return this.#ask("stopTable", rules);
  }

  view(index: number): Promise<PlaceView> {
    return this.#ask("view", index);
  }

  golden(incident: IncidentText): Promise<string> {
    return this.#ask("golden", incident);
  }

  /** A readable account of an incident, as Markdown. @throws ReplayProblem with what is wrong with it */
  summarise(content: string, file: string): Promise<string> {
    return this.#ask("summarise", { content, file });
  }

  onEnd(listener: (why: string) => void): void {
    this.#listeners.push(listener);
  }

  dispose(): void {
    this.#isDisposed = true;
    void this.#worker.terminate();
  }

  #ask<Method extends keyof Tasks>(
    method: Method,
    argument: Tasks[Method][0],
  ): Promise<Tasks[Method][1]> {
    // The thread answers each method with what it is declared to give.
    return this.#pending.expect((id) => {
      this.#worker.postMessage({ id, method, argument });
    }) as Promise<Tasks[Method][1]>;
  }

  #end(how: string): void {
    const why = `The thread of the replay ${how}. Start it again.`;
    this.#pending.rejectAll(why);
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    for (const listener of this.#listeners) listener(why);
  }
}
