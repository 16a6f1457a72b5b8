import { parseArgs } from "node:util";
import { Problem } from "./problem.mjs";

/**
 * Reads the switches of a root script that takes nothing else.
 *
 * @param command name of the script, for the message
 * @param names the switches, without dashes
 * @throws Problem for anything else on the command line
 */
export function parseFlags<Name extends string>(
  command: string,
  names: readonly Name[],
): Record<Name, boolean> {
  const options = Object.fromEntries(names.map((name) => [name, { type: "boolean" as const }]));
  try {
    const { values } = parseArgs({ options });
    return Object.fromEntries(names.map((name) => [name, values[name] === true])) as Record<
      Name,
      boolean
    >;
  } catch (error) {
    const usage = names.map((name) => `[--${name}]`).join(" ");
    throw new Problem(
      error instanceof Error ? error.message : String(error),
      `use \`npm run ${command} -- ${usage}\``,
    );
  }
}
