import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseLog } from "../src/events/index.ts";
import { currentCore, foldAll } from "../src/replay/index.ts";
import { type CoreEdit, copyWithEditedCore } from "./edited-plugin.ts";

const INCIDENTS = join(import.meta.dirname, "../../fixtures/incidents");
let folder = "";

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "edited-core-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Ended {
  readonly status: number | null;
  readonly out: string;
}

/** The command of a plugin whose core was changed. */
function commandOf(name: string, edit: CoreEdit): (...args: readonly string[]) => Ended {
  const main = copyWithEditedCore(join(folder, name), edit);
  return (...args) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], {
      encoding: "utf8",
    });
    return { status, out: `${stdout}${stderr}` };
  };
}

function inputsOf(file: string): readonly string[] {
  const { records } = parseLog(readFileSync(file, "utf8"));
  return records.filter(({ kind }) => kind !== "log.header").map(({ kind }) => kind);
}

describe("a defect in the core, minimised out of an incident that shows it", () => {
  test("a decision that differs: the few inputs before it, and the sound core decides otherwise", () => {
    const run = commandOf("slower", {
      file: "backoff.ts",
      from: "normal: 1_000,",
      to: "normal: 60_000,",
    });
    const incident = join(INCIDENTS, "supplier-message-lost.jsonl");
    expect(run("replay", incident)).toMatchObject({ status: 1 });
    const out = join(folder, "slower.incident.jsonl");
    expect(run("minimise", incident, "--divergence", "--out", out)).toMatchObject({ status: 0 });
    const inputs = inputsOf(out);
    expect(inputs.at(-1)).toBe("socket.closed");
    expect(inputs.length).toBeLessThan(8);
    const decided = foldAll(currentCore, parseLog(readFileSync(out, "utf8")).records).at(-1);
    expect(decided?.rule).toBe("close/transient");
  });

  test("an invariant that breaks: its name is asked for, and the sound core keeps it", () => {
    const run = commandOf("unlimited", {
      file: "connection.ts",
      from: 'startTimer(draft, "connect/upgraded", "connect-limit", LIMITS.loginMs);',
      to: 'cancelTimer(draft, "connect/upgraded", "connect-limit");',
    });
    const incident = join(INCIDENTS, "428-channel-exit.jsonl");
    const replayed = run("replay", incident, "--json");
    expect(replayed.status).toBe(1);
    expect(replayed.out).toMatch(/"invariants": [1-9]/);
    const out = join(folder, "unlimited.incident.jsonl");
    const name = ["--invariant", "--name", "I4"];
    expect(run("minimise", incident, ...name, "--out", out)).toMatchObject({ status: 0 });
    expect(inputsOf(out)).toEqual(["controller.started", "owner.resolved", "socket.upgraded"]);
    expect(run("replay", out, "--json").out).toMatch(/"invariants": [1-9]/);
    const sound = foldAll(currentCore, parseLog(readFileSync(out, "utf8")).records);
    expect(sound.filter(({ breach }) => breach !== null)).toEqual([]);
    expect(
      run("minimise", incident, "--invariant", "--name", "I1 one socket in charge").status,
    ).toBe(1);
  });
}, 60_000);
