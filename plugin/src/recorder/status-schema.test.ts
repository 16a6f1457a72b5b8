import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { expect, test } from "vitest";
import { DEFAULT_POLICY, initialState, transition } from "../core/index.ts";
import type { Input } from "../events/index.ts";
import { journalRig } from "../journal/journal.test-support.ts";
import { accountStatus } from "../runtime/account-status.ts";
import { closedByDns, opened, recorderRig, START_MS } from "./recorder.test-support.ts";

const readSchema = (path: string): object =>
  JSON.parse(readFileSync(join(import.meta.dirname, path), "utf8")) as object;

// Strict, so that a keyword that checks nothing is an error.
const validate = new Ajv2020({ strict: true, strictRequired: true, allowUnionTypes: true })
  .addSchema(readSchema("../runtime/account-status.schema.json"))
  .compile(readSchema("status.schema.json"));

const STORY: readonly Input[] = [
  { kind: "controller.started", controllerId: 1, reason: "gateway-start", credentials: "linked" },
  { kind: "owner.resolved", result: "acquired" },
  closedByDns(1),
  { kind: "controller.started", controllerId: 2, reason: "reload", credentials: "linked" },
];

/** The account's status after each step of a story, made by the code that makes it in a gateway. */
function statuses(journal = journalRig().open()): unknown[] {
  let state = initialState("default", "seed");
  let lastClose: Extract<Input, { kind: "socket.closed" }>["error"] = null;
  return [...STORY, opened(2)].map((input, index) => {
    state = transition(state, input, index * 1_000, DEFAULT_POLICY).state;
    if (input.kind === "socket.closed") lastClose = input.error;
    return accountStatus({
      accountId: "default",
      state,
      policy: DEFAULT_POLICY,
      clock: { monotonicMs: () => index * 1_000, wallMs: () => START_MS + index * 1_000 },
      journal,
      lastClose,
      holder: null,
      replacementInMs: null,
      predecessors: [1],
      frameAgeMs: index === 0 ? null : 12,
    });
  });
}

function answer(): Record<string, unknown> {
  const journal = journalRig().open();
  return {
    version: 1,
    accounts: statuses(journal),
    problems: [{ kind: "config", message: "A key is wrong.", fix: "openclaw config unset x" }],
    recorder: recorderRig().recorder.status(),
    journals: { default: journal.status() },
  };
}

test("a real status fits the schema in every phase", () => {
  const given = answer();
  expect(validate(given), JSON.stringify(validate.errors)).toBe(true);
  const phases = (given["accounts"] as { phase: string }[]).map((account) => account.phase);
  expect(new Set(phases).size).toBeGreaterThan(2);
  const causes = (given["accounts"] as { cause: { id: string } | null }[]).map(
    (account) => account.cause?.id,
  );
  expect(causes).toContain("dns-not-found");
  expect(validate({ version: 1, accounts: [], problems: [] })).toBe(true);
});

test("a journal that spills fits the schema too", () => {
  const rig = journalRig();
  const journal = rig.open({ stateDir: "/dev/null/nowhere" });
  const given = { ...answer(), journals: { default: journal.status() } };
  expect(journal.status().state).toBe("spilling");
  expect(validate(given), JSON.stringify(validate.errors)).toBe(true);
});

test.each<[string, (given: Record<string, unknown>) => void]>([
  ["another version", (given) => (given["version"] = 2)],
  ["an unknown field", (given) => (given["extra"] = true)],
  ["a missing list", (given) => delete given["accounts"]],
  ["a phase that does not exist", (given) => (firstAccount(given)["phase"] = "sleeping")],
  ["a missing field of an account", (given) => delete firstAccount(given)["drain"]],
  ["a negative count", (given) => (firstAccount(given)["attemptsLastHour"] = -1)],
  [
    "a cause without action",
    (given) => (firstAccount(given)["cause"] = { id: "x", sentence: "X.", facts: {} }),
  ],
])("the schema refuses %s", (_what, damage) => {
  const given = structuredClone(answer());
  damage(given);
  expect(validate(given)).toBe(false);
});

function firstAccount(given: Record<string, unknown>): Record<string, unknown> {
  const first = (given["accounts"] as Record<string, unknown>[])[0];
  if (first === undefined) throw new Error("the answer has no account");
  return first;
}
