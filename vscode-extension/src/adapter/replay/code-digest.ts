import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const DECIDING = ["events", "core", "replay"] as const;
const DIGEST_CHARACTERS = 8;

/** Files of a plugin's folder that take part in a replay, relative to it, in order. */
export function decidingFiles(plugin: string): readonly string[] {
  return DECIDING.flatMap((part) =>
    readdirSync(join(plugin, "src", part), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts") && !/\.(?:test|test-support)\.ts$/.test(name))
      .map((name) => join("src", part, name)),
  ).toSorted();
}

/** A few characters that change with any change of the code that decides. */
export function digestOfCode(plugin: string): string {
  const hash = createHash("sha256");
  for (const file of decidingFiles(plugin))
    hash.update(file).update(readFileSync(join(plugin, file)));
  return hash.digest("hex").slice(0, DIGEST_CHARACTERS);
}
