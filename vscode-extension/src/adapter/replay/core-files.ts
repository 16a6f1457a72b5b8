import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { type CoreFile, type RulePlace, RuleSources } from "./rule-sources.ts";

/** Looking at the files again costs a millisecond; a stop asks for many rules at once. */
const FRESH_MS = 250;

/** The files of a plugin's core, in which its rules are named. `folder` is the plugin's, or that of the sources in this extension. */
export function readCoreFiles(folder: string): readonly CoreFile[] {
  return coreFiles(folder).map((file) => ({ file, text: readFileSync(file, "utf8") }));
}

function coreFiles(folder: string): readonly string[] {
  const core = join(folder, "src/core");
  return readdirSync(core)
    .filter((name) => name.endsWith(".ts") && !/\.(?:test|test-support)\.ts$/.test(name))
    .toSorted()
    .map((name) => join(core, name));
}

/** The lines of the rules as the files are now: what is edited during a session moves them. */
export class CoreRules {
  readonly #folder: string;
  #sources = new RuleSources([]);
  #state = "";
  #lookedAtMs = Number.NEGATIVE_INFINITY;

  constructor(folder: string) {
    this.#folder = folder;
  }

  find(rule: string): RulePlace | null {
    if (performance.now() - this.#lookedAtMs > FRESH_MS) this.#look();
    return this.#sources.find(rule);
  }

  #look(): void {
    this.#lookedAtMs = performance.now();
    const state = coreFiles(this.#folder)
      .map((file) => `${file} ${statSync(file).mtimeMs} ${statSync(file).size}`)
      .join("\n");
    if (state === this.#state) return;
    this.#state = state;
    this.#sources = new RuleSources(readCoreFiles(this.#folder));
  }
}
