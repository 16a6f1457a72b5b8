import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { describeCause } from "../core/index.ts";
import type { Effect, Input, LogRecord } from "../events/index.ts";
import { START_MS } from "../journal/message.test-support.ts";
import { HandClock } from "../runtime/hand-clock.test-support.ts";
import { createInstallPseudonyms } from "./install-pseudonyms.ts";
import type { RecordBatch } from "./live-stream.ts";
import type { LogLevel } from "./log-line.ts";
import { Recorder, type RecorderOptions } from "./recorder.ts";

export { HandClock, START_MS };
export const BOOT = "boot-of-the-test";

export interface WrittenLine {
  readonly level: LogLevel;
  readonly message: string;
  readonly meta: Readonly<Record<string, unknown>>;
  readonly atMs: number;
}

export interface RecorderRig {
  readonly folder: string;
  readonly clock: HandClock;
  readonly recorder: Recorder;
  readonly lines: WrittenLine[];
  readonly batches: RecordBatch[];
  /** Appends with the next sequence number, at the clock's time. Effects get the input before them as their cause. */
  input(input: Input, account?: string): LogRecord;
  effect(effect: Effect, rule?: string, account?: string): LogRecord;
  /** All text in the spool's files, oldest first. */
  spooled(): string;
  /** Another recorder of another run in the same folder. */
  again(boot: string): RecorderRig;
}

export function recorderRig(
  options: Partial<RecorderOptions> = {},
  folder = mkdtempSync(join(tmpdir(), "recorder-")),
  boot = BOOT,
): RecorderRig {
  const clock = new HandClock();
  const lines: WrittenLine[] = [];
  const batches: RecordBatch[] = [];
  const write =
    (level: LogLevel) =>
    (message: string, meta: Readonly<Record<string, unknown>>): void => {
      lines.push({ level, message, meta, atMs: clock.monotonicMs() });
    };
  const recorder = new Recorder({
    folder,
    run: { boot, seed: "seed" },
    versions: { plugin: "0.1.0", baileys: "7.0.0-rc14", openclaw: "2026.9.6", node: "24.21.0" },
    clock,
    timers: clock,
    pseudonyms: createInstallPseudonyms({ folder }),
    describeCause,
    log: { info: write("info"), warn: write("warn"), error: write("error") },
    emit: (batch) => batches.push(batch),
    ...options,
  });
  onTestFinished(() => {
    recorder.close();
    rmSync(folder, { recursive: true, force: true });
  });
  let seq = 0;
  const append = (record: LogRecord): LogRecord => {
    recorder.append(record);
    return record;
  };
  const envelope = (account: string) => {
    seq += 1;
    return { boot, seq, at: Math.round(clock.monotonicMs()), account };
  };
  return {
    folder,
    clock,
    recorder,
    lines,
    batches,
    input: (input, account = "default") => append({ ...envelope(account), dir: "in", ...input }),
    effect: (effect, rule = "test/rule", account = "default") =>
      append({ ...envelope(account), dir: "out", cause: Math.max(0, seq - 1), rule, ...effect }),
    spooled: () => {
      recorder.close();
      const spool = join(folder, "records");
      return readdirSync(spool)
        .toSorted()
        .toReversed()
        .map((name) => readFileSync(join(spool, name), "utf8"))
        .join("");
    },
    again: (next) => recorderRig(options, folder, next),
  };
}

export const status = (
  lifecycle: "starting" | "ready" | "recovering" | "blocked" | "stopped",
  causeId: string | null = null,
  attempt = 1,
): Effect => ({
  kind: "status.publish",
  lifecycle,
  connected: lifecycle === "ready",
  terminal: lifecycle === "blocked",
  causeId,
  attempt,
  nextAttemptMs: lifecycle === "recovering" ? 60_000 : null,
});

export const closedByDns = (socketId: number): Input => ({
  kind: "socket.closed",
  socketId,
  origin: "remote",
  error: {
    name: "Error",
    message: "getaddrinfo ENOTFOUND web.whatsapp.com",
    statusCode: 408,
    errorCode: "ENOTFOUND",
    syscall: "getaddrinfo",
  },
});

export const opened = (socketId: number): Input => ({
  kind: "socket.opened",
  socketId,
  self: { pn: "user-0a1b2c3d", lid: "user-4e5f6071" },
});
