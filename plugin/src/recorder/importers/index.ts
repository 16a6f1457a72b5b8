export {
  type ImportedLine,
  isImported,
  LogImporter,
  type LogImporterOptions,
} from "./log-importer.ts";
export { isOwnLogLine, recordOfLogLine } from "./own-log-line.ts";
