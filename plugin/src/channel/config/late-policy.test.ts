/** Goal: what becomes of a late message is what the owner set, for every kind of chat, age and source, per account. */
import { describe, expect, it } from "vitest";
import { judge, type MessageFacts, type Verdict } from "../../core/late.ts";
import { toPolicy } from "./policy.ts";
import { readSettings, type Settings } from "./settings.ts";

const MINUTE = 60_000;
const ANSWERS = ["reply", "context", "off"] as const;
const OLDER = ["off", "notify"] as const;
const KINDS = {
  direct: { chatKind: "direct", mentioned: false },
  mention: { chatKind: "group", mentioned: true },
  group: { chatKind: "group", mentioned: false },
} as const;
type Kind = keyof typeof KINDS;
const AGES = { "5 s": 5_000, "10 min": 10 * MINUTE, "3 h": 180 * MINUTE, "3 d": 72 * 60 * MINUTE };
const SOURCES = ["live", "offline", "decrypt-buffer", "history"] as const;

function policyOf(late: Partial<Settings["late"]>) {
  return toPolicy(readSettings({ accounts: { shop: { late } } }).forAccount("shop"));
}

function message(kind: Kind, ageMs: number | null, via: MessageFacts["via"]): MessageFacts {
  return { ...KINDS[kind], ageMs, via, fromMe: false };
}

/** The policy as the README tells it, written down a second time and differently: first what is new, then the switch, then the age. */
function expected(
  late: { answer: (typeof ANSWERS)[number]; older: (typeof OLDER)[number]; maxAge: number },
  ageMs: number,
  via: MessageFacts["via"],
): Pick<Verdict, "as" | "rule" | "tooOld"> {
  if (ageMs <= MINUTE && via !== "history") return outcome("reply", "live");
  if (late.answer === "off") return outcome("ignore", "late-off");
  if (late.answer === "context") return outcome("context", "late-context");
  if (ageMs <= late.maxAge * MINUTE) return outcome("reply", "late-reply");
  return late.older === "notify"
    ? { ...outcome("notify-owner", "too-old-notify"), tooOld: true }
    : { ...outcome("context", "too-old"), tooOld: true };
}

function outcome(as: Verdict["as"], rule: string) {
  return { as, rule: `inbound/${rule}`, tooOld: false };
}

describe("the matrix of settings, kinds of chat, ages and sources", () => {
  const cases = Object.keys(KINDS).flatMap((kind) =>
    ANSWERS.flatMap((answer) =>
      OLDER.flatMap((older) =>
        [1, 120, 600].map((maxAge) => ({ kind: kind as Kind, answer, older, maxAge })),
      ),
    ),
  );

  it.each(cases)("$kind $answer, up to $maxAge min, older $older", ({ kind, ...late }) => {
    const { answer, older, maxAge } = late;
    const policy = policyOf({ [kind]: answer, older, maxAgeMinutes: maxAge });
    for (const ageMs of Object.values(AGES)) {
      for (const via of SOURCES) {
        const verdict = judge(message(kind, ageMs, via), policy);
        const { as, rule, tooOld } = verdict;
        expect([ageMs, via, { as, rule, tooOld }]).toEqual([
          ageMs,
          via,
          expected(late, ageMs, via),
        ]);
        // Nothing silent: whatever is late says why it became what it became.
        expect(verdict.late).toBe(verdict.reason !== null);
        expect(verdict.late).toBe(verdict.rule !== "inbound/live");
      }
    }
  });
});

describe("each key has two values and two outcomes", () => {
  it.each([
    ["direct", "reply", "off", "direct", "10 min", ["reply", "ignore"]],
    ["mention", "context", "reply", "mention", "10 min", ["context", "reply"]],
    ["group", "context", "reply", "group", "10 min", ["context", "reply"]],
    ["maxAgeMinutes", 5, 240, "direct", "3 h", ["context", "reply"]],
    ["older", "off", "notify", "direct", "3 h", ["context", "notify-owner"]],
  ] as const)("late.%s: %s or %s", (key, one, other, kind, age, outcomes) => {
    const decided = [one, other].map(
      (value) => judge(message(kind, AGES[age], "offline"), policyOf({ [key]: value })).as,
    );
    expect(decided).toEqual(outcomes);
  });

  it("an account may differ from the others", () => {
    const settings = readSettings({
      late: { direct: "context" },
      accounts: { shop: { late: { direct: "reply" } } },
    });
    const decided = ["shop", "home"].map(
      (account) =>
        judge(message("direct", AGES["10 min"], "offline"), toPolicy(settings.forAccount(account)))
          .as,
    );
    expect(decided).toEqual(["reply", "context"]);
  });
});

describe("by default", () => {
  const policy = policyOf({});

  it("a cold start answers 30 s and 10 min, and keeps 3 h and 3 days as context", () => {
    const ages = [30_000, AGES["10 min"], AGES["3 h"], AGES["3 d"]];
    const verdicts = ages.map((ageMs) => judge(message("direct", ageMs, "offline"), policy));
    expect(verdicts.map(({ as }) => as)).toEqual(["reply", "reply", "context", "context"]);
    expect(verdicts.map(({ tooOld }) => tooOld)).toEqual([false, false, true, true]);
    expect(verdicts[3]?.reason).toBe("direct, 3 d old, answered up to 2 h");
  });

  it.each([
    ["a message without a usable time is new", { ageMs: null }, "reply"],
    ["what our own phone wrote is known, not answered", { fromMe: true }, "context"],
    ["a note to oneself is for the agent", { fromMe: true, chatKind: "self" }, "reply"],
    [
      "in the history of the chat with oneself are our own answers",
      { fromMe: true, chatKind: "self", via: "history" },
      "context",
    ],
    ["a status post is for nobody", { chatKind: "status" }, "ignore"],
  ] as const)("%s", (_name, change, as) => {
    const facts = { ...message("direct", AGES["10 min"], "offline"), ...change };
    expect(judge(facts, policy).as).toBe(as);
  });

  it("the owner is told of an outage once", () => {
    const notify = policyOf({ older: "notify" });
    const old = message("direct", AGES["3 h"], "history");
    expect(judge(old, notify, true)).toMatchObject({ as: "context", rule: "inbound/too-old-told" });
  });
});
