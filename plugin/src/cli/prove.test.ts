import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { serialiseLog, type LogRecord } from "../events/index.ts";
import { proveCommand } from "./prove.ts";

let folder = "";
let printed = { out: "", err: "" };
const output = {
  out: (text: string) => void (printed.out += text),
  err: (text: string) => void (printed.err += text),
};

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "prove-"));
  printed = { out: "", err: "" };
});
afterEach(() => rmSync(folder, { recursive: true }));

const HEADER = {
  boot: "b1",
  seq: 0,
  at: 0,
  dir: "in",
  kind: "log.header",
  format: "whatsapp-continuity-log",
  version: 1,
  startedAt: "2026-09-01T10:00:00.000Z",
  seed: "s",
  plugin: "0.1.0",
  baileys: "7.0.0-rc14",
};

/** Attempts of an account that fail, so far apart. */
function recordsOf(attempts: number, everyMs: number): string {
  const told = Array.from({ length: attempts }, (_, index) => {
    const common = { boot: "b1", account: "work", socketId: index + 1 };
    const at = index * everyMs;
    const seq = 2 * index + 1;
    const decision = { attempt: index, cause: seq - 1, rule: "reconnect/due" };
    return [
      { ...common, seq, at, dir: "out", kind: "socket.open", ...decision },
      {
        ...common,
        seq: seq + 1,
        at,
        dir: "in",
        kind: "socket.closed",
        origin: "remote",
        error: null,
      },
    ];
  }).flat();
  const path = join(folder, `${attempts}.incident.jsonl`);
  writeFileSync(path, serialiseLog([HEADER, ...told] as unknown as readonly LogRecord[]));
  return path;
}

test("a promise that was kept, and one that was broken with its record", async () => {
  expect(await proveCommand([recordsOf(3, 600_000)], output)).toBe(0);
  expect(printed.out).toMatch(/kept {7}never more than 60 attempts to connect in an hour \([1-9]/);
  expect(await proveCommand([recordsOf(100, 1_000), "--json"], output)).toBe(1);
  expect(printed.out).toContain('"ok":false');
});

test("where nothing is, nothing is proved", async () => {
  const empty = join(folder, "empty.incident.jsonl");
  writeFileSync(empty, "");
  expect(await proveCommand([empty], output)).toBe(2);
  const kept = recordsOf(3, 600_000);
  expect(await proveCommand([kept, "--account", "wrok"], output)).toBe(2);
  expect(printed.err).toMatch(
    /nothing can be proved\. .*\n.*no record of account wrok in that time\. Accounts in it are work/,
  );
  const reported = join(import.meta.dirname, "../../../fixtures/incidents/440-conflict-loop.jsonl");
  expect(await proveCommand([reported], output)).toBe(2);
  expect(printed.err).toContain("no promise was put to the test");
  expect(await proveCommand(["--state-dir", folder], output)).toBe(2);
  expect(printed.err).toContain("holds no records");
});
