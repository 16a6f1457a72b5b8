import { describe, expect, test } from "vitest";
import { parseLog, serialiseLog } from "openclaw-whatsapp-continuity-plugin/events";
import { AnyLogReader } from "openclaw-whatsapp-continuity-plugin/explain";
import { accountRow, moodOf, type TreeRow } from "./account-tree.ts";
import { FeedModel } from "./feed-model.ts";
import { RecordBuffer } from "./record-buffer.ts";
import { BEGAN_MS, HEADER, outageStory, tell, timed } from "./story.test-support.ts";
import { matcherOf, SHOW_ALL } from "./timeline/record-filter.ts";
import { TimelineModel } from "./timeline/timeline-model.ts";

const OPTIONS = { nowMs: BEGAN_MS + 3_700_000, offsetMinutes: 0, journal: null };

function modelOf(records: Parameters<typeof timed>[0]): FeedModel {
  const model = new FeedModel();
  model.append({ records: timed(records), gaps: [] });
  return model;
}

function textOf(row: TreeRow): string {
  return [`${row.label} | ${row.description}`, ...row.children.map(textOf)].join("\n");
}

test("the stories of these tests are logs that the codec accepts", () => {
  const records = [HEADER, ...outageStory()];
  expect(parseLog(serialiseLog(records)).records).toHaveLength(records.length);
});

describe("tree", () => {
  test("an account that is down says why, what to do and when it tries again", () => {
    const records = outageStory().filter((record) => record.at <= 3_602_100);
    const view = modelOf(records).account("work")!;
    const row = accountRow(view, { ...OPTIONS, nowMs: BEGAN_MS + 3_603_100 });
    expect(moodOf(view)).toBe("bad");
    expect(row.description).toBe("waiting to reconnect, attempt 3 in 3 s");
    expect(textOf(row)).toContain("The name web.whatsapp.com does not resolve (ENOTFOUND).");
    expect(textOf(row)).toContain("check DNS");
  });

  test("afterwards it is connected, with the outage and what was recovered", () => {
    const view = modelOf(outageStory()).account("work")!;
    const row = accountRow(view, OPTIONS);
    expect(moodOf(view)).toBe("good");
    expect(row.description).toBe("connected, 1 min ago");
    expect(textOf(row)).toContain("12 announced, 12 delivered, 12 kept, 12 receipted (complete)");
    const outages = row.children.find(({ label }) => label === "outages")!;
    expect(outages.children[0]).toMatchObject({
      label: "13:00:00  7 s",
      tooltip: expect.stringContaining("12 messages kept by WhatsApp"),
    });
  });

  test("a successor is the current controller and its predecessor is listed below", () => {
    const view = modelOf(
      tell(
        "work",
        [
          0,
          {
            kind: "controller.started",
            controllerId: 1,
            reason: "gateway-start",
            credentials: "linked",
          },
        ],
        [5_000, { kind: "controller.stopped", controllerId: 1, reason: "restart" }],
        [
          6_000,
          {
            kind: "controller.started",
            controllerId: 2,
            reason: "health-monitor",
            credentials: "linked",
          },
        ],
      ),
    ).account("work")!;
    const controller = accountRow(view, OPTIONS).children.find(
      ({ label }) => label === "controller 2",
    );
    expect(controller?.description).toContain("current");
    expect(controller?.children[0]?.description).toBe("predecessor, ran 5 s, ended by restart");
  });
});

describe("timeline", () => {
  test("phases follow each other without a hole, and the outage is a span of its own", () => {
    const model = new TimelineModel();
    model.append({ records: timed(outageStory()), gaps: [] });
    const lane = (kind: string) => model.lanes.find((candidate) => candidate.kind === kind)!;
    const phases = lane("phase").spans;
    const told = Array.from({ length: phases.length }, (_, i) => phases.style(i));
    expect(told).toEqual([
      "claiming",
      "connecting",
      "open",
      "waiting",
      "connecting",
      "waiting",
      "connecting",
      "open",
    ]);
    for (let i = 1; i < phases.length; i += 1) expect(phases.start(i)).toBe(phases.endOf(i - 1));
    const outage = lane("outage").spans;
    expect([outage.start(0), outage.endOf(0)]).toEqual([
      BEGAN_MS + 3_600_000,
      BEGAN_MS + 3_607_000,
    ]);
    expect(lane("inbound").spans.style(0)).toBe("drain");
  });

  test("the work of one controller is linked to its successor", () => {
    const model = new TimelineModel();
    const controllers = tell(
      "work",
      [
        0,
        {
          kind: "controller.started",
          controllerId: 1,
          reason: "gateway-start",
          credentials: "linked",
        },
      ],
      [5_000, { kind: "controller.stopped", controllerId: 1, reason: "restart" }],
      [
        6_000,
        {
          kind: "controller.started",
          controllerId: 2,
          reason: "health-monitor",
          credentials: "linked",
        },
      ],
    );
    model.append({ records: timed(controllers), gaps: [] });
    expect(model.links).toMatchObject([
      { kind: "handover", fromLane: "work/controller1", toLane: "work/controller2" },
    ]);
  });

  test("a bounded window lets the oldest go, with what was drawn from it", () => {
    const model = new TimelineModel(10_000);
    const many = Array.from({ length: 30_000 }, (_, i) => ({
      ...outageStory()[8]!,
      seq: i + 1,
      at: i * 1_000,
    }));
    model.append({ records: timed(many), gaps: [] });
    expect(model.records.length).toBeLessThanOrEqual(10_000);
    expect(model.records.end).toBe(30_000);
    const marks = model.lanes.find(({ kind }) => kind === "inbound")!.marks;
    expect(marks.length).toBe(model.records.length);
    expect(marks.value(0)).toBe(model.records.first);
  });

  test("search, window and severity narrow the list", () => {
    const records = timed(outageStory());
    const count = (change: object) => records.filter(matcherOf({ ...SHOW_ALL, ...change })).length;
    expect(count({ text: "enotfound" })).toBe(1);
    expect(count({ warningsOnly: true })).toBe(2);
    expect(count({ window: { fromMs: BEGAN_MS + 3_600_000, toMs: BEGAN_MS + 3_600_000 } })).toBe(1);
    expect(count({ account: "other" })).toBe(0);
    expect(count({ routine: true })).toBe(records.length);
  });
});

test("positions in a buffer stay what they are when the oldest records go", () => {
  const buffer = new RecordBuffer(5_000);
  const [first] = timed(outageStory());
  for (let seq = 0; seq < 20_000; seq += 1) {
    buffer.append({ ...first!, record: { ...first!.record, seq } });
  }
  expect(buffer.at(19_999)?.record.seq).toBe(19_999);
  expect(buffer.at(0)).toBeUndefined();
  expect(buffer.find("b1", 19_000)).toBe(19_000);
});

test("100,000 records from text to model: none is lost, and fast enough", () => {
  const story = outageStory();
  const records = Array.from({ length: 100_000 }, (_, i) => ({
    ...story[1 + (i % (story.length - 1))]!,
    seq: i + 1,
    at: i * 10,
  })).map((record) => (record.dir === "out" ? { ...record, cause: record.seq - 1 } : record));
  const lines = serialiseLog([HEADER, ...records]).split("\n");
  const reader = new AnyLogReader({ label: "x", fallbackMs: 0, scrub: (text) => text });
  const model = new TimelineModel();
  const began = process.cpuUsage();
  for (const line of lines) model.append({ records: reader.read(line).records, gaps: [] });
  // Time of our own work: what else the machine does meanwhile says nothing about it.
  const { user, system } = process.cpuUsage(began);
  const perSecond = 100_000 / ((user + system) / 1_000_000);
  expect(model.records.end).toBe(100_001);
  expect(perSecond).toBeGreaterThan(20_000);
}, 30_000);
