import type { AccountId, EffectRecord, InputRecord } from "../events/index.ts";
import type { TimedRecord } from "./timed-record.ts";

/** What this plugin promises, as far as its own records can show it. */
export const PROMISES = {
  "attempts-per-hour": "never more than 60 attempts to connect in an hour",
  "one-connection": "never two connections of one account at once",
  "no-loop": "no attempt while a person is needed",
  "delivery-accounted":
    "every offline delivery is accounted for, and what was read is in the journal",
  "message-once": "no message is given to the agent again after it was settled",
  "message-ends": "every message that was given to the agent comes to an end",
  "send-once": "every send keeps one message id",
  "send-ends": "every send comes to an end",
} as const;
export type PromiseId = keyof typeof PROMISES;

export interface PromiseCheck {
  readonly promise: PromiseId;
  readonly sentence: string;
  readonly ok: boolean;
  /** How often it could have been broken. */
  readonly checked: number;
  readonly broken: readonly Breach[];
}

/** Where a promise was broken. */
export interface Breach {
  readonly wallMs: number;
  readonly account: AccountId;
  readonly boot: string;
  readonly seq: number;
  readonly what: string;
}

const HOUR_MS = 3_600_000;
const ATTEMPTS_PER_HOUR = 60;
/** A turn of the agent and a send may take this long before they count as forgotten. */
const ENDS_WITHIN_MS = 30 * 60_000;
const MAX_BREACHES = 20;

/**
 * Checks the promises against records, from what came in and what was decided alone: the state that the decisions were made from plays no part, so
 * a mistake there is not shared.
 *
 * @param records with every kind of record (the spool, a capture, an incident), in the order of the log
 */
export function checkPromises(records: readonly TimedRecord[]): readonly PromiseCheck[] {
  const witnesses = new Map<AccountId, Witness>();
  const results = new Results();
  let lastMs = 0;
  for (const { record, wallMs } of records) {
    lastMs = Math.max(lastMs, wallMs);
    if (record.kind === "log.header" || record.dir === "world") continue;
    const witness = witnesses.get(record.account) ?? new Witness(results);
    witnesses.set(record.account, witness);
    witness.see(record, wallMs);
  }
  for (const witness of witnesses.values()) witness.end(lastMs);
  return results.all();
}

type Place = Omit<Breach, "what">;

class Results {
  readonly #checked = new Map<PromiseId, number>();
  readonly #broken = new Map<PromiseId, Breach[]>();

  check(promise: PromiseId, isKept: boolean, place: Place, what: string): void {
    this.#checked.set(promise, (this.#checked.get(promise) ?? 0) + 1);
    if (isKept) return;
    const broken = this.#broken.get(promise) ?? [];
    this.#broken.set(promise, broken);
    if (broken.length < MAX_BREACHES) broken.push({ ...place, what });
  }

  all(): readonly PromiseCheck[] {
    return Object.entries(PROMISES).map(([id, sentence]) => {
      // The keys of the table are its ids.
      const promise = id as PromiseId;
      const broken = this.#broken.get(promise) ?? [];
      const checked = this.#checked.get(promise) ?? 0;
      return { promise, sentence, ok: broken.length === 0, checked, broken };
    });
  }
}

/** What is known of one account while its records go by. */
class Witness {
  readonly #results: Results;
  readonly #messages = new Map<string, { readonly place: Place; settled: boolean }>();
  readonly #sends = new Map<string, { readonly place: Place; readonly messageId: string | null }>();
  #boot = "";
  #attempts: number[] = [];
  #sockets = new Set<number>();
  #needsPerson = false;

  constructor(results: Results) {
    this.#results = results;
  }

  see(record: InputRecord | EffectRecord, wallMs: number): void {
    const { boot, seq, account } = record;
    const place = { wallMs, account, boot, seq };
    if (boot !== this.#boot) {
      // A process that ended took its sockets with it.
      this.#boot = boot;
      this.#sockets = new Set();
      this.#needsPerson = false;
    }
    if (record.dir === "in") this.#cameIn(record, place);
    else this.#wasDecided(record, place);
  }

  end(lastMs: number): void {
    for (const [id, { place, settled }] of this.#messages) {
      if (settled || lastMs - place.wallMs >= ENDS_WITHIN_MS) {
        this.#results.check("message-ends", settled, place, `message ${id} has no end`);
      }
    }
    for (const [id, { place }] of this.#sends) {
      if (lastMs - place.wallMs >= ENDS_WITHIN_MS) {
        this.#results.check("send-ends", false, place, `send ${id} has no end`);
      }
    }
  }

  #cameIn(record: InputRecord, place: Place): void {
    switch (record.kind) {
      case "socket.closed":
        this.#sockets.delete(record.socketId);
        return;
      case "operator.acted":
      case "controller.started":
        this.#needsPerson = false;
        return;
      case "message.settled": {
        const message = this.#messages.get(record.messageId);
        if (message !== undefined) message.settled = true;
        return;
      }
      case "send.requested": {
        const known = this.#sends.get(record.sendId);
        const isSame = known === undefined || known.messageId === record.messageId;
        this.#results.check(
          "send-once",
          isSame,
          place,
          `send ${record.sendId} got another message id`,
        );
        if (known === undefined)
          this.#sends.set(record.sendId, { place, messageId: record.messageId });
        return;
      }
      default:
        return;
    }
  }

  #wasDecided(record: EffectRecord, place: Place): void {
    switch (record.kind) {
      case "socket.open":
        return this.#attempted(record.socketId, place);
      case "socket.close":
        this.#sockets.delete(record.socketId);
        return;
      case "status.publish":
        this.#needsPerson = record.terminal;
        return;
      case "drain.close": {
        const { delivered, journalled, outcome } = record;
        // Cut short is accounted for too: it is the evidence that something is missing, and is followed up.
        const isKept = outcome !== "complete" || journalled <= delivered;
        this.#results.check(
          "delivery-accounted",
          isKept,
          place,
          `${journalled} journalled of ${delivered} delivered`,
        );
        return;
      }
      case "message.admit":
        return this.#admitted(record.messageId, record.as, place);
      case "send.settle":
        if (!this.#sends.delete(record.sendId)) return;
        this.#results.check("send-ends", true, place, "");
        return;
      default:
        return;
    }
  }

  #attempted(socketId: number, place: Place): void {
    this.#results.check("no-loop", !this.#needsPerson, place, `socket ${socketId} was opened`);
    this.#results.check(
      "one-connection",
      this.#sockets.size === 0,
      place,
      `socket ${socketId} beside ${[...this.#sockets].join(", ")}`,
    );
    this.#sockets.add(socketId);
    this.#attempts = this.#attempts.filter((ms) => ms > place.wallMs - HOUR_MS);
    this.#attempts.push(place.wallMs);
    const { length } = this.#attempts;
    this.#results.check(
      "attempts-per-hour",
      length <= ATTEMPTS_PER_HOUR,
      place,
      `${length} attempts in an hour`,
    );
  }

  #admitted(messageId: string, as: string, place: Place): void {
    if (as === "ignore") return;
    const known = this.#messages.get(messageId);
    this.#results.check(
      "message-once",
      known?.settled !== true,
      place,
      `message ${messageId} was admitted again`,
    );
    if (known === undefined) this.#messages.set(messageId, { place, settled: false });
  }
}
