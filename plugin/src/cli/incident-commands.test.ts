import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { parseLog } from "../events/index.ts";
import { type CaptureEnvironment, captureCommand } from "./capture.ts";
import { importCommand } from "./import.ts";
import { minimiseCommand } from "./minimise.ts";

const FIXTURES = join(import.meta.dirname, "../../../fixtures");
let folder = "";
let printed = { out: "", err: "" };
const output = {
  out: (text: string) => void (printed.out += text),
  err: (text: string) => void (printed.err += text),
};

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "incident-commands-"));
  printed = { out: "", err: "" };
});
afterEach(() => rmSync(folder, { recursive: true }));

describe("import", () => {
  const pasted = join(FIXTURES, "pasted/d05-conflict-loop.txt");

  test("writes an incident once and says how much of it is known", async () => {
    const out = join(folder, "conflict.incident.jsonl");
    expect(await importCommand([pasted, "--out", out, "--date", "2026-02-24"], output)).toBe(0);
    expect(printed.err).toMatch(
      /^9 of 9 lines tell about WhatsApp, and lines were left out at 1 place\. 5 facts come from the text, 5 of them without the exact time; \d+ were added and are assumed\. Accounts: default\./,
    );
    const { records } = parseLog(readFileSync(out, "utf8"));
    expect(records[0]).toMatchObject({ startedAt: expect.stringMatching(/^2026-02-24T11:30:/) });
    expect(await importCommand([pasted, "--out", out], output)).toBe(2);
    expect(printed.err).toMatch(/evidence is never overwritten/);
  });

  test("--json is one document, with the incident in it when it has no file", async () => {
    expect(await importCommand([pasted, "--json"], output)).toBe(0);
    expect(JSON.parse(printed.out)).toMatchObject({ recognised: 9, ellipses: 1, isOwnLog: false });
  });

  test.each([
    [["nowhere.txt"], /nowhere\.txt is not a file/],
    [[], /One text is imported at a time/],
    [[pasted, "--date", "yesterday"], /--date yesterday is not a day/],
    [[pasted, "--utc-offset", "EST"], /--utc-offset EST is no offset/],
    [[pasted, "--what"], /Unknown option '--what'/],
  ])("%j is refused with what to write", async (args, sentence) => {
    expect(await importCommand(args, output)).toBe(2);
    expect(printed.err).toMatch(sentence);
  });

  test("refuses what is not a text, and a text that tells nothing", async () => {
    const binary = join(folder, "binary");
    writeFileSync(binary, Buffer.from([1, 0, 2]));
    expect(await importCommand([binary], output)).toBe(2);
    const empty = join(folder, "empty.txt");
    writeFileSync(empty, "nothing to see");
    expect(await importCommand([empty], output)).toBe(2);
    expect(printed.err).toMatch(/is not a text.*\n.*None of the 1 lines of empty\.txt/);
  });
});

describe("minimise", () => {
  const incident = join(FIXTURES, "incidents/440-conflict-loop.jsonl");

  test("writes a shorter incident that still shows the cause", async () => {
    const out = join(folder, "short.incident.jsonl");
    expect(
      await minimiseCommand([incident, "--cause", "stream-replaced", "--out", out], output),
    ).toBe(0);
    expect(printed.err).toMatch(/^\d+ inputs over .* -> \d+ over .*, \d+ replays\n$/);
    const { records } = parseLog(readFileSync(out, "utf8"));
    expect(records[0]).toMatchObject({ origin: "minimised" });
    expect(records.length).toBeLessThan(8);
  });

  test("says when there is nothing to minimise", async () => {
    expect(await minimiseCommand([incident, "--divergence", "--json"], output)).toBe(1);
    expect(JSON.parse(printed.out)).toEqual({ ok: false, incident: "440-conflict-loop" });
    expect(printed.err).toMatch(/does not show a divergence/);
  });

  test.each([
    [[], /One incident is minimised at a time/],
    [[incident], /says what must stay/],
    [[incident, "--cause", "bad-luck"], /There is no cause "bad-luck". Known are dns-not-found/],
    [[incident, "--invariant", "--name", "I99"], /There is no invariant "I99"/],
    [["nowhere.jsonl", "--invariant"], /nowhere\.jsonl does not exist/],
  ])("%j is refused with what to write", async (args, sentence) => {
    expect(await minimiseCommand(args, output)).toBe(2);
    expect(printed.err).toMatch(sentence);
  });
});

describe("capture", () => {
  const text = readFileSync(join(FIXTURES, "incidents/503-missed-group-messages.jsonl"), "utf8");
  const answer = {
    fileName: "captured.incident.jsonl",
    text,
    records: 12,
    accounts: ["default"],
    replayable: true,
    fromSeq: 1,
    toSeq: 12,
    removed: { people: 3, groups: 1, others: 0, accounts: 0 },
  };
  const asked: string[][] = [];
  const env = (changes: Partial<CaptureEnvironment> = {}): CaptureEnvironment => ({
    ...output,
    callGateway: (args) => {
      asked.push([...args]);
      return Promise.resolve(`notice of the command\n${JSON.stringify(answer)}\n`);
    },
    confirm: null,
    ...changes,
  });

  test("shows what was taken out, asks, and saves", async () => {
    const out = join(folder, "mine.incident.jsonl");
    const questions: string[] = [];
    const confirm = (question: string): Promise<boolean> => {
      questions.push(`${existsSync(out) ? "after" : "before"}: ${question}`);
      return Promise.resolve(true);
    };
    const args = ["--since-healthy", "--account", "work", "--out", out];
    expect(await captureCommand(args, env({ confirm }))).toBe(0);
    expect(questions).toEqual([`before: Save it as ${out}?`]);
    expect(printed.err).toMatch(/Numbered instead of named: 3 people, 1 groups/);
    expect(printed.err).toMatch(/look through it for names:\n {2}28 x Connection Failure\n/);
    expect(readFileSync(out, "utf8")).toBe(text);
    expect(JSON.parse(asked.at(-1)?.at(-1) ?? "")).toEqual({
      since: "healthy",
      accountId: "work",
    });
  });

  test("saves nothing without a yes", async () => {
    const out = join(folder, "no.incident.jsonl");
    expect(
      await captureCommand(["--out", out], env({ confirm: () => Promise.resolve(false) })),
    ).toBe(1);
    expect(await captureCommand(["--out", out], env())).toBe(2);
    expect(printed.err).toMatch(/Add --yes to save it without being asked/);
    expect(existsSync(out)).toBe(false);
    expect(await captureCommand(["--out", out, "--yes", "--json"], env())).toBe(0);
    expect(JSON.parse(printed.out)).toMatchObject({ out, records: 12, replayable: true });
  });

  test("says when nothing was recorded, or the gateway answers something else", async () => {
    const nothing = { ...answer, records: 0 };
    const quiet = env({ callGateway: () => Promise.resolve(JSON.stringify(nothing)) });
    expect(await captureCommand(["--yes"], quiet)).toBe(1);
    const other = env({ callGateway: () => Promise.resolve('{"ok":true}') });
    expect(await captureCommand(["--yes"], other)).toBe(2);
    expect(printed.err).toMatch(
      /Nothing was recorded.*\nThe gateway did not answer with an incident/,
    );
    expect(await captureCommand(["--minutes", "0"], env())).toBe(2);
    expect(await captureCommand(["--minutes", "5", "--since-healthy"], env())).toBe(2);
  });
});
