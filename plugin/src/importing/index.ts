export {
  type ImportedIncident,
  ImportError,
  importIncident,
  type ImportOptions,
} from "./import-incident.ts";
export { describeImport, reviewIncident, writeReview } from "./review.ts";
export { textOfBytes } from "./text-of-bytes.ts";
