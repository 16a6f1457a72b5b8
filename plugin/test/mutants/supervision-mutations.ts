import type { Mutation } from "./mutations.ts";

const RECOVERY = ["src/core/recovery.test.ts"];
const CONFLICT = ["test/baileys/conflict.test.ts"];
const SUPERVISION = ["test/baileys/supervision.test.ts"];
const SUPERVISOR = ["src/runtime/machine.test.ts"];
const HEALTH = ["test/simulation/health-monitor.test.ts"];
const ALERTS = ["src/channel/alerts.test.ts"];
const PATIENCE = ["src/channel/inbound/patience.test.ts"];
const LOCK_LIMIT = ["src/runtime/time-limited-lock.test.ts"];

/** Protections against ourselves, other processes, and the host that looks after us. */
export const SUPERVISION_MUTATIONS: readonly Mutation[] = [
  {
    name: "a lock file that does not answer is not waited for without end",
    file: "src/runtime/time-limited-lock.ts",
    from: "return await Promise.race([work, limit]);",
    to: "return await work;",
    tests: LOCK_LIMIT,
  },
  {
    name: "a lock that comes too late is given back",
    file: "src/runtime/time-limited-lock.ts",
    from: "const isWanted = acquisition.waiting > 0;",
    to: "const isWanted = true;",
    tests: LOCK_LIMIT,
  },
  {
    name: "a process that has the owner lock is waited for",
    file: "src/core/conflict.ts",
    from: "if (!holdsLock || ownConflictsInARow > LIMITS.processConflictsInARow) {",
    to: "if (holdsLock || ownConflictsInARow > LIMITS.processConflictsInARow) {",
    tests: RECOVERY,
  },
  {
    name: "no fight with a process that ignores the owner lock",
    file: "src/core/limits.ts",
    from: "processConflictsInARow: 1,",
    to: "processConflictsInARow: 100,",
    tests: RECOVERY,
  },
  {
    name: "a person's restart is no way round the owner lock",
    file: "src/core/supervision.ts",
    from: 'return connection.causeId !== "owner-busy";',
    to: "return true;",
    tests: RECOVERY,
  },
  {
    name: "a person's restart is told once",
    file: "src/core/supervision.ts",
    from: "openSocket(draft, rule, controllerId, pairing);\n      } else {",
    to: "openSocket(draft, rule, controllerId, pairing);\n        publishStatus(draft, rule);\n      } else {",
    tests: RECOVERY,
  },
  {
    name: "a forgotten socket of this process is found (#46188)",
    file: "src/runtime/conflict-inspection.ts",
    from: 'if (sockets.endStrays("superseded") > 0) {',
    to: "if (sockets.ids().length < 0) {",
    tests: CONFLICT,
  },
  {
    name: "a forgotten socket is ended before the next one opens",
    file: "src/runtime/socket-pool.ts",
    from: 'this.endStrays("superseded");',
    to: "",
    tests: CONFLICT,
  },
  {
    name: "a lock file that somebody took is noticed",
    file: "src/baileys/owner-lock.ts",
    from: "if (now === null || now === taken) return null;",
    to: "if (now !== undefined) return null;",
    tests: CONFLICT,
  },
  {
    name: "credentials that somebody wrote are noticed",
    file: "src/baileys/credential-writes.ts",
    from: "if (expected === undefined || json === null || digestOf(json) === expected) return null;",
    to: "if (expected !== json) return null;",
    tests: CONFLICT,
  },
  {
    name: "not more than three replacements an hour",
    file: "src/runtime/supervisor.ts",
    from: "const REPLACEMENTS_PER_HOUR = 3;",
    to: "const REPLACEMENTS_PER_HOUR = 300;",
    tests: SUPERVISOR,
  },
  {
    name: "the bound of replacements belongs to the account",
    file: "src/runtime/account-runtime.ts",
    from: "replacements: this.#entry.replacements,",
    to: "replacements: [0, 0, 0],",
    tests: SUPERVISION,
  },
  {
    name: "a mailbox that does not turn is condemned",
    file: "src/runtime/supervisor.ts",
    from: "const STUCK_MS = 60_000;",
    to: "const STUCK_MS = 60_000_000;",
    tests: SUPERVISION,
  },
  {
    name: "a broken controller leaves no socket behind",
    file: "src/runtime/connection-controller.ts",
    from: 'this.#owners.sockets.closeAll("fault");',
    to: "",
    tests: SUPERVISION,
  },
  {
    name: "a broken state is not handed on",
    file: "src/runtime/connection-controller.ts",
    from: "if (!this.#isBroken) return handover;",
    to: "if (!this.#isBroken || this.#isSealed) return handover;",
    tests: SUPERVISION,
  },
  {
    name: "a broken invariant leaves an incident",
    file: "src/runtime/account-runtime.ts",
    from: "ports.incidents.keep(",
    to: "void ((..._: unknown[]) => undefined)(",
    tests: SUPERVISION,
  },
  {
    name: "the gateway hears of a recovering account in time",
    file: "src/core/limits.ts",
    from: "statusRefreshMs: 45 * SECOND,",
    to: "statusRefreshMs: 450 * SECOND,",
    tests: HEALTH,
  },
  {
    name: "an alert's command does not see the gateway's tokens",
    file: "src/channel/alert-command.ts",
    from: "env: environment(),",
    to: "env: process.env,",
    tests: ALERTS,
  },
  {
    name: "an alert's command ends with everything it started",
    file: "src/channel/alert-command.ts",
    from: "detached: isGroup,",
    to: "detached: false,",
    tests: ALERTS,
  },
  {
    name: "a busy gateway is waited for",
    file: "src/channel/inbound/patience.ts",
    from: "inner = inner.cause;",
    to: "return null;",
    tests: PATIENCE,
  },
  {
    name: "an account that never came up is told of",
    file: "src/core/supervision.ts",
    from: "if (!wantsPairing) beginFirstWait(draft);",
    to: "",
    tests: ["src/core/first-wait.test.ts"],
  },
  {
    name: "a running account is taken over before its device is unlinked",
    file: "src/runtime/account-runtime.ts",
    from: "this.#watch(this.#takeCharge());",
    to: "",
    tests: ["test/baileys/succession.test.ts"],
  },
];
