export type { Capture, CaptureRequest } from "./capture.ts";
export { createDiagnosticLogger } from "./diagnostics.ts";
export type { LogPort } from "./gateway-log.ts";
export { createIncidentKeeper } from "./incident-keeper.ts";
export { createInstallPseudonyms } from "./install-pseudonyms.ts";
export type { RecordBatch } from "./live-stream.ts";
export { Recorder, type RecorderOptions, type RecorderStatus } from "./recorder.ts";
