export {
  type ImportedLine,
  isImported,
  LogImporter,
  type LogImporterOptions,
} from "./log-importer.ts";
export { MAX_PASTED_CHARACTERS, type PastedText, readPastedText } from "./pasted-text.ts";
export { isOwnLogLine, recordOfLogLine } from "./own-log-line.ts";
export { inOrderOfTime } from "./line-order.ts";
