import { CUSTODY_MUTATIONS } from "./custody-mutations.ts";
import { INCIDENT_MUTATIONS } from "./incident-mutations.ts";
import { JOURNAL_MUTATIONS } from "./journal-mutations.ts";
import { LATE_MUTATIONS } from "./late-mutations.ts";
import { LIVENESS_MUTATIONS } from "./liveness-mutations.ts";
import { MEDIA_MUTATIONS } from "./media-mutations.ts";
import { SUPERVISION_MUTATIONS } from "./supervision-mutations.ts";

/** One protection taken away: `from` must stand exactly once in the file, and the named tests must then fail. */
export interface Mutation {
  /** What is lost without the protection. */
  readonly name: string;
  /** Below `plugin/`. */
  readonly file: string;
  readonly from: string;
  readonly to: string;
  /** Test files below `plugin/` of which at least one must turn red. */
  readonly tests: readonly string[];
}

const RECOVERY = ["src/core/recovery.test.ts"];
const SENDS = ["src/core/sends.test.ts"];
const LIVENESS = ["src/core/liveness.test.ts"];
const DRAIN = ["src/core/drain.test.ts"];
const DAYS = ["test/simulation/day.test.ts"];
const CATALOGUE = ["test/baileys/catalogue.test.ts"];
const BACKFILL = ["src/core/backfill.test.ts"];
const HISTORY = ["test/baileys/history.test.ts"];
const UNCAUGHT = ["test/baileys/uncaught-faults.test.ts"];

/** Every protection of the core that a report taught us, with the line that makes it. */
export const MUTATIONS: readonly Mutation[] = [
  {
    name: "the hourly budget of attempts",
    file: "src/core/sockets.ts",
    from: "if (budgetWait > 0) {",
    to: "if (budgetWait < 0) {",
    tests: RECOVERY,
  },
  {
    name: "backoff starts anew only after a stable period",
    file: "src/core/connection.ts",
    from: "recovery: { ...recovery, rejectionsInARow: 0, versionRefreshed: false },",
    to: "recovery: { ...recovery, attempt: 0, rejectionsInARow: 0, versionRefreshed: false },",
    tests: RECOVERY,
  },
  {
    name: "a returning name is tried at once (#146999)",
    file: "src/core/recovery.ts",
    from: 'openSocket(draft, "probe/reachable", connection.controllerId, connection.pairing);',
    to: 'draft.rule ??= "probe/reachable";',
    tests: RECOVERY,
  },
  {
    name: "a long outage leaves budget for its end",
    file: "src/core/limits.ts",
    from: "scheduledShare: 0.8,",
    to: "scheduledShare: 1,",
    tests: RECOVERY,
  },
  {
    name: "515 is not counted",
    file: "src/core/recovery.ts",
    from: 'openSocket(draft, "close/restart", loss.controllerId, false);',
    to: "retryWithBackoff(draft, loss);",
    tests: RECOVERY,
  },
  {
    name: "a login that never completes is replaced",
    file: "src/core/connection.ts",
    from: 'retire(draft, "connect/limit", connection.socketId, "connect-limit");',
    to: "",
    tests: RECOVERY,
  },
  {
    name: "a 401 is believed only when it repeats (#5570)",
    file: "src/core/classify.ts",
    from: 'case "401":\n      return "login-rejected";',
    to: 'case "401":\n      return "logged-out";',
    tests: RECOVERY,
  },
  {
    name: "a removed device is believed at once",
    file: "src/core/classify.ts",
    from: 'if (facts.conflictType === "device_removed") return "device-removed";',
    to: 'if (facts.conflictType === "device_removed") return "stream-replaced";',
    tests: RECOVERY,
  },
  {
    name: "a ban is waited for as long as told",
    file: "src/core/recovery.ts",
    from: "if (remaining > 0) {",
    to: "if (remaining < 0) {",
    tests: RECOVERY,
  },
  {
    name: "an outdated version is looked up only once",
    file: "src/core/recovery.ts",
    from: "if (recovery.versionRefreshed) {",
    to: "if (recovery.attempt < 0) {",
    tests: RECOVERY,
  },
  {
    name: "no fight over an external conflict (#25591)",
    file: "src/core/conflict.ts",
    from: 'block(draft, "conflict/external", controllerId, "conflict-external");',
    to: 'claim(draft, "conflict/external", controllerId, false);',
    tests: RECOVERY,
  },
  {
    name: "our own older socket ends first (#46188)",
    file: "src/core/conflict.ts",
    from: 'if (isOurs) retire(draft, "conflict/own-socket", socketId, "superseded");',
    to: "void isOurs;",
    tests: RECOVERY,
  },
  {
    name: "custody is the server's ack, not the write",
    file: "src/core/sends.ts",
    from: "if (!expectsAck(send)) {",
    to: "if (expectsAck(send)) {",
    tests: SENDS,
  },
  {
    name: "a captured reply waits for the successor (#85823)",
    file: "src/core/send-queue.ts",
    from: 'if (connection.phase === "stopped" && connection.promise === "final") return "account-stopped";',
    to: 'if (connection.phase === "stopped") return "account-stopped";',
    tests: SENDS,
  },
  {
    name: "another number's socket never carries a reply",
    file: "src/core/send-queue.ts",
    from: 'return "identity-mismatch";',
    to: "return null;",
    tests: SENDS,
  },
  {
    name: "a PN and a LID of one account are bridged",
    file: "src/core/successor.ts",
    from: 'if (isPair) return "same";',
    to: 'if (isPair) return "unknown";',
    tests: SENDS,
  },
  {
    name: "what a dead socket had not settled is kept",
    file: "src/core/transition.ts",
    from: '  holdUnsettled(draft, before.connection.phase === "open");\n',
    to: "",
    tests: [...SENDS, "src/core/transition.test.ts"],
  },
  {
    name: "the order of a chat",
    file: "src/core/send-queue.ts",
    from: "if (needsOrder(send) && hasEarlier(draft.state, send)) continue;",
    to: "",
    tests: SENDS,
  },
  {
    name: "the bound of the send queue",
    file: "src/core/sends.ts",
    from: "if (sends.pending.length >= LIMITS.openSends) {",
    to: "if (sends.pending.length > 2 * LIMITS.openSends) {",
    tests: SENDS,
  },
  {
    name: "an overdue ack asks the link before writing again",
    file: "src/core/sends.ts",
    from: "    suspectLink(draft);\n",
    to: "",
    tests: SENDS,
  },
  {
    name: "a silent link has a deadline of its own",
    file: "src/core/keepalive.ts",
    from: 'retire(draft, "keepalive/silent", socketId, "silent");',
    to: "",
    tests: LIVENESS,
  },
  {
    name: "a quiet account is never reconnected (#146065)",
    file: "src/core/keepalive.ts",
    from: 'ping(draft, "keepalive/ask", input.socketId);\n  return true;',
    to: 'retire(draft, "keepalive/ask", input.socketId, "silent");\n  lose(draft, "transport-silence", null);\n  return true;',
    tests: LIVENESS,
  },
  {
    name: "a stall of our own is asked about, not punished (#75122)",
    file: "src/core/supervision.ts",
    from: 'probeNow(draft, "time/probe");',
    to: 'decide(draft, "time/probe");',
    tests: LIVENESS,
  },
  {
    name: "regular drops are found (#63410)",
    file: "src/core/drops.ts",
    from: "medianMs === null ? null : { drops: recent.length",
    to: "medianMs !== null ? null : { drops: recent.length",
    tests: LIVENESS,
  },
  {
    name: "the offline delivery is pulled on",
    file: "src/core/drain.ts",
    from: 'if (!hasTimer(draft, timer)) startTimer(draft, "drain/stanza", timer, delayMs);',
    to: "void [timer, delayMs];",
    tests: DRAIN,
  },
  {
    name: "an offline delivery without an end is ended",
    file: "src/core/drain.ts",
    from: 'else closeLedger(draft, "drain/timed-out", "timed-out");',
    to: 'else decide(draft, "drain/timed-out");',
    tests: DRAIN,
  },
  {
    name: "an outage is accounted for",
    file: "src/core/transition.ts",
    from: "if (isOver) settleOutage(draft);",
    to: "void isOver;",
    tests: DRAIN,
  },
  {
    name: "the phone is asked only once for a stanza",
    file: "src/core/drain.ts",
    from: "&& !drain.asked.includes(input.messageId)",
    to: "",
    tests: DRAIN,
  },
  {
    name: "half of the hourly budget is handed out evenly",
    file: "src/core/recovery.ts",
    from: "pacedDelayMs(recentAttempts(draft), scheduledBudget(draft.policy), draft.at, chance),",
    to: "0,",
    tests: DAYS,
  },
  {
    name: "a recovering account keeps telling the gateway",
    file: "src/core/status.ts",
    from: 'publishStatus(draft, "status/refresh");',
    to: 'draft.rule ??= "status/refresh";',
    tests: DAYS,
  },
  {
    name: "a dial that never ends by itself is ended",
    file: "src/core/sockets.ts",
    from: 'startTimer(draft, rule, "connect-limit", LIMITS.dialMs);',
    to: 'startTimer(draft, rule, "connect-limit", LIMITS.longestDelayMs);',
    tests: DAYS,
  },
  {
    name: "a day of one account has a limit of log lines",
    file: "src/recorder/line-limiter.ts",
    from: "topic.allowance -= 1;",
    to: "",
    tests: DAYS,
  },
  {
    name: "restarts asked by the server without end are slowed down",
    file: "src/core/recovery.ts",
    from: "if (restartsInARow > LIMITS.restartsInARow) return retryWithBackoff(draft, loss);",
    to: "",
    tests: DAYS,
  },
  {
    name: "an error that is not known does not pass for a silent link",
    file: "src/core/classify.ts",
    from: 'return message.startsWith("WebSocket Error") ? "unknown" : null;',
    to: "return null;",
    tests: CATALOGUE,
  },
  {
    name: "the first inner error of an AggregateError tells the cause",
    file: "src/core/facts.ts",
    from: "if (code !== null && code !== undefined) return code;",
    to: "void code;",
    tests: CATALOGUE,
  },
  {
    name: "an HTTP answer at the upgrade is told from a proxy's",
    file: "src/core/classify.ts",
    from: 'if (facts.viaProxy) return "proxy-refused";',
    to: "",
    tests: CATALOGUE,
  },
  {
    name: "a frame that cannot be read replaces the socket",
    file: "src/core/supervision.ts",
    from: 'retire(draft, "fault/replace", socketId, "fault");',
    to: 'return probeNow(draft, "fault/probe") === undefined;',
    tests: UNCAUGHT,
  },
  {
    name: "a fault is attributed to the socket it came from",
    file: "src/runtime/fault-attribution.ts",
    from: "return scopes.run({ accountId, socketId }, run);",
    to: "return run();",
    tests: UNCAUGHT,
  },
  {
    name: "an exception that nobody caught replaces the socket",
    file: "src/runtime/fault-attribution.ts",
    from: 'const isLost = isStreamFault || kind === "exception";',
    to: "const isLost = isStreamFault;",
    tests: UNCAUGHT,
  },
  {
    name: "a fault of somebody else is left to the host",
    file: "src/runtime/fault-attribution.ts",
    from: "if (scope === undefined && !isLibraryError(reason)) return false;",
    to: "",
    tests: UNCAUGHT,
  },
  {
    name: "a network that comes back is used at once, whatever it failed with",
    file: "src/core/recovery.ts",
    from: "if (recovery.networkDown || isNameCause(connection.causeId)) {",
    to: "if (isNameCause(connection.causeId)) {",
    tests: RECOVERY,
  },
  {
    name: "a resolver that answers is no reason to try a refused port",
    file: "src/core/recovery.ts",
    from: "if (recovery.networkDown || isNameCause(connection.causeId)) {",
    to: "if (recovery.attempt > 0) {",
    tests: RECOVERY,
  },
  {
    name: "a short outage is not followed by a wait longer than itself",
    file: "src/core/recovery.ts",
    from: "return isYoung ? LIMITS.firstDelayMs + Math.round(ageMs / 2) : Infinity;",
    to: "return isYoung ? Infinity : Infinity;",
    tests: DAYS,
  },
  ...CUSTODY_MUTATIONS,
  ...INCIDENT_MUTATIONS,
  ...JOURNAL_MUTATIONS,
  ...LATE_MUTATIONS,
  ...LIVENESS_MUTATIONS,
  ...MEDIA_MUTATIONS,
  ...SUPERVISION_MUTATIONS,
  {
    name: "an absence without a delivery is evidence",
    file: "src/core/gaps.ts",
    from: "return isEmpty && wasAwayMs >= LIMITS.emptyDeliveryMs",
    to: "return wasAwayMs < 0",
    tests: BACKFILL,
  },
  {
    name: "announced and not delivered is evidence (WhiskeySockets/Baileys#2810)",
    file: "src/core/gaps.ts",
    from: "if (ledger !== null && ledger.delivered < ledger.announced) {",
    to: "if (ledger !== null && ledger.delivered < 0) {",
    tests: BACKFILL,
  },
  {
    name: "a delivery cut short is followed up",
    file: "src/core/gaps.ts",
    from: "if (owed > (ledger?.announced ?? 0)) return",
    to: "if (owed < 0) return",
    tests: BACKFILL,
  },
  {
    name: "an unreadable message may still come by itself",
    file: "src/core/gaps.ts",
    from: "graceMs: LIMITS.orphanGraceMs,",
    to: "graceMs: 0,",
    tests: BACKFILL,
  },
  {
    name: "a quote of last year's message is no evidence",
    file: "src/core/gaps.ts",
    from: "return isRecent && !covered.includes(chat);",
    to: "return true;",
    tests: BACKFILL,
  },
  {
    name: "a phone is not asked with ids of our own device (openclaw/wacli#371)",
    file: "src/core/gaps.ts",
    from: "return fromMe && DEVICE_ID.test(messageId);",
    to: "return false;",
    tests: BACKFILL,
  },
  {
    name: "open gaps are bounded",
    file: "src/core/gaps.ts",
    from: "if (gaps.length < LIMITS.openGaps) return;",
    to: "if (gaps.length >= 0) return;",
    tests: BACKFILL,
  },
  {
    name: "requests to the phone stay within the hour's budget",
    file: "src/core/history.ts",
    from: "return budgetDelayMs(recentRequests(draft), requestsPerHour, draft.at);",
    to: "return 0;",
    tests: BACKFILL,
  },
  {
    name: "few questions to the phone at a time",
    file: "src/core/history.ts",
    from: "if (countAsked(gaps) >= LIMITS.requestsUnderWay) return;",
    to: "if (countAsked(gaps) < 0) return;",
    tests: BACKFILL,
  },
  {
    name: "a repeated page answers no other question",
    file: "src/core/history.ts",
    from: 'if (input.requestId !== "" && answered.includes(input.requestId)) {',
    to: "if (answered.length < 0) {",
    tests: BACKFILL,
  },
  {
    name: "an empty page is no answer where something is known to be",
    file: "src/core/history.ts",
    from: "if (input.messages === 0 && gap.lastSeen && pages === 1) {",
    to: "if (input.messages < 0) {",
    tests: BACKFILL,
  },
  {
    name: "both addresses of a direct chat are tried (fazer-ai/baileys-api#383)",
    file: "src/core/history.ts",
    from: "const forms = gap.isDirect ? 2 : 1;",
    to: "const forms = 1;",
    tests: BACKFILL,
  },
  {
    name: "a question that lost its socket is put again",
    file: "src/core/transition.ts",
    from: "  interruptRequests(draft);",
    to: "",
    tests: BACKFILL,
  },
  {
    name: "what a broken delivery brought is in the account",
    file: "src/core/transition.ts",
    from: "  countBrokenDelivery(draft, socketId);",
    to: "",
    tests: BACKFILL,
  },
  {
    name: "a message belongs to the outage in which it was written",
    file: "src/core/backfill.ts",
    from: "past.findLast((each) => wasAwayAt(each, sentAt)) ??",
    to: "past.findLast(() => false) ??",
    tests: BACKFILL,
  },
  {
    name: "open gaps survive the process",
    file: "src/core/restored.ts",
    from: "updateBackfill(draft, { gaps: [...gaps, gap], covered: [...covered, gap.chat] });",
    to: "void [gap, covered];",
    tests: BACKFILL,
  },
  {
    name: "a page gives nothing from before the gap",
    file: "src/runtime/history-desk.ts",
    from: "return isKnown ? sentAtMs <= since + SECOND_MS : sentAtMs < since - EDGE_MS;",
    to: "return false;",
    tests: HISTORY,
  },
  {
    name: "an answer is read from the phone's own message",
    file: "src/baileys/history-pages.ts",
    from: "return isOnDemand(notification.syncType) || requestIds.has(sessionId) ? notification : null;",
    to: "return sessionId === null ? notification : null;",
    tests: HISTORY,
  },
];
