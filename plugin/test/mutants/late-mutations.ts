import type { Mutation } from "./mutations.ts";

const POLICY = ["src/channel/config/late-policy.test.ts"];
const BURSTS = ["src/core/bursts.test.ts"];
const INTAKE = ["src/runtime/inbound-intake.test.ts"];
const PENDING = ["src/channel/inbound/pending-history.test.ts"];
const JOURNAL = ["src/journal/pending-context.test.ts"];

/** What keeps late messages from being lost, answered out of place, or answered thirty times. */
export const LATE_MUTATIONS: readonly Mutation[] = [
  {
    name: "what is too old is not answered",
    file: "src/core/late.ts",
    from: "return ageMs !== null && ageMs > policy.late.maxAgeMs;",
    to: "return ageMs === 0;",
    tests: POLICY,
  },
  {
    name: "what is too old is context and not nothing",
    file: "src/core/late.ts",
    from: 'return { ...verdict, rule: "inbound/too-old", as: "context", reason };',
    to: 'return { ...verdict, rule: "inbound/too-old", as: "ignore", reason };',
    tests: POLICY,
  },
  {
    name: "our own answers in the phone's history are not questions",
    file: "src/core/late.ts",
    from: 'return fromMe && (chatKind !== "self" || via === "history");',
    to: 'return fromMe && chatKind !== "self";',
    tests: POLICY,
  },
  {
    name: "what the phone sent is late however short ago",
    file: "src/core/late.ts",
    from: 'return via === "history" || (ageMs !== null && ageMs > LIMITS.lateAfterMs);',
    to: "return ageMs !== null && ageMs > LIMITS.lateAfterMs;",
    tests: POLICY,
  },
  {
    name: "a burst waits for the end of the delivery",
    file: "src/core/bursts.ts",
    from: 'return ledger.phase === "closed" ? null : "delivery";',
    to: "return null;",
    tests: BURSTS,
  },
  {
    name: "a burst waits for the phone that is being asked",
    file: "src/core/bursts.ts",
    from: 'if (bursts.fills.some(({ chat }) => chat === burst.chat)) return "history";',
    to: "",
    tests: BURSTS,
  },
  {
    name: "nothing is handed over without a connection",
    file: "src/core/bursts.ts",
    from: 'if (connection.phase !== "open") return "not-connected";',
    to: 'if (connection.phase !== "open") return null;',
    tests: BURSTS,
  },
  {
    name: "a burst that is never complete begins at its deadline",
    file: "src/core/bursts.ts",
    from: 'for (const burst of due) release(draft, burst, "deadline");',
    to: "void due;",
    tests: BURSTS,
  },
  {
    name: "the bound of one burst",
    file: "src/core/bursts.ts",
    from: "if (surplus > 0) shed(draft, burst, surplus);",
    to: "if (surplus > LIMITS.burstMessages) shed(draft, burst, surplus);",
    tests: BURSTS,
  },
  {
    name: "the bound of all bursts",
    file: "src/core/bursts.ts",
    from: "while (count(held) > LIMITS.heldMessages) {",
    to: "while (count(held) > 2 * LIMITS.heldMessages) {",
    tests: BURSTS,
  },
  {
    name: "what waited for a connection is judged by its age then",
    file: "src/core/bursts.ts",
    from: "const agedMs = waitedMs > LIMITS.burstDeadlineMs ? waitedMs : 0;",
    to: "const agedMs = 0;",
    tests: BURSTS,
  },
  {
    name: "the owner is told once per outage",
    file: "src/core/bursts.ts",
    from: "update(draft, { notice: null, toldOutage: outageNumber(draft) });",
    to: "update(draft, { notice: null });",
    tests: BURSTS,
  },
  {
    name: "what waits ends with a logout",
    file: "src/core/bursts.ts",
    from: "update(draft, { held: [], fills: [], notice: null });",
    to: "update(draft, { fills: [] });",
    tests: BURSTS,
  },
  {
    name: "a burst is in the order in which it was written",
    file: "src/runtime/inbound-intake.ts",
    from: "this.#burst.toSorted((one, other) => timeOf(one.entry) - timeOf(other.entry))",
    to: "[...this.#burst]",
    tests: INTAKE,
  },
  {
    name: "what nobody decided comes again after the state was lost",
    file: "src/runtime/inbound-intake.ts",
    from: "if (!isWithChannel) this.#entries.delete(key);",
    to: "void [key, isWithChannel];",
    tests: INTAKE,
  },
  {
    name: "a command within a burst is carried out alone",
    file: "src/channel/inbound/burst.ts",
    from: 'const isAlone = member.isCommand && member.as === "reply";',
    to: "const isAlone = false;",
    tests: ["src/channel/inbound/burst.test.ts"],
  },
  {
    name: "an old message of a stranger brings no pairing code",
    file: "src/channel/inbound/pairing.ts",
    from: 'return as === "reply" && !late;',
    to: 'return as === "reply" || late;',
    tests: ["src/channel/inbound/pairing.test.ts"],
  },
  {
    name: "messages of a chat begin in their order",
    file: "src/channel/inbound/handover-order.ts",
    from: "      await before;\n",
    to: "",
    tests: ["src/channel/inbound/handover-order.test.ts"],
  },
  {
    name: "context that came during a turn is there for the next one",
    file: "src/channel/inbound/pending-history.ts",
    from: "const seen = new Set(shown);",
    to: "const seen = new Set(historyMap.get(conversation));",
    tests: PENDING,
  },
  {
    name: "a turn tells the journal what it has shown",
    file: "src/channel/inbound/pending-history.ts",
    from: "for (const entry of shown) onShown(entry.stored);",
    to: "void onShown;",
    tests: PENDING,
  },
  {
    name: "shown context is not pending after a restart",
    file: "src/journal/inbound.ts",
    from: "if (!row.reason.startsWith(PENDING_CONTEXT)) continue;",
    to: "if (row.reason.startsWith(PENDING_CONTEXT)) continue;",
    tests: JOURNAL,
  },
  {
    name: "shown context is not pending after a journal that was locked",
    file: "src/journal/spill.ts",
    from: "this.#defer((store) => store.markContextShown(messageId, chat));",
    to: "",
    tests: JOURNAL,
  },
  {
    name: "the notice counts what is still being looked at",
    file: "src/channel/inbound/owner-notices.ts",
    from: "await Promise.allSettled(this.#underWay);",
    to: "await Promise.resolve();",
    tests: ["src/channel/inbound/owner-notices.test.ts"],
  },
];
