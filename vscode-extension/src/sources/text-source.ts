import { describeCount } from "openclaw-whatsapp-continuity-plugin/explain";
import { LineFeeder } from "./line-feeder.ts";
import { rest } from "./time-slices.ts";
import { LINES_PER_TURN, type LogSource, type SourceListener } from "./source.ts";

/** A text that is complete: what was pasted, or the content of an incident file in an editor. */
export class TextSource implements LogSource {
  readonly label: string;
  readonly #text: string;
  readonly #scrub: (text: string) => string;
  readonly #nowMs: number;
  #stopped = false;

  /** @param nowMs wall clock for lines that give no date */
  constructor(label: string, text: string, scrub: (text: string) => string, nowMs: number) {
    this.label = label;
    this.#text = text;
    this.#scrub = scrub;
    this.#nowMs = nowMs;
  }

  start(listener: SourceListener): void {
    setImmediate(() => void this.#run(listener));
  }

  stop(): void {
    this.#stopped = true;
  }

  async #run(listener: SourceListener): Promise<void> {
    const feeder = new LineFeeder(this.label, this.#nowMs, this.#scrub);
    const lines = this.#text.split("\n");
    for (let from = 0; from < lines.length && feeder.fatal === null; from += LINES_PER_TURN) {
      if (this.#stopped) return;
      listener.onBatch(feeder.read(lines.slice(from, from + LINES_PER_TURN)));
      await rest();
    }
    if (!this.#stopped) listener.onState(endOf(feeder, lines.length));
  }
}

/** How a finished text is described. */
export function endOf(feeder: LineFeeder, lines: number) {
  if (feeder.fatal !== null) {
    return { phase: "failed", sentence: feeder.fatal, action: "update-extension" } as const;
  }
  if (feeder.reader.recognised === 0) {
    const sentence = `None of the ${describeCount(lines, "line")} is about a WhatsApp account. Open a log of the gateway, or an incident file (*.incident.jsonl).`;
    return { phase: "failed", sentence, action: "choose-file" } as const;
  }
  const unreadable =
    feeder.problems === 0 ? "" : `, ${describeCount(feeder.problems, "line")} could not be read`;
  return { phase: "complete", sentence: `Read to the end${unreadable}.` } as const;
}
