export {
  AnyLogReader,
  type AnyLogReaderOptions,
  type LineProblem,
  type LineResult,
} from "./any-log-reader.ts";
export {
  type AccountExplanation,
  explain,
  type ExplainedOutage,
  type Explanation,
  type ExplainOptions,
  explainStates,
} from "./explanation.ts";
export { describeRecovered, narrate, type NarrateOptions, summarise } from "./narrate.ts";
export { durationOf, mainCauseId, type Outage, type Recovered } from "./outage.ts";
export {
  causeOfClose,
  describeOutageCause,
  type OutageCause,
  type OutageCauseId,
} from "./outage-cause.ts";
export { foldOutages, initialOutageState, type OutageState } from "./outage-fold.ts";
export {
  describeAction,
  describeClock,
  describeCount,
  describeDuration,
  describeTime,
} from "./plain-words.ts";
export { type Breach, checkPromises, type PromiseCheck, PROMISES } from "./promises.ts";
export { type StreamGap, type TimedRecord, WallClock } from "./timed-record.ts";
export { isImported } from "../recorder/importers/index.ts";
