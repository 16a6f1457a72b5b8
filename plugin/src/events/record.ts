import {
  type BackfillEffect,
  type BackfillInput,
  backfillEffects,
  backfillInputs,
} from "./backfill.ts";
import {
  type ConflictEffect,
  type ConflictInput,
  conflictEffects,
  conflictInputs,
} from "./conflict.ts";
import {
  type ConnectionEffect,
  type ConnectionInput,
  connectionEffects,
  connectionInputs,
} from "./connection.ts";
import { type DrainEffect, type DrainInput, drainEffects, drainInputs } from "./drain.ts";
import type { AccountId, RuleId } from "./identity.ts";
import {
  type KeepaliveEffect,
  type KeepaliveInput,
  keepaliveEffects,
  keepaliveInputs,
} from "./keepalive.ts";
import { count, type InferFields, literal, optional, text } from "./schema.ts";
import { type SendsEffect, type SendsInput, sendsEffects, sendsInputs } from "./sends.ts";
import {
  type SupervisionEffect,
  type SupervisionInput,
  supervisionEffects,
  supervisionInputs,
} from "./supervision.ts";
import { type WorldEvent, worldRecords } from "./world.ts";

/** The closed union of facts that can happen to an account. */
export type Input =
  | ConnectionInput
  | SupervisionInput
  | KeepaliveInput
  | ConflictInput
  | SendsInput
  | DrainInput
  | BackfillInput;
export type InputKind = Input["kind"];

/** The closed union of what the core can decide. */
export type Effect =
  | ConnectionEffect
  | SupervisionEffect
  | KeepaliveEffect
  | ConflictEffect
  | SendsEffect
  | DrainEffect
  | BackfillEffect;
export type EffectKind = Effect["kind"];

export type WorldKind = WorldEvent["kind"];

export const inputTable = {
  ...connectionInputs,
  ...supervisionInputs,
  ...keepaliveInputs,
  ...conflictInputs,
  ...sendsInputs,
  ...drainInputs,
  ...backfillInputs,
} as const;
export const effectTable = {
  ...connectionEffects,
  ...supervisionEffects,
  ...keepaliveEffects,
  ...conflictEffects,
  ...sendsEffects,
  ...drainEffects,
  ...backfillEffects,
} as const;
export const worldTable = worldRecords;

/** Version of the record format this code writes. Older ones are modernised on load, newer ones are refused with advice. */
export const FORMAT = "whatsapp-continuity-log";
export const FORMAT_VERSION = 1;

/** What every record carries. `at`: milliseconds on the monotonic clock of the run `boot`; `seq` counts within it. */
export interface Envelope {
  readonly boot: string;
  readonly seq: number;
  readonly at: number;
  readonly account: AccountId;
  /** True where a published report had to be completed; absent on everything that was really observed. */
  readonly assumed?: true;
  /** True for `world` records that were worked out from inputs by the documented table. */
  readonly derived?: true;
  /** Where an observed fact was published, e.g. the scrubbed line of a log. */
  readonly source?: string;
}
export const envelopeFields = {
  boot: text,
  seq: count,
  at: count,
  account: text,
  assumed: optional(literal(true)),
  derived: optional(literal(true)),
  source: optional(text),
} as const;

/** First line of a log, repeated at rotation and every ten minutes so that a reader may start anywhere. */
export const headerFields = {
  format: literal(FORMAT),
  version: literal(FORMAT_VERSION),
  boot: text,
  seq: count,
  at: count,
  /** Wall clock at `at`, ISO 8601; the only wall clock time in a log. */
  startedAt: text,
  /** Seed of the decisions' random numbers, per run. */
  seed: text,
  plugin: text,
  baileys: text,
  openclaw: optional(text),
  node: optional(text),
  /** The policy in force at this point: everything that differs from the defaults, as canonical JSON. */
  policy: optional(text),
  /**
   * Where accounts stood at this place, as JSON by account: in a log that was cut out of the middle of a run, and where a controller was
   * replaced together with its state.
   */
  checkpoint: optional(text),
  /** Who wrote the log: this plugin, or an importer that read somebody else's. */
  origin: optional(text),
  title: optional(text),
  report: optional(text),
} as const;

export type HeaderRecord = { readonly dir: "in"; readonly kind: "log.header" } & InferFields<
  typeof headerFields
>;
export type InputRecord = Envelope & { readonly dir: "in" } & Input;
/** `cause` is the seq of the input that led to the decision, `rule` the decision's id. */
export type EffectRecord = Envelope & {
  readonly dir: "out";
  readonly cause: number;
  readonly rule: RuleId;
} & Effect;
export type WorldRecord = Envelope & { readonly dir: "world" } & WorldEvent;

export type LogRecord = HeaderRecord | InputRecord | EffectRecord | WorldRecord;
export type Dir = LogRecord["dir"];
export type RecordKind = LogRecord["kind"];
