import { join } from "node:path";
import {
  type AccountId,
  FORMAT,
  FORMAT_VERSION,
  type HeaderRecord,
  type LogRecord,
} from "../events/index.ts";
import type {
  AccountCheckpoint,
  Clock,
  Pseudonymiser,
  RecordSink,
  Run,
  Timers,
} from "../runtime/ports.ts";
import { type Capture, captureIncident, type CaptureRequest } from "./capture.ts";
import { Checkpoints } from "./checkpoints.ts";
import { cleanRecord, withoutIdentities } from "./clean-record.ts";
import { GatewayLog, type LogPort } from "./gateway-log.ts";
import { LiveStream, type RecordBatch } from "./live-stream.ts";
import type { DescribeCause } from "./log-line.ts";
import { DEFAULT_LOG_SETTINGS, type LogSettings } from "./log-settings.ts";
import { RING_CAPACITY, RingBuffer, type RecordFilter } from "./ring-buffer.ts";
import { SpoolFile, type SpoolStatus } from "./spool-file.ts";

/** Versions that a log names, so that it can be understood later. */
export interface LogVersions {
  readonly plugin: string;
  readonly baileys: string;
  readonly openclaw: string;
  readonly node: string;
}

export interface RecorderOptions {
  /** The plugin's folder below the gateway's state directory. */
  readonly folder: string;
  readonly run: Pick<Run, "boot" | "seed">;
  readonly versions: LogVersions;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly pseudonyms: Pseudonymiser;
  readonly describeCause: DescribeCause;
  readonly log: LogPort;
  /** Live event to readers of the gateway; nobody may be there. */
  readonly emit: (batch: RecordBatch) => void;
  /** @defaultValue 10,000 */
  readonly ringCapacity?: number;
}

/** State of the recorder, for status. */
export interface RecorderStatus {
  readonly boot: string;
  readonly lastSeq: number;
  readonly ring: { readonly records: number; readonly evicted: number };
  readonly spool: SpoolStatus;
  /** Records that were no records, and sinks that failed on one. */
  readonly refused: number;
  readonly failures: number;
}

/**
 * Takes every record of every account and gives it to the ring buffer, the spool file, the live event and the gateway's log. A sink that
 * fails is counted and does not keep the others from theirs.
 */
export class Recorder implements RecordSink {
  readonly gatewayLog: GatewayLog;
  readonly #options: RecorderOptions;
  readonly #ring: RingBuffer;
  readonly #checkpoints = new Checkpoints();
  readonly #live: LiveStream;
  readonly #spool: SpoolFile;
  readonly #settings = new Map<AccountId, LogSettings>();
  #lastSeq = 0;
  #refused = 0;
  #failures = 0;

  constructor(options: RecorderOptions) {
    const { clock, timers, run } = options;
    this.#options = options;
    this.#ring = new RingBuffer(options.ringCapacity ?? RING_CAPACITY);
    this.#live = new LiveStream({ boot: run.boot, timers, emit: options.emit });
    this.#spool = new SpoolFile({
      folder: join(options.folder, "records"),
      clock,
      timers,
      header: () => this.header(),
    });
    this.gatewayLog = new GatewayLog({
      log: options.log,
      clock,
      timers,
      describeCause: options.describeCause,
      settingsOf: (accountId) => this.#settingsOf(accountId),
    });
  }

  append(record: LogRecord): void {
    const clean = this.#guarded(() => cleanRecord(record, this.#options.pseudonyms));
    if (clean === null || clean === undefined || clean.kind === "log.header") {
      this.#refused += 1;
      return;
    }
    this.#lastSeq = clean.seq;
    this.#ring.append(clean);
    const shown = this.#shown(clean);
    this.#guarded(() => this.#spool.append(shown));
    this.#guarded(() => this.#live.append(shown));
    this.#guarded(() => this.gatewayLog.append(clean));
  }

  checkpoint(checkpoint: AccountCheckpoint): void {
    this.#checkpoints.keep(checkpoint, this.#ring.firstSeq());
  }

  /** Settings of one account; they hold from the next record on. */
  configure(accountId: AccountId, settings: LogSettings): void {
    this.#settings.set(accountId, settings);
  }

  /** Answer of the records RPC. `dropped`: wanted records that were no longer in the ring. */
  read(filter: RecordFilter): RecordBatch {
    const records = this.#ring.read(filter).map((record) => this.#shown(record));
    const firstKept = this.#ring.firstSeq();
    const { fromSeq } = filter;
    return {
      boot: this.#options.run.boot,
      fromSeq: records[0]?.seq ?? fromSeq ?? this.#lastSeq + 1,
      records,
      dropped: fromSeq === undefined ? 0 : Math.max(0, firstKept - Math.max(fromSeq, 1)),
    };
  }

  /** Cuts an incident out of what is in the ring. */
  capture(request: CaptureRequest): Capture {
    const firstSeq = this.#ring.firstSeq();
    return captureIncident(
      {
        records: this.#ring,
        checkpointsOf: (accountId) => this.#checkpoints.of(accountId, firstSeq),
        header: this.header(),
        nowMs: this.#options.clock.monotonicMs(),
      },
      request,
    );
  }

  /** The log's header as of now. Its `seq` is that of the last record before it. */
  header(): HeaderRecord {
    const { run, versions, clock } = this.#options;
    return {
      dir: "in",
      kind: "log.header",
      format: FORMAT,
      version: FORMAT_VERSION,
      boot: run.boot,
      seq: this.#lastSeq,
      at: Math.max(0, Math.round(clock.monotonicMs())),
      startedAt: new Date(clock.wallMs()).toISOString(),
      seed: run.seed,
      ...versions,
      origin: "whatsapp-continuity",
    };
  }

  status(): RecorderStatus {
    return {
      boot: this.#options.run.boot,
      lastSeq: this.#lastSeq,
      ring: { records: this.#ring.size, evicted: this.#ring.evicted },
      spool: this.#spool.status(),
      refused: this.#refused,
      failures: this.#failures,
    };
  }

  /** Hands on what waits; afterwards nothing of this recorder runs any more. */
  close(): void {
    this.#guarded(() => this.gatewayLog.close());
    this.#guarded(() => this.#live.flush());
    this.#guarded(() => this.#spool.close());
  }

  #settingsOf(accountId: AccountId): LogSettings {
    return this.#settings.get(accountId) ?? DEFAULT_LOG_SETTINGS;
  }

  #shown(record: LogRecord): LogRecord {
    const isHidden =
      record.kind !== "log.header" && this.#settingsOf(record.account).identities === "none";
    return isHidden ? withoutIdentities(record) : record;
  }

  /** A record must never stop what it tells about: whatever fails here is counted and shown in the status. */
  #guarded<T>(work: () => T): T | undefined {
    try {
      return work();
    } catch {
      this.#failures += 1;
      return undefined;
    }
  }
}
