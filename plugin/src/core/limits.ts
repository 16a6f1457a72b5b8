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
  /**
   * One probe at a time, well within 2 s while the network is down. The return is seen after half of this at the median and after all of it
   * at worst; the login comes on top (0.1 s on an idle machine, up to 0.8 s on a busy one). With 2 s the slowest of 24 returns took 2.4 s, which
   * leaves a gateway no room.
   */
  networkProbeMs: 1.5 * SECOND,
  hourMs: HOUR,
  /** Timers cannot hold longer than 2^31 ms; a longer wait is taken in pieces of this length. */
  longestDelayMs: 24 * HOUR,
  /** Restarts asked by the server (515) that follow at once; more within a stable period are treated as transient. */
  restartsInARow: 5,
  /**
   * A login rejected with 401 but without `device_removed` is tried again after each of these, and believed when the third try in a row is
   * rejected as well: three gaps lie between four rejections. Read as three rejections the last gap would never be waited, and it is the one
   * that counts: a server that recovers (#5570) needs minutes, while a link given up for nothing costs a person a scan with the phone.
   */
  rejectionWaitsMs: [5 * SECOND, MINUTE, 10 * MINUTE],
  ownConflictsInARow: 5,
  /** Conflicts with a process that has the owner lock, before it counts as one that does not respect it. */
  processConflictsInARow: 1,
  ownConflictDelayMs: SECOND,
  keepaliveTickMs: 20 * SECOND,
  pingDeadlineMs: 10 * SECOND,
  /** Drop times kept to find a regular interval. */
  dropsRemembered: 12,
  /** Accounts of one gateway that fall within this time have one cause. */
  commonDropMs: 5 * SECOND,
  /** A planned rotation comes after this share of the interval at which the server cuts, and not more often than this. */
  rotationShare: 0.8,
  youngestRotationMs: 5 * MINUTE,
  /** A quiet moment: nobody wrote for this long. Until there is one it is looked for again and again. */
  rotationQuietMs: 30 * SECOND,
  rotationRetryMs: 15 * SECOND,
  dropsForPattern: 4,
  /** A pattern needs all intervals within this share of their median. */
  dropTolerance: 0.15,
  shortestSessionKeepaliveMs: MINUTE,
  retiringSockets: 8,
  openSends: 1_000,
  /** How often a send that was refused with 479 is tried again with new sessions. */
  sessionRenewals: 1,
  /** A write asks keys and device lists first; Baileys gives each such query 60 s. */
  writeMs: 90 * SECOND,
  /** PN-LID pairs of our own account kept to compare identities. */
  ownMappings: 8,
  drainPullDebounceMs: 100,
  drainBatch: 100,
  /** WhatsApp Web gives an offline delivery up after this long without a stanza. */
  drainSilenceMs: MINUTE,
  /** A delivery that stands still this long is asked to go on. */
  pullAgainMs: 15 * SECOND,
  /** A session that stays deaf is replaced at these distances, the last one for ever. */
  deafWaitsMs: [0, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 6 * HOUR],
  /** This many messages of one chat that cannot be decrypted within the window are a storm. */
  stormFailures: 5,
  stormWindowMs: 10 * MINUTE,
  /** What fails within this time after new sessions were made may have been on its way. */
  resetSettlesMs: MINUTE,
  sessionResetsPerHour: 6,
  failuresRemembered: 100,
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
  /** Chats whose newest message is known. */
  chatsRemembered: 200,
  /** Chats in which something may be missing, all together and of one outage; of ids known to be missing, per chat. */
  openGaps: 100,
  chatsPerOutage: 20,
  missingPerGap: 50,
  /** A sender is asked again by Baileys and the phone for its copy, which takes seconds: history is the third way. */
  orphanGraceMs: MINUTE,
  /** An outage shorter than this, after which nothing was delivered, is no evidence. */
  emptyDeliveryMs: MINUTE,
  /** A chat with a message within this time (or the length of the outage) before it counts as active. */
  activeChatMs: 10 * MINUTE,
  /** WhatsApp Web asks for 50 and waits 10 s; the phone may have to wake up. */
  historyPage: 50,
  historyAnswerMs: 20 * SECOND,
  requestsUnderWay: 3,
  anchorsPerGap: 3,
  pagesPerGap: 20,
  answersRemembered: 50,
  outagesRemembered: 20,
  /** How long an outage's account waits for the offline delivery before it is written. */
  outageSettleMs: 90 * SECOND,
} as const;
