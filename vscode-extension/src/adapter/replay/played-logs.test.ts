import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import { folderForPlayedLogs } from "./played-logs.ts";

test("every session has a folder of its own, and the oldest goes when there are many", () => {
  const folders = Array.from({ length: 25 }, () => folderForPlayedLogs());
  expect(new Set(folders).size).toBe(25);
  expect(folders.filter((folder) => existsSync(folder))).toEqual(folders.slice(-20));
});
