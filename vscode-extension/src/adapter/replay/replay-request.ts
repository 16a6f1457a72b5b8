import { type OpenedIncident, type ReplayEngine, ReplayProblem } from "./engine.ts";
import type { RuleSources } from "./rule-sources.ts";

/** What a launch configuration asks for. */
export interface ReplayRequest {
  /** Path of the incident. */
  readonly program: string;
  readonly depth: "core" | "baileys";
  /** `auto`: the workspace's plugin where there is one and it is trusted. */
  readonly code: "auto" | "workspace" | "bundled";
  readonly stopOnEntry: boolean;
  /** Stop at the record on this line first. */
  readonly line: number | null;
  /** Attach the JavaScript debugger to the process that runs the plugin's code. */
  readonly debugCore: boolean;
}

/** An incident opened with one copy of the code. */
export interface OpenReplay {
  readonly engine: ReplayEngine;
  readonly incident: OpenedIncident;
  /** What the source of the records is called by the client: the incident, or the log of a deeper level. */
  readonly path: string;
  readonly rules: Pick<RuleSources, "find">;
  /** What else there is to say about it. */
  readonly notes: readonly string[];
}

/** @throws ReplayProblem when no incident is named */
export function parseReplayRequest(args: Readonly<Record<string, unknown>>): ReplayRequest {
  const { program, depth, code, line } = args;
  if (typeof program !== "string" || program === "")
    throw new ReplayProblem('Name the incident in "program".');
  return {
    program,
    depth: depth === "baileys" ? "baileys" : "core",
    code: code === "workspace" || code === "bundled" ? code : "auto",
    stopOnEntry: args["stopOnEntry"] !== false,
    line: typeof line === "number" ? line : null,
    debugCore: args["debugCore"] === true,
  };
}
