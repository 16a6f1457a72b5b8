/**
 * How long the completed world takes for what no report says. Chosen from measurements on a loopback server and from logs of quiet
 * accounts; every record made with them is marked `assumed`. Milliseconds.
 */
export const WORLD = {
  ownerMs: 1,
  /** Dial to the answered upgrade, and from there to a complete login. */
  upgradeMs: 180,
  loginMs: 900,
  localCloseMs: 3,
  probeMs: 30,
  versionMs: 400,
  inspectMs: 5,
  sampleMs: 1,
  pingMs: 80,
  keepaliveWriteMs: 2,
  writeMs: 5,
  ackMs: 150,
  /** rc14's own ping, answered while the link lives: the age of the last frame never exceeds it. */
  libraryPingMs: 25_000,
  previewMs: 60,
  stanzaMs: 4,
  drainEndMs: 50,
  /** `<ib><offline count=0>` when nothing waited. */
  emptyDrainMs: 250,
  /** Stanzas the server delivers before it waits to be asked: its primer and the batch rc14 asks for by itself. */
  drainUnasked: 105,
  /** A turn of the agent that no report times. */
  agentMs: 8_000,
  settleMs: 20,
  historyMs: 2_500,
} as const;

/** An answer of the version look-up; which one does not matter to any decision. */
export const RESOLVED_VERSION = "2.3000.1035194821";

/** Longest story, in records: a report that completes to more is refused instead of filling the disk. */
export const MAX_STORY_RECORDS = 200_000;
