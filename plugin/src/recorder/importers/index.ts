export {
  type ImportedLine,
  isImported,
  LogImporter,
  type LogImporterOptions,
} from "./log-importer.ts";
export { isOwnLogLine, recordOfLogLine } from "./own-log-line.ts";
export { LineClock, type LineTime } from "./line-time.ts";
export { type LogLine, readLogLine } from "./log-line.ts";
