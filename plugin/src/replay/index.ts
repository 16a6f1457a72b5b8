export { createCursor, type CursorOptions, ReplayCursor } from "./cursor.ts";
export { currentCore, type ReplayCore } from "./core-port.ts";
export { completeReport } from "./completion/complete.ts";
export {
  type Fact,
  type FactOf,
  parseReport,
  type Report,
  type ReportedDecision,
} from "./completion/report.ts";
export { describeDecision, describeEffect, describeInput, formatDuration } from "./describe.ts";
export {
  beginFold,
  type Decision,
  foldAll,
  foldedAccount,
  type FoldedAccount,
  foldRecord,
  type FoldState,
} from "./fold.ts";
export { type DecisionView, GOLDEN_FORMAT, viewOf } from "./golden.ts";
export { type Chapter, type Moment, thenAndNow } from "./then-now.ts";
export {
  type MinimisedIncident,
  minimiseIncident,
  type MinimiseOptions,
  type MinimiseTarget,
} from "./minimise.ts";
export {
  type Divergence,
  type IncidentText,
  MAX_LISTED_DIVERGENCES,
  type Replay,
  replayIncident,
  type ReplayOptions,
  type ReplayResult,
  writeGolden,
} from "./verify.ts";
