export * from "./identity.ts";
export { type RawError, MAX_INNER_ERRORS } from "./raw-error.ts";
export { TIMER_NAMES, type TimerName } from "./connection.ts";
export * from "./record.ts";
export type { WorldEvent } from "./world.ts";
export type { BackfillEffect, BackfillInput } from "./backfill.ts";
export type { ConflictEffect, ConflictInput } from "./conflict.ts";
export type { ConnectionEffect, ConnectionInput } from "./connection.ts";
export type { DrainEffect, DrainInput } from "./drain.ts";
export type { KeepaliveEffect, KeepaliveInput } from "./keepalive.ts";
export type { SendsEffect, SendsInput } from "./sends.ts";
export type { SupervisionEffect, SupervisionInput } from "./supervision.ts";
export { CATALOG, type KindMeta, type Lane, LANES, type Severity, severityOf } from "./catalog.ts";
export {
  effectText,
  LogReader,
  MAX_LINE_CHARACTERS,
  parseLog,
  type ParsedLog,
  type ReadOptions,
  serialiseLog,
  serialiseRecord,
} from "./codec.ts";
export {
  describePosition,
  isLogFormatError,
  isLogVersionError,
  LogFormatError,
  type LogPosition,
  LogVersionError,
} from "./log-error.ts";
export {
  type AddressPseudonyms,
  createPseudonymiser,
  isPseudonym,
  type KeyedHash,
  type PseudonymiserOptions,
  renumberPseudonyms,
  withoutDevice,
} from "./pseudonym.ts";
export { MAX_TEXT_CHARACTERS, scrubError, scrubText } from "./scrub.ts";
export { digestOf } from "./digest.ts";
export { columnOfPath, findSyntaxProblem, type SyntaxProblem } from "./json-position.ts";
export { describeDuration, type OutageFigures, outageLine } from "./outage-line.ts";
