/** The settings `log.records` and `log.identities` of an account. */
export interface LogSettings {
  /** Which records go to the gateway's log; the ring buffer, the spool file and the live event get all. */
  readonly records: "lifecycle" | "all" | "off";
  /** `none`: no pseudonym leaves the process in a line, a live event, an answer or the spool file. */
  readonly identities: "pseudonyms" | "none";
}

export const DEFAULT_LOG_SETTINGS: LogSettings = { records: "lifecycle", identities: "pseudonyms" };
