import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

const PLUGIN = resolve(import.meta.dirname, "..");

/** A change of one text of the core; it must stand there once. */
export interface CoreEdit {
  /** Below `src/core`. */
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

/**
 * Copies the plugin's sources into a folder and changes their core, as a developer would.
 *
 * @returns the command line program of the copy, to be run by Node
 */
export function copyWithEditedCore(folder: string, { file, from, to }: CoreEdit): string {
  mkdirSync(folder, { recursive: true });
  for (const part of ["src", "package.json"])
    cpSync(join(PLUGIN, part), join(folder, part), { recursive: true });
  symlinkSync(join(PLUGIN, "node_modules"), join(folder, "node_modules"));
  const path = join(folder, "src/core", file);
  const original = readFileSync(path, "utf8");
  if (original.split(from).length !== 2)
    throw new Error(`"${from}" does not stand once in ${file}.`);
  writeFileSync(
    path,
    original.replace(from, () => to),
  );
  return join(folder, "src/cli/main.ts");
}
