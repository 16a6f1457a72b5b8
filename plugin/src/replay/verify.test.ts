import { describe, expect, it } from "vitest";
import {
  isLogFormatError,
  LogFormatError,
  type LogRecord,
  parseLog,
  serialiseLog,
  serialiseRecord,
} from "../events/index.ts";
import { currentCore } from "./core-port.ts";
import { foldAll } from "./fold.ts";
import { type IncidentText, replayIncident, writeGolden } from "./verify.ts";

const HEADER =
  '{"boot":"run-1","seq":0,"at":0,"dir":"in","kind":"log.header","format":"whatsapp-continuity-log","version":1,' +
  '"startedAt":"2026-09-01T10:00:00.000Z","seed":"7f3a","plugin":"0.1.0","baileys":"7.0.0-rc14"}';

/** A short story: started, connected, closed. */
const EVIDENCE = `${[
  HEADER,
  '{"boot":"run-1","seq":1,"at":1,"account":"work","dir":"in","kind":"controller.started","controllerId":1,"reason":"gateway-start","credentials":"linked"}',
  '{"boot":"run-1","seq":2,"at":2,"account":"work","dir":"in","kind":"owner.resolved","result":"acquired"}',
  '{"boot":"run-1","seq":3,"at":200,"account":"work","dir":"in","kind":"socket.upgraded","socketId":1}',
  '{"boot":"run-1","seq":4,"at":900,"account":"work","dir":"in","kind":"socket.opened","socketId":1,"self":{"pn":"user-1","lid":"user-2"}}',
  '{"boot":"run-1","seq":5,"at":95210,"account":"work","dir":"world","kind":"server.struck","strike":"fin","derived":true}',
  '{"boot":"run-1","seq":6,"at":95210,"account":"work","dir":"in","kind":"socket.closed","socketId":1,"origin":"remote","error":{"name":"Error","message":"Connection Terminated","statusCode":428}}',
].join("\n")}\n`;

function story(change: Partial<IncidentText> = {}): IncidentText {
  const bare = { incident: "story", file: "story.jsonl", evidence: EVIDENCE, golden: null };
  return { ...bare, golden: { file: "story.expected.jsonl", text: writeGolden(bare) }, ...change };
}

function goldenWith(from: string | RegExp, to: string): IncidentText["golden"] {
  const { golden } = story();
  const text = golden?.text.replace(from, to) ?? "";
  expect(text).not.toBe(golden?.text);
  return { file: "story.expected.jsonl", text };
}

function damageOf(incident: IncidentText): LogFormatError {
  try {
    replayIncident(incident);
  } catch (error) {
    if (isLogFormatError(error)) return error;
    throw error;
  }
  throw new Error("the damage was not noticed");
}

describe("replay", () => {
  it("holds in a checkout with Windows line ends and a byte order mark", () => {
    const { evidence, golden } = story();
    const onWindows = (text: string): string => `\ufeff${text.replaceAll("\n", "\r\n")}`;
    const there = {
      evidence: onWindows(evidence),
      golden: { file: "g", text: onWindows(golden?.text ?? "") },
    };
    expect(replayIncident(story(there)).result).toMatchObject({ ok: true, comparedWith: "golden" });
    expect(replayIncident(story({ evidence: onWindows(evidence) })).result.ok).toBe(true);
    expect(writeGolden(story(there))).toBe(golden?.text);
  });

  it("holds when every decision is as the golden says", () => {
    expect(replayIncident(story()).result).toEqual({
      incident: "story",
      depth: "core",
      ok: true,
      decisions: 5,
      exact: 5,
      diverged: 0,
      first: null,
      invariants: 0,
      comparedWith: "golden",
    });
  });

  it("names the first divergence with rule, expected and actual, and calls the rest counterfactual", () => {
    const golden = goldenWith(
      /"kind":"socket.open","socketId":1,"attempt":1/,
      '"kind":"socket.open","socketId":1,"attempt":7',
    );
    const text = golden?.text.replace('"rule":"close/transient"', '"rule":"close/other"') ?? "";
    const { result, divergences } = replayIncident(story({ golden: { file: "g", text } }));
    expect(result).toMatchObject({ ok: false, decisions: 5, exact: 3, diverged: 2 });
    expect(result.first).toMatchObject({
      seq: 2,
      rule: "owner/acquired",
      line: 3,
      label: "divergent",
      expected: {
        rule: "owner/acquired",
        effects: [{ kind: "socket.open", attempt: 7 }, {}, {}, {}, {}],
      },
      actual: {
        rule: "owner/acquired",
        effects: [{ kind: "socket.open", attempt: 1 }, {}, {}, {}, {}],
      },
    });
    expect(divergences.map(({ seq, label }) => [seq, label])).toEqual([
      [2, "divergent"],
      [6, "counterfactual"],
    ]);
  });

  it("compares with the decisions a log recorded itself when there is no golden", () => {
    const recorded = withDecisions(parseLog(EVIDENCE).records);
    const evidence = serialiseLog(recorded);
    const opened = recorded.find(({ kind }) => kind === "socket.opened");
    expect(replayIncident(story({ evidence, golden: null })).result).toMatchObject({
      ok: true,
      exact: 5,
      comparedWith: "recorded",
    });
    const other = evidence.replace('"rule":"open/ready"', '"rule":"open/other"');
    expect(replayIncident(story({ evidence: other, golden: null })).result).toMatchObject({
      ok: false,
      diverged: 1,
      first: {
        seq: opened?.seq ?? 0,
        expected: { rule: "open/other" },
        actual: { rule: "open/ready" },
      },
    });
  });

  it("is not satisfied when there is nothing to compare with", () => {
    expect(replayIncident(story({ golden: null })).result).toMatchObject({
      ok: false,
      diverged: 0,
      comparedWith: "nothing",
    });
  });

  it("starts every run of the process from nothing, with the seed of its header", () => {
    const again = EVIDENCE.replaceAll("run-1", "run-2").replace('"seed":"7f3a"', '"seed":"other"');
    const decisions = foldAll(currentCore, parseLog(EVIDENCE + again).records);
    const delays = decisions.flatMap(({ effects }) =>
      effects.flatMap(({ effect }) =>
        effect.kind === "timer.start" && effect.timer === "reconnect" ? [effect.delayMs] : [],
      ),
    );
    expect(decisions.slice(0, 5).map(({ rule }) => rule)).toEqual(
      decisions.slice(5).map(({ rule }) => rule),
    );
    expect(delays).toHaveLength(2);
    expect(delays[0]).not.toBe(delays[1]);
  });

  it("follows the policy of the header and of policy.changed", () => {
    const timersOf = (evidence: string): readonly string[] =>
      foldAll(currentCore, parseLog(evidence).records).flatMap(({ effects }) =>
        effects.flatMap(({ effect }) => (effect.kind === "timer.start" ? [effect.timer] : [])),
      );
    const off = JSON.stringify('{"keepalive":{"mode":"off"}}');
    expect(timersOf(EVIDENCE)).toContain("session-keepalive");
    expect(timersOf(EVIDENCE.replace('"baileys"', `"policy":${off},"baileys"`))).not.toContain(
      "session-keepalive",
    );
    const changed = `{"boot":"run-1","seq":3,"at":150,"account":"work","dir":"in","kind":"policy.changed","policy":${off}}`;
    const lines = EVIDENCE.replace('"seq":3', '"seq":4')
      .replace('"seq":4,"at":900', '"seq":5,"at":900')
      .replace('"seq":5,"at":95210', '"seq":6,"at":95210')
      .replace(
        '"seq":6,"at":95210,"account":"work","dir":"in"',
        '"seq":7,"at":95210,"account":"work","dir":"in"',
      )
      .split("\n");
    expect(timersOf([...lines.slice(0, 3), changed, ...lines.slice(3)].join("\n"))).not.toContain(
      "session-keepalive",
    );
  });

  it("keeps accounts apart, whatever they are called", () => {
    for (const account of ["__proto__", "constructor", "toString"]) {
      const evidence = EVIDENCE.replaceAll('"work"', JSON.stringify(account));
      const rules = foldAll(currentCore, parseLog(evidence).records).map(({ rule }) => rule);
      expect(rules).toContain("close/transient");
    }
  });
});

describe("integrity", () => {
  it("reports the line that was altered, removed or added", () => {
    const altered = story({ evidence: EVIDENCE.replace('"at":900', '"at":901') });
    expect(damageOf(altered).position).toEqual({
      file: "story.jsonl",
      line: 5,
      column: null,
      path: "",
    });
    const lines = EVIDENCE.split("\n");
    expect(damageOf(story({ evidence: lines.toSpliced(3, 1).join("\n") })).position.line).toBe(4);
    expect(
      damageOf(story({ evidence: lines.toSpliced(3, 0, lines[3] ?? "").join("\n") })).position.line,
    ).toBe(5);
    expect(damageOf(story({ evidence: lines.slice(0, 6).join("\n") })).position.line).toBe(6);
    expect(damageOf(story({ evidence: EVIDENCE.slice(0, -1) })).position.line).toBe(7);
  });

  it("names the column where the alteration breaks the record", () => {
    const line = EVIDENCE.split("\n")[4] ?? "";
    const syntax = story({ evidence: EVIDENCE.replace('"at":900,', '"at":900;') });
    expect(damageOf(syntax).position).toMatchObject({
      line: 5,
      column: line.indexOf('"at":900') + 9,
    });
    const shape = story({ evidence: EVIDENCE.replace('"pn":"user-1"', '"qn":"user-1"') });
    expect(damageOf(shape).position).toMatchObject({
      line: 5,
      column: line.indexOf('"pn"') + 1,
      path: "self.qn",
    });
  });

  it("blames the altered line and not a later one that only no longer fits", () => {
    const evidence = EVIDENCE.replace('"seq":2', '"seq":8');
    expect(damageOf(story({ evidence })).position.line).toBe(3);
  });

  it("notices a golden that is damaged or belongs to another incident", () => {
    expect(
      damageOf(story({ golden: goldenWith('"incident":"story"', '"incident":"other"') })).position,
    ).toMatchObject({
      file: "story.expected.jsonl",
      line: 1,
      path: "incident",
    });
    expect(damageOf(story({ golden: goldenWith('"lines":7', '"lines":8') })).position.path).toBe(
      "lines",
    );
    expect(
      damageOf(story({ golden: goldenWith('"rule":"close/transient"', '"rule":"close/transient') }))
        .position,
    ).toMatchObject({ file: "story.expected.jsonl" });
    const noInput = goldenWith(/("line":6,"digest":"[0-9a-f]+")/, '$1,"rule":"x"');
    expect(damageOf(story({ golden: noInput })).position).toMatchObject({
      file: "story.expected.jsonl",
      line: 7,
    });
  });

  it("refuses to write a golden over evidence that was altered", () => {
    expect(() =>
      writeGolden(story({ evidence: EVIDENCE.replace('"at":900', '"at":901') })),
    ).toThrow(/altered/);
  });
});

/** The log as the plugin itself would have recorded it: each input followed by what was decided. */
function withDecisions(records: readonly LogRecord[]): readonly LogRecord[] {
  const decisions = foldAll(currentCore, records);
  const recorded: LogRecord[] = [];
  let seq = 0;
  for (const record of records) {
    if (record.kind === "log.header") {
      recorded.push(record);
      continue;
    }
    seq += 5;
    recorded.push({ ...record, seq });
    const cause = seq;
    const decision = decisions.find(({ input }) => input === record);
    for (const { rule, effect } of decision?.effects ?? []) {
      seq += 1;
      const { boot, at, account } = record;
      const line = serialiseRecord({ boot, seq, at, account, dir: "out", ...effect, cause, rule });
      recorded.push(JSON.parse(line));
    }
    seq = Math.ceil(seq / 5) * 5;
  }
  return recorded;
}
