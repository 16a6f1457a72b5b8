/**
 * The one entry of all root scripts: `node .ci/workspace.mjs <command> [arguments]`.
 *
 * It runs on the system's Node (20 or later), installs what is missing and then runs the command under the project's
 * own Node. Standard output belongs to the command; everything said here goes to standard error.
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { constants } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { COMMANDS } from "./commands.mjs";
import { forwardSignals } from "./forward-signals.mjs";
import { ensureInstalled, projectNode } from "./install.mjs";
import { EXIT, exitBecauseOf, Problem } from "./problem.mjs";

const OLDEST_BOOTSTRAP_NODE = 20;
const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");

/** @param {readonly string[]} argv */
async function main([name = "", ...args]) {
  if (Number.parseInt(process.versions.node, 10) < OLDEST_BOOTSTRAP_NODE) {
    throw new Problem(
      `Node ${process.versions.node} is too old to install this project`,
      `install Node ${OLDEST_BOOTSTRAP_NODE} or later with npm and run the command again`,
    );
  }
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined) {
    throw new Problem(
      `There is no command "${name}"`,
      `choose one of ${Object.keys(COMMANDS).join(", ")}`,
    );
  }
  if (!existsSync(join(root, command.script))) {
    throw new Problem(
      `\`${name}\` (${command.summary}) is not part of this version: ${command.script} does not exist`,
      "update the checkout",
    );
  }
  const startedAt = Date.now();
  await ensureInstalled(root);
  await run([join(root, command.script), ...(command.args ?? []), ...args], Date.now() - startedAt);
}

/**
 * Runs a script under the project's Node and ends with its exit status.
 *
 * @param {readonly string[]} args
 * @param {number} installMs how long the installation took; `npm test` shows it in its table
 */
async function run(args, installMs) {
  const bins = [dirname(projectNode(root)), join(root, "node_modules/.bin")];
  const child = spawn(projectNode(root), args, {
    cwd: callersFolder(),
    env: {
      ...process.env,
      PATH: [...bins, process.env["PATH"] ?? ""].join(delimiter),
      WORKSPACE_INSTALL_MS: String(installMs),
    },
    stdio: "inherit",
  });
  forwardSignals(child);
  /** @type {{ code: number | null, signal: NodeJS.Signals | null }} */
  const end = await new Promise((settle, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => {
      settle({ code, signal });
    });
  });
  // A process ended by a signal is reported as shells do it.
  process.exitCode =
    end.signal === null ? (end.code ?? EXIT.doesNotHold) : 128 + constants.signals[end.signal];
}

/** Paths on the command line are relative to where the person stands; npm moves to the root and tells where that was. */
function callersFolder() {
  const startedByNpm = process.env["npm_package_json"] === join(root, "package.json");
  return startedByNpm ? process.env["INIT_CWD"] : process.cwd();
}

await main(process.argv.slice(2)).catch(exitBecauseOf);
