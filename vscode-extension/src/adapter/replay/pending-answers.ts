import type { EngineAnswer } from "./engine-messages.ts";
import { ReplayProblem } from "./engine.ts";

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (problem: ReplayProblem) => void;
}

/** Matches the answers of a replay in a process or a thread of its own to what was asked, by number. */
export class PendingAnswers {
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 1;

  /** @param ask sends the request under this number; @throws ReplayProblem with what was wrong */
  expect(ask: (id: number) => void): Promise<unknown> {
    const id = this.#nextId;
    this.#nextId += 1;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      ask(id);
    });
  }

  settle(answer: EngineAnswer): void {
    if ("problem" in answer) {
      this.reject(answer.id, answer.problem.message, answer.problem.line);
      return;
    }
    this.#waiting.get(answer.id)?.resolve(answer.result);
    this.#waiting.delete(answer.id);
  }

  reject(id: number, message: string, line: number | null): void {
    this.#waiting.get(id)?.reject(new ReplayProblem(message, line));
    this.#waiting.delete(id);
  }

  /** Nobody answers any more. */
  rejectAll(why: string): void {
    for (const id of this.#waiting.keys()) this.reject(id, why, null);
  }
}
