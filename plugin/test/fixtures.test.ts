import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, it } from "vitest";
import { seedRng, nextRandom } from "../src/core/rng.ts";
import {
  type Effect,
  isLogFormatError,
  isLogVersionError,
  type LogRecord,
  parseLog,
  serialiseLog,
} from "../src/events/index.ts";
import {
  completeReport,
  currentCore,
  foldAll,
  type IncidentText,
  parseReport,
  type Replay,
  replayIncident,
} from "../src/replay/index.ts";

const FIXTURES = join(import.meta.dirname, "../../fixtures");
const FOLDERS = ["incidents", "scenarios"].map((folder) => join(FIXTURES, folder));

function slugsIn(folder: string): readonly string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(".jsonl") && !name.endsWith(".expected.jsonl"))
    .map((name) => basename(name, ".jsonl"));
}

function bytesOf(
  folder: string,
  slug: string,
): { readonly evidence: Buffer; readonly golden: Buffer } {
  return {
    evidence: readFileSync(join(folder, `${slug}.jsonl`)),
    golden: readFileSync(join(folder, `${slug}.expected.jsonl`)),
  };
}

function incidentOf(slug: string, evidence: Buffer, golden: Buffer): IncidentText {
  return {
    incident: slug,
    file: `${slug}.jsonl`,
    evidence: evidence.toString("utf8"),
    golden: { file: `${slug}.expected.jsonl`, text: golden.toString("utf8") },
  };
}

function load(folder: string, slug: string): IncidentText {
  const { evidence, golden } = bytesOf(folder, slug);
  return incidentOf(slug, evidence, golden);
}

const EVERY = FOLDERS.flatMap((folder) => slugsIn(folder).map((slug) => ({ folder, slug })));
const INCIDENTS = join(FIXTURES, "incidents");

function effectsOf<K extends Effect["kind"]>(
  replay: Replay,
  kind: K,
): Extract<Effect, { kind: K }>[] {
  return replay.decisions.flatMap(({ effects }) =>
    effects.flatMap(({ effect }) =>
      effect.kind === kind ? [effect as Extract<Effect, { kind: K }>] : [],
    ),
  );
}

describe("every incident and scenario", () => {
  it("is there: five reports, at least ten more, and ten scenarios", () => {
    expect(slugsIn(INCIDENTS)).toEqual(
      expect.arrayContaining([
        "503-missed-group-messages",
        "reply-after-teardown",
        "reply-inside-the-gap",
        "408-metronome",
        "enotfound-dead-channel",
        "440-conflict-loop",
      ]),
    );
    expect(slugsIn(INCIDENTS).length).toBeGreaterThanOrEqual(16);
    expect(slugsIn(join(FIXTURES, "scenarios")).length).toBeGreaterThanOrEqual(10);
  });

  it.each(EVERY)("$slug replays exactly to its golden", ({ folder, slug }) => {
    const { result } = replayIncident(load(folder, slug));
    expect(result).toMatchObject({
      ok: true,
      diverged: 0,
      first: null,
      invariants: 0,
      comparedWith: "golden",
    });
    expect(result.exact).toBe(result.decisions);
    expect(result.decisions).toBeGreaterThan(5);
  });

  it.each(EVERY)("$slug is written canonically", ({ folder, slug }) => {
    const { evidence } = load(folder, slug);
    expect(serialiseLog(parseLog(evidence).records)).toBe(evidence);
  });

  it.each(EVERY)("$slug holds every line its report published", ({ folder, slug }) => {
    const report = parseReport(readFileSync(join(folder, `${slug}.report.json`), "utf8"), slug);
    const { records } = parseLog(load(folder, slug).evidence);
    const told = new Set(
      records.flatMap((record) => {
        if (record.kind === "reported.decide") return [record.source, record.text];
        return "source" in record ? [record.source] : [];
      }),
    );
    // Facts about network, process and mailbox change the world and are told by what follows from them.
    const published = report.facts.flatMap(({ fact, source, reported }) =>
      ["network", "restart", "message"].includes(fact)
        ? [reported?.text]
        : [source, reported?.text],
    );
    expect(published.filter((line) => line !== undefined && !told.has(line))).toEqual([]);
  });

  it.each(EVERY)("$slug marks what is assumed and what is derived", ({ folder, slug }) => {
    const { records } = parseLog(load(folder, slug).evidence);
    const unmarked = records.filter((record) => {
      if (record.dir === "world") return record.derived !== true;
      // `version.resolved` has a field of its own that is called source.
      if (record.kind === "log.header" || record.kind === "version.resolved") return false;
      return record.dir === "in" && record.source === undefined && record.assumed !== true;
    });
    expect(unmarked).toEqual([]);
  });

  it.each(EVERY)("$slug can be completed again by today's code", ({ folder, slug }) => {
    const report = parseReport(readFileSync(join(folder, `${slug}.report.json`), "utf8"), slug);
    const decisions = foldAll(currentCore, completeReport(report));
    expect(decisions.every(({ breach }) => breach === null)).toBe(true);
  });

  it.each(slugsIn(INCIDENTS))("%s says where it was reported and what to look at", (slug) => {
    const page = readFileSync(join(INCIDENTS, `${slug}.md`), "utf8");
    const header = parseLog(load(INCIDENTS, slug).evidence).records[0];
    expect(page).toContain(`Report: ${header?.kind === "log.header" ? header.report : ""}`);
    expect(page).toContain("## What to look at");
  });

  it("holds no number, address, host address or home folder", () => {
    const forbidden = [
      /@(?:s\.whatsapp\.net|lid|g\.us|c\.us)/,
      /(?<![\d.:T-])\+?\d{9,15}(?![\d.])/,
      /\b(?!127\.|0\.0\.0\.0)\d{1,3}(?:\.\d{1,3}){3}\b/,
      /\/(?:home|Users)\//,
    ];
    for (const folder of FOLDERS) {
      for (const name of readdirSync(folder)) {
        const content = readFileSync(join(folder, name), "utf8").replaceAll(
          /"digest":"[0-9a-f]{16}"/g,
          "",
        );
        const found = forbidden.map((pattern) => pattern.exec(content)?.[0]);
        expect([name, ...found]).toEqual([name, ...forbidden.map(() => undefined)]);
      }
    }
  });
});

describe("the five reports are decided differently from how they went", () => {
  it("503-missed-group-messages: every message of the outage arrives", () => {
    const replay = replayIncident(load(INCIDENTS, "503-missed-group-messages"));
    // The server kept nothing of the group's messages; the phone had them.
    expect(effectsOf(replay, "outage.report").at(-1)).toMatchObject({
      recoveredOffline: 0,
      recoveredHistory: 4,
    });
    expect(effectsOf(replay, "message.admit").map(({ as }) => as)).toEqual(
      "reply reply reply context context reply context reply".split(" "),
    );
  });

  it.each(["reply-after-teardown", "reply-inside-the-gap"])(
    "%s: the reply leaves once, through the successor",
    (slug) => {
      const replay = replayIncident(load(INCIDENTS, slug));
      const sockets = effectsOf(replay, "socket.open").map(({ socketId }) => socketId);
      expect(effectsOf(replay, "send.dispatch")).toMatchObject([
        { sendId: "send-1", socketId: sockets.at(-1), attempt: 1 },
      ]);
      expect(effectsOf(replay, "send.settle")).toMatchObject([
        { sendId: "send-1", outcome: "acked" },
      ]);
      const holds = slug === "reply-inside-the-gap" ? 1 : 0;
      expect(effectsOf(replay, "send.hold")).toHaveLength(holds);
    },
  );

  it("408-metronome: both accounts come back from each of more than 60 drops", () => {
    const replay = replayIncident(load(INCIDENTS, "408-metronome"));
    for (const account of ["default", "secondary"]) {
      const own = replay.decisions.filter(({ input }) => input.account === account);
      const closed = own.filter(({ input }) => input.kind === "socket.closed");
      const opened = own.filter(({ input }) => input.kind === "socket.opened");
      expect(closed.length).toBeGreaterThan(60);
      expect(opened).toHaveLength(closed.length + 1);
    }
    expect(effectsOf(replay, "drops.report")[0]).toMatchObject({
      drops: 4,
      answer: "shorter-interval",
    });
    expect(effectsOf(replay, "status.publish").some(({ terminal }) => terminal)).toBe(false);
    expect(effectsOf(replay, "send.settle").every(({ outcome }) => outcome === "acked")).toBe(true);
  });

  it("enotfound-dead-channel: it is back seconds after the name resolves, and nothing is terminal", () => {
    const replay = replayIncident(load(INCIDENTS, "enotfound-dead-channel"));
    const reachable = replay.decisions.find(({ rule }) => rule === "probe/reachable");
    const back = replay.decisions.find(
      ({ input }) => input.kind === "socket.opened" && input.at > (reachable?.input.at ?? 0),
    );
    expect((back?.input.at ?? 0) - (reachable?.input.at ?? 0)).toBeLessThan(5_000);
    expect(effectsOf(replay, "status.publish").some(({ terminal }) => terminal)).toBe(false);
    expect(effectsOf(replay, "send.settle")).toMatchObject([{ outcome: "acked" }]);
  });

  it("440-conflict-loop: it stops at the first 440 and tells once", () => {
    const replay = replayIncident(load(INCIDENTS, "440-conflict-loop"));
    expect(effectsOf(replay, "socket.open")).toHaveLength(1);
    expect(effectsOf(replay, "status.publish").filter(({ terminal }) => terminal)).toMatchObject([
      { lifecycle: "blocked", causeId: "conflict-external" },
    ]);
  });
});

describe("seventeen hours", () => {
  const MOST_MS = 100;

  it("of the metronome are decided in less than 100 ms", () => {
    const { records } = parseLog(load(INCIDENTS, "408-metronome").evidence);
    const span = Math.max(...records.map(({ at }) => at));
    expect(span).toBeGreaterThan(17 * 3_600_000);
    const times = Array.from({ length: 12 }, () => {
      const started = performance.now();
      expect(foldAll(currentCore, records).length).toBeGreaterThan(10_000);
      return performance.now() - started;
    });
    expect(Math.min(...times)).toBeLessThan(MOST_MS);
  });
});

describe("one altered byte", () => {
  /** What replaying says after a byte was changed: the line of the damage, or null when nothing was noticed. */
  function noticedLine(incident: IncidentText): number | "diverged" | null {
    try {
      return replayIncident(incident).result.ok ? null : "diverged";
    } catch (error) {
      if (isLogFormatError(error) || isLogVersionError(error)) return error.position.line;
      throw error;
    }
  }

  function altered(bytes: Buffer, at: number, mask: number): Buffer {
    const copy = Buffer.from(bytes);
    copy[at] = (copy[at] ?? 0) ^ mask;
    return copy;
  }

  function lineOf(bytes: Buffer, at: number): number {
    return bytes.subarray(0, at).filter((byte) => byte === 0x0a).length + 1;
  }

  it("is found at its line, for every byte of an incident", () => {
    const { evidence, golden } = bytesOf(INCIDENTS, "440-conflict-loop");
    const missed: unknown[] = [];
    for (let at = 0; at < evidence.length; at += 1) {
      const incident = incidentOf("440-conflict-loop", altered(evidence, at, 1), golden);
      const noticed = noticedLine(incident);
      if (noticed !== lineOf(evidence, at)) missed.push([at, noticed]);
    }
    expect(missed).toEqual([]);
  });

  it("is noticed for every byte of a golden", () => {
    const { evidence, golden } = bytesOf(INCIDENTS, "440-conflict-loop");
    const missed: number[] = [];
    for (let at = 0; at < golden.length; at += 1) {
      const incident = incidentOf("440-conflict-loop", evidence, altered(golden, at, 1));
      if (noticedLine(incident) === null) missed.push(at);
    }
    expect(missed).toEqual([]);
  });

  it.each(EVERY)("is found in $slug, at sampled places and in several ways", ({ folder, slug }) => {
    const { evidence, golden } = bytesOf(folder, slug);
    const samples = Math.max(3, Math.min(40, Math.floor(2_000_000 / evidence.length)));
    let random = seedRng(slug);
    for (let sample = 0; sample < samples; sample += 1) {
      const drawn = nextRandom(random);
      random = drawn.next;
      const at = Math.floor(drawn.value * evidence.length);
      // A neighbouring character, another case, a control character, and bytes that are no UTF-8.
      const mask = [1, 0x20, 0x40, 0x80][sample % 4] ?? 1;
      const noticed = noticedLine(incidentOf(slug, altered(evidence, at, mask), golden));
      expect([at, mask, noticed]).toEqual([at, mask, lineOf(evidence, at)]);
    }
  });
});

describe("formats", () => {
  const FORMATS = join(FIXTURES, "formats");
  const OLD = readdirSync(FORMATS, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) => readdirSync(join(FORMATS, name)).map((file) => join(name, file)));

  it("has a sample of every version", () => {
    expect(OLD).toEqual(expect.arrayContaining(["v0/reconnect.jsonl", "v1/reconnect.jsonl"]));
  });

  it.each(OLD)("%s loads, and is of today's version when written again", (file) => {
    const log = parseLog(readFileSync(join(FORMATS, file), "utf8"), { file });
    expect(log.version).toBe(Number(/^v(\d+)/.exec(file)?.[1]));
    const again = parseLog(serialiseLog(log.records));
    expect(again.version).toBe(1);
    expect(again.records).toEqual(log.records);
    expect(() => foldAll(currentCore, log.records)).not.toThrow();
  });

  it("gives version 0 the meaning it had", () => {
    const { records } = parseLog(readFileSync(join(FORMATS, "v0/reconnect.jsonl"), "utf8"));
    const summary = records.map((record: LogRecord) => {
      const { boot, seq, kind } = record;
      return [boot, seq, kind];
    });
    expect(summary[0]).toEqual(["v0-7f3a", 0, "log.header"]);
    expect(records).toContainEqual(
      expect.objectContaining({ kind: "socket.opened", self: { pn: "user-1", lid: null } }),
    );
    expect(records).toContainEqual(
      expect.objectContaining({
        kind: "message.journalled",
        chat: "group-1",
        chatKind: "group",
        via: "live",
      }),
    );
    // `local` meant "noticed here"; only a close without an error was our own teardown.
    const closes = records.flatMap((record) => (record.kind === "socket.closed" ? [record] : []));
    expect(closes.map(({ origin, error }) => [origin, error?.statusCode ?? null])).toEqual([
      ["remote", 408],
      ["local", null],
      ["remote", 440],
    ]);
    expect(records).toContainEqual(
      expect.objectContaining({ kind: "timer.fired", timer: "keepalive-tick" }),
    );
    expect(records).toContainEqual(
      expect.objectContaining({ kind: "event.drop", why: "retired-socket" }),
    );
  });

  it("names the place of what is wrong in an old file too", () => {
    const text = readFileSync(join(FORMATS, "v0/reconnect.jsonl"), "utf8");
    expect(() => parseLog(text.replace('"tag":"conflict"', '"tag":7'))).toThrow(
      /line 14:\d+: expected a string at "facts\.tag"/,
    );
    expect(() => parseLog(text.replace("event.dropped", "event.drop"))).toThrow(
      /line 10:\d+: expected a kind of format version 0/,
    );
  });

  it("refuses a log of the future with advice", () => {
    const text = readFileSync(join(FORMATS, "from-the-future.jsonl"), "utf8");
    expect(() => parseLog(text, { file: "from-the-future.jsonl" })).toThrow(
      /from-the-future\.jsonl:1:\d+: this log is from a future version: .* 99, this program reads up to 1\. Update openclaw-whatsapp-continuity/,
    );
  });

  it("documents itself", () => {
    const readme = readFileSync(join(FIXTURES, "README.md"), "utf8");
    const sample = /```jsonl\n([\s\S]+?)```/.exec(readme)?.[1] ?? "";
    expect(foldAll(currentCore, parseLog(sample).records)).toHaveLength(4);
    const report = /```json\n([\s\S]+?)```/.exec(readme)?.[1] ?? "";
    expect(completeReport(parseReport(report, "README.md")).length).toBeGreaterThan(100);
    expect(existsSync(join(FIXTURES, ".gitattributes"))).toBe(true);
  });
});
