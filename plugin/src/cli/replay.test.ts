import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CommandProblem } from "./command-problem.ts";
import { PLAIN } from "./incident-account.ts";
import { type IncidentOutcome, type ReplayEnvironment, runReplay } from "./replay.ts";

const FIXTURES = join(import.meta.dirname, "../../../fixtures");
const CONFLICT = join(FIXTURES, "incidents/440-conflict-loop.jsonl");
const SCENARIOS = join(FIXTURES, "scenarios");

interface Ran {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

/** Runs the command in this process. */
async function run(
  argv: readonly string[],
  runners: ReplayEnvironment["runners"] = {},
): Promise<Ran> {
  let out = "";
  let err = "";
  const env = {
    out: (text: string) => void (out += text),
    err: (text: string) => void (err += text),
    ink: PLAIN,
    runners,
  };
  const status = await runReplay(argv, env);
  return { status, out, err };
}

/** Runs a file of this folder as a command of its own. */
function spawn(file: string, argv: readonly string[]): Ran {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(import.meta.dirname, file), ...argv],
    {
      encoding: "utf8",
      env: { ...process.env, NO_COLOR: "1" },
    },
  );
  return { status: status ?? -1, out: stdout, err: stderr };
}

function outcomesIn(out: string): readonly IncidentOutcome[] {
  const document: unknown = JSON.parse(out);
  if (!Array.isArray(document)) throw new Error("expected a list of outcomes");
  return document;
}

describe("replay command", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "replay-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("replays every incident of a folder and prints one JSON document", async () => {
    const { status, out, err } = await run([SCENARIOS, "--json"]);
    const outcomes = outcomesIn(out);
    expect([status, err]).toEqual([0, ""]);
    expect(outcomes.length).toBeGreaterThanOrEqual(10);
    const [first] = outcomes;
    expect(Object.keys(first ?? {})).toEqual(
      expect.arrayContaining([
        "incident",
        "depth",
        "ok",
        "decisions",
        "exact",
        "diverged",
        "first",
        "invariants",
        "ms",
      ]),
    );
  });

  it("tells what happened, what was done then, what is decided now and by which rule", async () => {
    const { status, out } = await run([CONFLICT]);
    expect(status).toBe(0);
    expect(out).toContain("openclaw/openclaw#25591");
    expect(out).toMatch(/11:30:53 {2}socket closed: 440 Stream Errored \(conflict\)/);
    expect(out).toMatch(
      /then {2}11:30:53 official-plugin: Web connection closed \(status 440\)\. Retry 2\/12 in 4\.46s/,
    );
    expect(out).toContain("[conflict/external]");
    expect(out.trimEnd().split("\n").at(-1)).toBe("1 of 1 incidents decided as expected");
    expect(out).not.toContain("\u001b[");
  });

  it("exits with 1 and the first divergence when a decision differs", async () => {
    cpSync(CONFLICT, join(folder, "440-conflict-loop.jsonl"));
    const golden = readFileSync(CONFLICT.replace(".jsonl", ".expected.jsonl"), "utf8");
    writeFileSync(
      join(folder, "440-conflict-loop.expected.jsonl"),
      golden.replace('"rule":"conflict/external"', '"rule":"conflict/retry"'),
    );
    const json = await run([folder, "--json"]);
    expect(json.status).toBe(1);
    expect(outcomesIn(json.out)).toMatchObject([
      {
        ok: false,
        diverged: 1,
        first: { rule: "conflict/external", expected: { rule: "conflict/retry" } },
      },
    ]);
    const told = await run([folder]);
    expect(told.out).toContain("1 decisions differ, the first at seq 11");
    expect(told.out).toContain("(divergent)");
  });

  it("exits with 2 and one sentence with the position for a damaged incident, and still replays the others", async () => {
    cpSync(SCENARIOS, folder, { recursive: true });
    const file = join(folder, "silent-link.jsonl");
    writeFileSync(file, readFileSync(file, "utf8").replace('"socketId":1', '"socketId":2'));
    const { status, out, err } = await run([folder, "--json"]);
    expect(status).toBe(2);
    expect(err).toMatch(
      /silent-link\.jsonl:\d+: expected .*altered\. Restore both from version control\./,
    );
    const outcomes = outcomesIn(out);
    expect(outcomes.filter(({ ok }) => !ok)).toMatchObject([
      {
        incident: "silent-link",
        error: { code: "WA_ERR_LOG_FORMAT", file, line: expect.any(Number) },
      },
    ]);
    expect(outcomes.length).toBeGreaterThanOrEqual(10);
  });

  it("says that there is no golden instead of being content", async () => {
    cpSync(CONFLICT, join(folder, "new.jsonl"));
    const { status, out } = await run([join(folder, "new.jsonl")]);
    expect(status).toBe(1);
    expect(out).toContain("no golden; --update writes one");
  });

  it("writes goldens with --update, and leaves the evidence alone", async () => {
    const file = join(folder, "new.jsonl");
    cpSync(CONFLICT, file);
    const written = await run([file, "--update"]);
    expect([written.status, written.err]).toEqual([
      0,
      `${join(folder, "new.expected.jsonl")}: written\n`,
    ]);
    expect((await run([file])).status).toBe(0);
    expect((await run([file, "--update"])).err).toContain("unchanged");
    expect(readFileSync(file)).toEqual(readFileSync(CONFLICT));
    writeFileSync(file, readFileSync(CONFLICT, "utf8").replace('"at":4000', '"at":4001'));
    await expect(run([file, "--update"])).rejects.toThrow(/altered/);
  });

  it.each([
    [["nowhere"], /nowhere does not exist\. Give the path/],
    [[], /No incident was named\. Usage/],
    [
      [CONFLICT, "--depth", "abyss"],
      /There is no depth "abyss"\. Choose one of core, baileys, gateway/,
    ],
    [[CONFLICT, "--depth", "gateway"], /not part of this installation\. Replay with --depth core/],
    [[CONFLICT, "--verbose"], /Unknown option '--verbose'\. Usage/],
    [[join(FIXTURES, "whatsapp-server")], /holds no incident\. Give a folder with/],
  ])("refuses %j with one sentence", async (argv, sentence) => {
    const problem = run(argv);
    await expect(problem).rejects.toThrow(sentence);
    await expect(problem).rejects.toBeInstanceOf(CommandProblem);
  });

  it("refuses a log of the future with the advice to update", async () => {
    const { status, err } = await run([join(FIXTURES, "formats")]);
    expect([status, err]).toEqual([2, expect.stringMatching(/from a future version.*Update/)]);
  });

  it("hands deeper depths to the runner that is plugged in", async () => {
    const outcome: IncidentOutcome = {
      incident: "440-conflict-loop",
      depth: "baileys",
      ok: true,
      decisions: 4,
      exact: 4,
      diverged: 0,
      first: null,
      invariants: 0,
      ms: 12,
    };
    const played: string[] = [];
    const baileys = (file: string): Promise<IncidentOutcome> => {
      played.push(file);
      return Promise.resolve(outcome);
    };
    const { status, out } = await run([CONFLICT, "--depth", "baileys", "--json"], { baileys });
    expect([status, played, outcomesIn(out)]).toEqual([0, [CONFLICT], [outcome]]);
  });
});

describe("as commands", () => {
  it("replay keeps stdout to the one document, also for bad input", () => {
    expect(JSON.parse(spawn("replay.ts", [CONFLICT, "--json"]).out)).toMatchObject([{ ok: true }]);
    const bad = spawn("replay.ts", ["nowhere", "--json"]);
    expect(bad.status).toBe(2);
    expect(bad.err.trim().split("\n")).toHaveLength(1);
    expect(JSON.parse(bad.out)).toMatchObject({
      ok: false,
      error: { code: "WA_ERR_NO_SUCH_PATH" },
    });
  });

  it("whatsapp-continuity dispatches, explains itself and refuses what it does not know", () => {
    expect(spawn("main.ts", ["replay", CONFLICT]).status).toBe(0);
    expect(spawn("main.ts", []).out).toContain("replay");
    const unknown = spawn("main.ts", ["dance"]);
    expect([unknown.status, unknown.out]).toEqual([2, ""]);
    expect(unknown.err).toContain('There is no command "dance"');
  });

  it("complete writes evidence once and refuses to change it", () => {
    const folder = mkdtempSync(join(tmpdir(), "complete-"));
    try {
      const report = join(folder, "story.report.json");
      cpSync(join(SCENARIOS, "transient-close.report.json"), report);
      expect(spawn("complete.ts", [report]).status).toBe(0);
      expect(spawn("complete.ts", [report]).err).toContain("unchanged");
      writeFileSync(join(folder, "story.jsonl"), "something else\n");
      const refused = spawn("complete.ts", [report]);
      expect(refused.status).toBe(2);
      expect(refused.err).toMatch(/evidence is never edited\. Choose another name/);
      expect(readFileSync(join(folder, "story.jsonl"), "utf8")).toBe("something else\n");
      const golden = join(folder, "story.expected.jsonl");
      writeFileSync(golden, "of other evidence\n");
      expect(spawn("complete.ts", [report, "--replace"]).status).toBe(0);
      expect(existsSync(golden)).toBe(false);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
