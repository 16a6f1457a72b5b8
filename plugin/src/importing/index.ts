export {
  type ImportedIncident,
  ImportError,
  importIncident,
  type ImportOptions,
} from "./import-incident.ts";
