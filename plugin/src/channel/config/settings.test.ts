import { Ajv } from "ajv";
import { describe, expect, test } from "vitest";
import { DEFAULT_POLICY, type Policy } from "../../core/policy.ts";
import { toPolicy } from "./policy.ts";
import { readSettings, type Settings, SETTINGS } from "./settings.ts";
import { settingsSchema } from "./settings-schema.ts";

const accepts = new Ajv({ strict: false, allErrors: true }).compile(settingsSchema as object);

/** Where each key ends up. Two values of every key must lead to two outcomes there. */
const OUTCOMES: readonly [
  path: string,
  values: readonly [unknown, unknown],
  of: (s: Settings, p: Policy) => unknown,
][] = [
  ["keepalive.mode", ["iq", "off"], (_, p) => p.keepalive.mode],
  ["keepalive.intervalSeconds", [30, 1_800], (_, p) => p.keepalive.intervalMs],
  ["keepalive.adaptive", [true, false], (_, p) => p.keepalive.adaptive],
  ["keepalive.rotateAfterMinutes", [0, 20], (_, p) => p.keepalive.rotateAfterMs],
  ["recovery.maxDelaySeconds", [5, 900], (_, p) => p.recovery.maxDelayMs],
  ["recovery.attemptsPerHour", [6, 600], (_, p) => p.recovery.attemptsPerHour],
  ["recovery.conflictProbeMinutes", [0, 30], (_, p) => p.recovery.conflictProbeMs],
  ["backfill.windowMinutes", [0, 60], (_, p) => p.backfill.windowMs],
  ["backfill.history", ["always", "off"], (_, p) => p.backfill.history],
  ["backfill.requestsPerHour", [0, 60], (_, p) => p.backfill.requestsPerHour],
  ["backfill.holdSeconds", [0, 4], (_, p) => p.backfill.holdMs],
  ["late.direct", ["reply", "off"], (_, p) => p.late.direct],
  ["late.mention", ["context", "off"], (_, p) => p.late.mention],
  ["late.group", ["reply", "context"], (_, p) => p.late.group],
  ["late.maxAgeMinutes", [1, 600], (_, p) => p.late.maxAgeMs],
  ["late.older", ["notify", "off"], (_, p) => p.late.older],
  ["journal.retentionDays", [1, 365], (s) => s.journal.retentionDays],
  ["journal.maxMegabytes", [8, 512], (s) => s.journal.maxMegabytes],
  ["journal.survives", ["process-crash", "power-cut"], (s) => s.journal.survives],
  ["log.records", ["all", "off"], (s) => s.log.records],
  ["log.identities", ["pseudonyms", "none"], (s) => s.log.identities],
  ["alert.afterMinutes", [0, 15], (_, p) => p.alert.afterMs],
  ["alert.webhookUrl", ["https://example.org/hook", ""], (s) => s.alert.webhookUrl],
  ["alert.command", [["notify-send", "WhatsApp"], []], (s) => s.alert.command],
];

function config(path: string, value: unknown): Record<string, unknown> {
  const [section = "", key = ""] = path.split(".");
  return { [section]: { [key]: value } };
}

function outcome(
  raw: unknown,
  of: (s: Settings, p: Policy) => unknown,
  account = "default",
): unknown {
  const settings = readSettings(raw).forAccount(account);
  return of(settings, toPolicy(settings));
}

describe("settings", () => {
  test("every key of the table has a row here", () => {
    const keys = Object.entries(SETTINGS).flatMap(([section, values]) =>
      Object.keys(values).map((key) => `${section}.${key}`),
    );
    expect(OUTCOMES.map(([path]) => path).toSorted()).toEqual(keys.toSorted());
  });

  test.each(OUTCOMES)(
    "%s: two values, two outcomes, for all accounts and for one",
    (path, [one, two], of) => {
      expect(accepts(config(path, one)) && accepts(config(path, two))).toBe(true);
      expect(outcome(config(path, one), of)).not.toEqual(outcome(config(path, two), of));
      const mixed = { ...config(path, one), accounts: { work: config(path, two) } };
      expect(accepts(mixed)).toBe(true);
      expect(outcome(mixed, of, "work")).toEqual(outcome(config(path, two), of));
      expect(outcome(mixed, of, "other")).toEqual(outcome(config(path, one), of));
    },
  );

  test("nothing configured gives the default policy", () => {
    expect(toPolicy(readSettings(undefined).forAccount("default"))).toEqual(DEFAULT_POLICY);
  });

  test.each([
    [
      { keepalive: { intervalSeconds: "fast" } },
      "keepalive.intervalSeconds",
      "a whole number from 30 to 1800",
    ],
    [{ keepalive: { intervalSeconds: 5 } }, "keepalive.intervalSeconds", "240 is used"],
    [{ keepalive: { mode: "loud" } }, "keepalive.mode", "one of presence-unavailable"],
    [{ recovery: { attemptsPerHour: 1.5 } }, "recovery.attemptsPerHour", "openclaw config set"],
    [{ bogus: {} }, "bogus", "is not a setting"],
    [{ late: { directs: "reply" } }, "late.directs", "use one of direct"],
    [{ journal: 5 }, "journal", "must be an object"],
    [
      { accounts: { work: { log: { records: 1 } } } },
      "accounts.work.log.records",
      '"lifecycle" is used',
    ],
    ["text", "config", "must be an object"],
  ])("%j is told in one sentence and does not stop anything", (raw, path, part) => {
    const { problems, forAccount } = readSettings(raw);
    expect(problems).toHaveLength(1);
    expect(problems[0]?.path).toContain(path);
    expect(problems[0]?.sentence).toContain(part);
    expect(problems[0]?.sentence.match(/`openclaw config/g)).toHaveLength(1);
    expect(toPolicy(forAccount("default"))).toEqual(DEFAULT_POLICY);
  });

  test.each([
    ["https://example.org/x", true],
    ["http://127.0.0.1:9/x", true],
    ["http://example.org/x", false],
    ["ftp://example.org", false],
    ["no address", false],
  ])("webhook %s: %s, and a refused one is not repeated", (url, fits) => {
    const { problems } = readSettings({ alert: { webhookUrl: url } });
    expect(problems).toHaveLength(fits ? 0 : 1);
    expect(problems[0]?.sentence ?? "").not.toContain(url);
  });

  test.each([
    ["notify-send", false],
    [["notify-send"], true],
    [[""], false],
    [["curl", 1], false],
    [["sh", "a\0b"], false],
    [Array.from({ length: 33 }, () => "secret-word"), false],
  ])("command %j: %s, and a refused one is not repeated", (command, fits) => {
    const { problems } = readSettings({ alert: { command } });
    expect(problems).toHaveLength(fits ? 0 : 1);
    expect(problems[0]?.sentence ?? "").not.toMatch(/notify-send|curl|secret-word/u);
  });

  test("a flood of mistakes is told up to a limit", () => {
    const raw = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`key${index}`, 1]));
    expect(readSettings(raw).problems).toHaveLength(20);
  });
});
