import { existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { folderForPlayedLogs, removeForgotten } from "./played-logs.ts";

test("every session has a folder of its own, and the oldest goes when there are many", () => {
  const folders = Array.from({ length: 25 }, () => folderForPlayedLogs());
  expect(new Set(folders).size).toBe(25);
  expect(folders.filter((folder) => existsSync(folder))).toEqual(folders.slice(-20));
});

test("what a killed process left goes after a day, and nothing else", () => {
  const parent = mkdtempSync(join(tmpdir(), "played-logs-"));
  const names = ["whatsapp-continuity-played-old", "whatsapp-continuity-played-new", "mine"];
  for (const name of names) mkdirSync(join(parent, name));
  for (const name of ["whatsapp-continuity-played-old", "mine"])
    utimesSync(join(parent, name), 1_000, 1_000);
  removeForgotten(parent, Date.now());
  expect(names.map((name) => existsSync(join(parent, name)))).toEqual([false, true, true]);
  rmSync(parent, { recursive: true });
});
