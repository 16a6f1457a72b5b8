#!/usr/bin/env node
import { callGateway, captureCommand, terminalConfirm } from "./capture.ts";
import { EXIT } from "./command-problem.ts";
import { runExplain } from "./explain.ts";
import { importCommand } from "./import.ts";
import { messagesCommand } from "./messages.ts";
import { minimiseCommand } from "./minimise.ts";
import { proveCommand } from "./prove.ts";
import { replayCommand } from "./replay.ts";

const STREAMS = {
  out: (text: string) => process.stdout.write(text),
  err: (text: string) => process.stderr.write(text),
};

/** The commands of the published bin `whatsapp-continuity`. Each takes the rest of the command line and returns the exit status. */
const COMMANDS: Readonly<
  Record<string, { readonly summary: string; run(argv: readonly string[]): Promise<number> }>
> = {
  replay: {
    summary: "replay incident files and compare each decision with what is expected",
    run: (argv) => replayCommand(argv),
  },
  explain: {
    summary: "why was I down? outages, causes and what to do, from logs",
    run: (argv) => runExplain(argv, STREAMS),
  },
  messages: {
    summary: "messages that arrived, from the journal, with their texts",
    run: (argv) => messagesCommand(argv, STREAMS),
  },
  capture: {
    summary: "cut an incident out of a running gateway",
    run: (argv) => captureCommand(argv, { ...STREAMS, callGateway, confirm: terminalConfirm() }),
  },
  import: {
    summary: "make an incident out of pasted text or a log",
    run: (argv) => importCommand(argv, STREAMS),
  },
  minimise: {
    summary: "the shortest incident that still shows a cause, a divergence or a broken invariant",
    run: (argv) => minimiseCommand(argv, STREAMS),
  },
  prove: {
    summary: "were the promises kept? checks this plugin's own records",
    run: (argv) => proveCommand(argv, STREAMS),
  },
};

async function main([name = "help", ...argv]: readonly string[]): Promise<number> {
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command !== undefined) return command.run(argv);
  const isHelp = name === "help" || name === "--help" || name === "-h";
  const width = Math.max(...Object.keys(COMMANDS).map((known) => known.length));
  const lines = Object.entries(COMMANDS).map(
    ([known, { summary }]) => `  ${known.padEnd(width)}  ${summary}`,
  );
  const usage = `Usage: whatsapp-continuity COMMAND\n\n${lines.join("\n")}\n`;
  if (isHelp) process.stdout.write(usage);
  else process.stderr.write(`There is no command "${name}". ${usage}`);
  return isHelp ? EXIT.holds : EXIT.badInput;
}

process.exitCode = await main(process.argv.slice(2));
