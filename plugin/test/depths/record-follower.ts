import type { Gateway } from "fixtures/gateway";
import type { LogRecord } from "../../src/events/index.ts";

const POLL_MS = 400;
const BATCH = 1_000;

interface Batch {
  readonly records: readonly LogRecord[];
  readonly dropped: number;
}

/** Reads the plugin's records through its own method, while they come. */
export class RecordFollower {
  readonly records: LogRecord[] = [];
  readonly #gateway: Gateway;
  readonly #accounts: ReadonlyMap<string, string>;
  #nextSeq = 0;
  #timer: NodeJS.Timeout | undefined;
  #reading: Promise<void> = Promise.resolve();
  #failure: Error | null = null;

  /** @param accounts what the incident calls each account of the gateway */
  constructor(gateway: Gateway, accounts: ReadonlyMap<string, string>) {
    this.#gateway = gateway;
    this.#accounts = accounts;
  }

  start(): void {
    this.#timer = setInterval(() => {
      this.#reading = this.#reading.then(() => this.#read());
    }, POLL_MS);
  }

  /**
   * Ends the reading with what is there by then.
   * @throws Error when a reading failed or records were lost
   */
  async stop(): Promise<readonly LogRecord[]> {
    clearInterval(this.#timer);
    await this.#reading;
    await this.#read();
    if (this.#failure !== null) throw this.#failure;
    return this.records;
  }

  async #read(): Promise<void> {
    try {
      for (let isFull = true; isFull;) {
        const params = { fromSeq: this.#nextSeq, limit: BATCH };
        const batch = await this.#gateway.rpc<Batch & Record<string, unknown>>(
          "whatsappContinuity.records",
          params,
        );
        isFull = batch.records.length === BATCH;
        for (const record of batch.records) this.#take(record);
      }
    } catch (error) {
      this.#failure ??= error instanceof Error ? error : new Error(String(error));
    }
  }

  #take(record: LogRecord): void {
    this.#nextSeq = Math.max(this.#nextSeq, record.seq + 1);
    if (record.kind === "log.header") return;
    const account = this.#accounts.get(record.account);
    if (account !== undefined) this.records.push({ ...record, account });
  }
}
