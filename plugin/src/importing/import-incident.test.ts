import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parseLog } from "../events/index.ts";
import { type Fact, foldAll, currentCore } from "../replay/index.ts";
import {
  ImportError,
  importIncident,
  type ImportOptions,
  reportOfText,
} from "./import-incident.ts";

/** Log shapes of published reports (#63410, #85823, #146999 and others), as people pasted them. */
const PASTED = join(import.meta.dirname, "../../../fixtures/pasted");
const SHAPES = readdirSync(PASTED)
  .filter((name) => name.endsWith(".txt") && !name.endsWith(".facts.txt"))
  .map((name) => name.slice(0, -".txt".length));

const OPTIONS: ImportOptions = {
  label: "pasted",
  fallbackMs: Date.parse("2026-04-08T00:00:00Z"),
  utcOffsetMinutes: null,
  versions: { plugin: "0.1.0", baileys: "7.0.0-rc14" },
  scrub: (text) => text,
};

function pasted(shape: string): string {
  return readFileSync(join(PASTED, `${shape}.txt`), "utf8");
}

function factLine(fact: Fact): string {
  const at = new Date(fact.epochMs).toISOString();
  const marks = fact.assumed === true ? " (assumed)" : "";
  return `${at} ${fact.account} ${whatOf(fact)}${marks}`;
}

function whatOf(fact: Fact): string {
  const decided =
    fact.reported === undefined ? "" : ` -> ${fact.reported.by} ${fact.reported.decision}`;
  switch (fact.fact) {
    case "closed": {
      const { error } = fact;
      const about = [error?.statusCode, error?.errorCode, error?.message].filter(Boolean).join(" ");
      return `closed${fact.setup === true ? " during setup" : ""}: ${about}${decided}`;
    }
    case "start":
    case "stop":
      return `${fact.fact} (${fact.reason})${decided}`;
    case "network":
      return `network ${fact.state} ${fact.stage ?? ""}`.trim();
    case "message":
      return `message (${fact.chatKind})${decided}`;
    case "input":
      return `${fact.kind} ${JSON.stringify(fact.fields)}${decided}`;
    default:
      return `${fact.fact}${decided}`;
  }
}

describe("every shape in which a log was published", () => {
  test.each(SHAPES)("%s: its facts", async (shape) => {
    const { report } = reportOfText(pasted(shape), OPTIONS);
    const lines = report.facts.map((fact) => `${factLine(fact)}\n`).join("");
    await expect(lines).toMatchFileSnapshot(join(PASTED, `${shape}.facts.txt`));
  });

  test.each(SHAPES)(
    "%s: becomes an incident that the core folds without a broken invariant",
    (shape) => {
      const imported = importIncident(pasted(shape), OPTIONS);
      const { records } = parseLog(imported.text);
      expect(records.at(-1)?.kind).toBe("world.ended");
      expect(imported.recognised).toBeGreaterThan(0);
      const decisions = foldAll(currentCore, records);
      expect(decisions.length).toBeGreaterThan(0);
      expect(decisions.filter(({ breach }) => breach !== null)).toEqual([]);
    },
  );
});

/** The facts that stand in the text, relative to the first of them: what is added around them depends on the times. */
function observed(text: string, options: Partial<ImportOptions> = {}): readonly string[] {
  const { report } = reportOfText(text, { ...OPTIONS, ...options });
  const facts = report.facts.filter((fact) => fact.source !== undefined);
  const first = facts[0]?.epochMs ?? 0;
  return facts.map((fact) => `+${fact.epochMs - first} ${fact.account} ${whatOf(fact)}`);
}

const lines = (text: string): readonly string[] => text.trimEnd().split("\n");
const eachLine = (text: string, change: (line: string, index: number) => string): string =>
  `${lines(text).map(change).join("\n")}\n`;
const ZULU = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?)Z/;

/** What happens to a log on its way into an issue. */
const MUTATIONS: Readonly<Record<string, (text: string) => string>> = {
  "with Windows line ends": (text) => text.replaceAll("\n", "\r\n"),
  "quoted in a reply": (text) => eachLine(text, (line) => `> ${line}`),
  "quoted twice, as HTML": (text) => eachLine(text, (line) => `&gt; &gt; ${line}`),
  "in a fence between sentences": (text) =>
    `It happened again today:\n\n\`\`\`log\n${text}\`\`\`\n\nAny idea?\n`,
  indented: (text) => eachLine(text, (line) => `    ${line}`),
  "as list items": (text) => eachLine(text, (line) => `- ${line}`),
  "in colour": (text) =>
    eachLine(text, (line) => `\u001b[90m${line.slice(0, 8)}\u001b[39m${line.slice(8)}`),
  "with lines left out": (text) =>
    eachLine(text, (line, index) => (index % 2 === 0 ? `${line}\n[...]` : line)),
  "with empty lines": (text) => text.replaceAll("\n", "\n\n"),
  "among lines of another channel": (text) =>
    eachLine(text, (line) => `${line}\n[telegram] [default] channel exited: polling stopped`),
  "with an arrow note": (text) =>
    eachLine(text, (line, index) => (index === 0 ? `${line}   ← here it began` : line)),
  "in another zone": (text) =>
    eachLine(text, (line) => line.replace(ZULU, (_, time: string) => `${shifted(time, 2)}+02:00`)),
  "with local times in words": (text) =>
    ZULU.test(text) && lines(text).every((line) => ZULU.test(line))
      ? `(times are in CEST)\n${eachLine(text, (line) => line.replace(ZULU, (_, time: string) => shifted(time, 2)))}`
      : text,
  "with mixed line ends": (text) =>
    eachLine(text, (line, index) => (index % 2 ? `${line}\r` : line)),
  "with no-break spaces": (text) => text.replaceAll(" ", "\u00a0"),
  "with tabs": (text) => text.replaceAll(" ", "\t"),
  "aligned in columns": (text) => text.replaceAll(" ", "   "),
  "with zero-width characters": (text) => eachLine(text, (line) => `\u200b${line}\ufeff`),
  "with typographic quotes": (text) =>
    text.replaceAll(/"([^"\n]*)"/g, "\u201c$1\u201d").replaceAll(/'([^'\n]*)'/g, "\u2018$1\u2019"),
  "quoted by three people": (text) => eachLine(text, (line) => `>> > ${line}`),
  "in a quoted fence with a language": (text) =>
    eachLine(`\`\`\`log title="x"\n${text}\`\`\``, (line) => `> ${line}`),
  "as a page": (text) =>
    `<details><pre><code>${eachLine(text, (line) => `${line}<br>`)}</code></pre>\n`,
  "with line numbers": (text) => eachLine(text, (line, index) => `${index + 1}: ${line}`),
  "as cat numbers it": (text) => eachLine(text, (line, index) => `     ${index + 1}\t${line}`),
  "of a container": (text) => eachLine(text, (line) => `openclaw-gateway-1  | ${line}`),
  "of a pod": (text) => eachLine(text, (line) => `[pod/openclaw-0/gateway] ${line}`),
  "found by grep": (text) => eachLine(text, (line) => `logs/gateway.log:${line}`),
  "in bold": (text) => eachLine(text, (line) => `**${line}**`),
  "with hard line breaks": (text) => eachLine(text, (line) => `${line}\\`),
};

function shifted(time: string, hours: number): string {
  const ms = Date.parse(`${time}Z`) + hours * 3_600_000;
  return new Date(ms).toISOString().slice(0, time.length);
}

describe.each(Object.entries(MUTATIONS))("a shape %s", (_name, mutate) => {
  // A number of times above the lines they belong to is a shape of its own; what stands between would be one of them.
  test.each(SHAPES.filter((shape) => shape !== "d07-watchdog-loop"))(
    "%s tells the same",
    (shape) => {
      const original = pasted(shape);
      expect(observed(mutate(original))).toEqual(observed(original));
    },
  );
});

describe("times", () => {
  const story = (clock: (hour: number, rest: string) => string): string =>
    [
      `${clock(11, "30:48")} [whatsapp] Listening for personal WhatsApp inbound messages.`,
      `${clock(13, "05:07")} [whatsapp] Web connection closed (status 408). Retry 1/12 in 2s…`,
    ].join("\n");
  const expected = ["+0 default opened", "+5659000 default closed: 408 -> official-plugin retry"];

  test.each([
    ["on 24 hours", (hour: number, rest: string) => `${hour}:${rest}`],
    [
      "on 12 hours",
      (hour: number, rest: string) =>
        `${((hour + 11) % 12) + 1}:${rest} ${hour < 12 ? "AM" : "PM"}`,
    ],
    ["in brackets", (hour: number, rest: string) => `[${hour}:${rest}]`],
    [
      "of the American kind",
      (hour: number, rest: string) =>
        `1/26/2026, ${((hour + 11) % 12) + 1}:${rest} ${hour < 12 ? "AM" : "PM"}`,
    ],
    ["of the European kind", (hour: number, rest: string) => `26.01.2026, ${hour}:${rest}`],
    ["of the journal", (hour: number, rest: string) => `Jan 26 ${hour}:${rest} host openclaw[77]:`],
    ["with an offset", (hour: number, rest: string) => `2026-01-26T${hour}:${rest}-05:00`],
    ["with a date and no zone", (hour: number, rest: string) => `2026-01-26 ${hour}:${rest}`],
  ])("%s", (_name, clock) => {
    expect(observed(story(clock))).toEqual(expected);
  });

  test("over midnight", () => {
    const text = [
      "23:59:00 [whatsapp] Listening for personal WhatsApp inbound messages.",
      "00:01:00 [whatsapp] Web connection closed (status 408). Retry 1/12 in 2s…",
    ].join("\n");
    expect(observed(text)[1]).toMatch(/^\+120000 /);
  });

  test("over the night in which the clock is put back", () => {
    const text = [
      "2026-10-25 02:40:00 [whatsapp] Listening for personal WhatsApp inbound messages.",
      "2026-10-25 02:10:00 [whatsapp] Web connection closed (status 408). Retry 1/12 in 2s…",
      "2026-10-25 02:10:03 [whatsapp] Listening for personal WhatsApp inbound messages.",
      "2026-10-25 09:00:00 [whatsapp] Web connection closed (status 408). Retry 1/12 in 2s…",
    ].join("\n");
    const after = ["+0", "+1800000", "+1803000", "+26400000"];
    const times = (told: string): readonly string[] =>
      observed(told).map((line) => line.split(" ")[0] ?? "");
    expect(times(text)).toEqual(after);
    expect(times(text.replaceAll("2026-10-25 ", ""))).toEqual(after);
    // With its zone a line says what it is, and lines that overtook each other stay as they are.
    const zoned = times(text.replaceAll(/(:\d\d) \[/g, "$1+02:00 ["));
    expect(zoned).toEqual(["+0", "+3000", "+24600000"]);
    const overtaken = text.replaceAll("2026-10-25 ", "").replace("02:10:00", "02:39:58");
    expect(times(overtaken).slice(0, 2)).toEqual(["+0", "+0"]);
  });

  test("without a zone are marked assumed; --utc-offset says what they are", () => {
    const text = "2026-01-26 10:00:00 [whatsapp] Listening for personal WhatsApp inbound messages.";
    const at = (utcOffsetMinutes: number | null): string => {
      const { report } = reportOfText(text, { ...OPTIONS, utcOffsetMinutes });
      return report.facts
        .filter(({ source }) => source !== undefined)
        .map(factLine)
        .join();
    };
    expect(at(null)).toBe("2026-01-26T10:00:00.000Z default opened (assumed)");
    expect(at(-300)).toBe("2026-01-26T15:00:00.000Z default opened (assumed)");
  });
});

describe("an import", () => {
  test("refuses a text that says nothing, with what to do", () => {
    expect(() => importIncident("Hello, it does not work.", OPTIONS)).toThrow(ImportError);
    expect(() => importIncident("", OPTIONS)).toThrow(/Paste the lines of the gateway's log/);
  });

  test("takes numbers, addresses and account names out of what it quotes", () => {
    const text = [
      "2026-01-26T11:15:58Z [whatsapp:mums-shop] starting provider (+15550100123)",
      "2026-01-26T11:16:00Z [whatsapp:mums-shop] Listening for personal WhatsApp inbound messages.",
      "2026-01-26T11:17:00Z [whatsapp:mums-shop] auto-reply delivery failed to 15550100124@s.whatsapp.net for mums-shop",
    ].join("\n");
    const { text: incident, accounts } = importIncident(text, OPTIONS);
    expect(accounts).toEqual(["account-1"]);
    expect(incident).not.toMatch(/mums-shop|155501001/);
  });

  test("numbers who is in the text, so that two imports cannot be compared", () => {
    const scrub = (text: string): string => text.replaceAll("+15550100124", "user-aa4b3f90");
    const text =
      "2026-01-26T11:15:58Z [whatsapp] Inbound message +15550100124 -> +15550100124 (direct, 5 chars)";
    const { text: incident } = importIncident(text, { ...OPTIONS, scrub });
    expect(incident).toContain("Inbound message user-3 -> user-3 (direct, 5 chars)");
    expect(incident).not.toMatch(/user-[0-9a-f]{8}/);
  });

  test("of a log of this plugin is the log itself", () => {
    const log = readFileSync(join(PASTED, "../incidents/reply-sent-twice.jsonl"), "utf8");
    const imported = importIncident(log, OPTIONS);
    expect(imported).toMatchObject({ isOwnLog: true });
    expect(parseLog(imported.text).records.length).toBe(parseLog(log).records.length);
  });

  test("of a newer log says that an update is needed", () => {
    const log = readFileSync(join(PASTED, "../formats/from-the-future.jsonl"), "utf8");
    expect(() => importIncident(log, OPTIONS)).toThrow(/Update whatsapp-continuity/);
  });

  test("says what was left out and what was assumed", () => {
    expect(importIncident(pasted("d05-conflict-loop"), OPTIONS)).toMatchObject({
      lines: 9,
      recognised: 9,
      ellipses: 1,
      observed: 0,
    });
    expect(importIncident(pasted("seed-dns"), OPTIONS).observed).toBe(6);
  });
});

describe("text from several sources in one paste", () => {
  const console24 = pasted("d28-quoted-line").trimEnd();

  test("tells what each of them tells, in the order of time", () => {
    const [early, late] = [pasted("d14-during-setup"), console24];
    const together = `From the console:\n\n> ${late}\n\nand before that, from the file:\n\`\`\`\n${early}\`\`\`\n`;
    const kinds = (text: string): readonly string[] =>
      observed(text).map((line) => line.replace(/^\+\d+ /, ""));
    expect(kinds(together)).toEqual([...kinds(early), ...kinds(late)]);
  });

  test("tells a line once that was pasted twice with its full time", () => {
    expect(observed(`${console24}\n\nsame again:\n> ${console24}\n`)).toEqual(observed(console24));
  });
});

test.each([
  "...",
  "[...]",
  "(…)",
  "⋮",
  "... (12 lines)",
  "<snip>",
  "--- snip ---",
  "[... 120 lines omitted ...]",
  "… 40 more lines …",
  "*some log lines removed*",
  "[skipped 7 lines]",
])("%s says that lines were left out", (mark) => {
  const [first = "", ...rest] = lines(pasted("d05-conflict-loop")).filter((line) => line !== "...");
  const whole = [first, ...rest].join("\n");
  const { ellipses, recognised } = importIncident(whole, OPTIONS);
  const marked = importIncident([first, mark, ...rest].join("\n"), OPTIONS);
  expect(marked).toMatchObject({ ellipses: ellipses + 1, recognised });
  expect(observed([first, mark, ...rest].join("\n"))).toEqual(observed(whole));
});

test("a line that was cut off still tells its status and its code", () => {
  const cut = (shape: string): string =>
    eachLine(pasted(shape), (line) => (line.length > 150 ? `${line.slice(0, 147)}...` : line));
  expect(observed(cut("d13-channel-exit"))).toEqual(["+0 default closed: 428 -> gateway exit"]);
  expect(observed(cut("d15-aggregate-error")).join()).toContain("408 ETIMEDOUT -> gateway exit");
});

test("an error object that was shortened still tells its status and its code", () => {
  const text =
    '2026-04-07T08:00:10Z [default] channel exited: {"error":{"data":{"code":"ETIMEDOUT"},"output":{"statusCode":408,"payload":{"error":"Request Time-out",…}}}}';
  expect(observed(text)).toEqual(["+0 default closed: 408 ETIMEDOUT -> gateway exit"]);
});
