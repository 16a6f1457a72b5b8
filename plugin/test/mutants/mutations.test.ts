/** The mutations themselves run by their own command; whether they still fit the sources is seen here. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { MUTATIONS } from "./mutations.ts";

const PLUGIN = join(import.meta.dirname, "..", "..");

test("each mutation has a name of its own and changes exactly one place", () => {
  const misfits = MUTATIONS.filter(({ file, from }) => {
    const source = readFileSync(join(PLUGIN, file), "utf8");
    return source.split(from).length !== 2;
  });
  expect(misfits.map(({ name }) => name)).toEqual([]);
  const names = MUTATIONS.map(({ name }) => name);
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
});
