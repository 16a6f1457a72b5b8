import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { expect, test } from "vitest";
import { readCoreFiles } from "./core-files.ts";
import { RuleSources } from "./rule-sources.ts";

const repository = join(import.meta.dirname, "../../../..");

test("every rule that a golden holds is found in the core, in a line that names it", () => {
  const files = readCoreFiles(join(repository, "plugin"));
  const sources = new RuleSources(files);
  const rules = new Set<string>();
  for (const folder of ["incidents", "scenarios"]) {
    const path = join(repository, "fixtures", folder);
    for (const name of readdirSync(path).filter((each) => each.endsWith(".expected.jsonl"))) {
      const text = readFileSync(join(path, name), "utf8");
      for (const [, rule = ""] of text.matchAll(/"rule":"([^"]+)"/g)) rules.add(rule);
    }
  }
  expect(rules.size).toBeGreaterThan(40);
  const notFound = [...rules].filter((rule) => sources.find(rule) === null);
  expect(notFound.filter((rule) => rule !== "core/unchanged")).toEqual([]);
  const place = sources.find("close/transient");
  expect(basename(place?.file ?? "")).toBe("recovery.ts");
});

test("a rule of other software has no place", () => {
  expect(new RuleSources([]).find("reported/official-plugin")).toBeNull();
});
