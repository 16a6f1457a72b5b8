/** Every bound and period of the core, in one place and by name. Times in milliseconds. */
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

export const LIMITS = {
  /** A socket that did not upgrade by then is replaced; rc14's own dial limit is 20 s, this is the net below it. */
  dialMs: 25 * SECOND,
  /** From the upgrade to `open`: rc14 has no timer of its own between login and success. */
  loginMs: 60 * SECOND,
  /** An open connection counts as recovered after this long, not at once: flapping keeps its backoff. */
  stableMs: 60 * SECOND,
  /** The gateway's health monitor gives a reconnecting account 120 s since its last sign of life. */
  statusRefreshMs: 45 * SECOND,
  /** Scheduled retries take this share of the hourly budget; the rest is for when something says that it is worth it now. */
  scheduledShare: 0.8,
  /** An outage younger than this is tried more eagerly, see `youngOutageMs`. */
  youngOutageMs: MINUTE,
  firstDelayMs: SECOND,
  ownerRetryMs: 5 * SECOND,
  networkProbeMs: 2 * SECOND,
  hourMs: HOUR,
  /** Timers cannot hold longer than 2^31 ms; a longer wait is taken in pieces of this length. */
  longestDelayMs: 24 * HOUR,
  /** Restarts asked by the server (515) that follow at once; more within a stable period are treated as transient. */
  restartsInARow: 5,
  /**
   * A login rejected with 401 but without `device_removed` is tried again after each of these and then believed (#5570: some
   * 401 answers come from a server that recovers).
   */
  rejectionWaitsMs: [5 * SECOND, MINUTE, 10 * MINUTE],
  ownConflictsInARow: 5,
  ownConflictDelayMs: SECOND,
  keepaliveTickMs: 20 * SECOND,
  pingDeadlineMs: 10 * SECOND,
  /** Drop times kept to find a regular interval. */
  dropsRemembered: 12,
  dropsForPattern: 4,
  /** A pattern needs all intervals within this share of their median. */
  dropTolerance: 0.15,
  shortestSessionKeepaliveMs: MINUTE,
  retiringSockets: 8,
  openSends: 1_000,
  /** A write asks keys and device lists first; Baileys gives each such query 60 s. */
  writeMs: 90 * SECOND,
  /** PN-LID pairs of our own account kept to compare identities. */
  ownMappings: 8,
  drainPullDebounceMs: 100,
  drainBatch: 100,
  /** WhatsApp Web gives an offline delivery up after this long without a stanza. */
  drainSilenceMs: MINUTE,
  /** Older than this counts as late: the agent is told the real time and the late policy applies. */
  lateAfterMs: MINUTE,
  /** While connected, a message waits at most this long for its neighbours; then what is there becomes a turn. */
  burstDeadlineMs: 30 * SECOND,
  /** Messages of one chat in one turn; older ones become context before it. */
  burstMessages: 100,
  /** Messages that wait in all chats together; below what the runtime takes in at a time, or the end of a delivery would never be seen. */
  heldMessages: 400,
  /** Chats about which the phone is asked at the same time. */
  fillsUnderWay: 60,
  /** Chats counted in one notice to the owner. */
  noticeChats: 200,
  placeholdersRemembered: 500,
  gapsRemembered: 200,
  outagesRemembered: 20,
  /** How long an outage's account waits for the offline delivery before it is written. */
  outageSettleMs: 90 * SECOND,
} as const;
