import { existsSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { IncidentText } from "openclaw-whatsapp-continuity-plugin/replay";
import { BUNDLED } from "./bundled-code.ts";
import { CoreRules } from "./core-files.ts";
import { type DepthOutcome, playAtBaileysDepth } from "./depth-runs.ts";
import { type ReplayEngine, ReplayProblem } from "./engine.ts";
import { LocalEngine } from "./local-engine.ts";
import { folderForPlayedLogs } from "./played-logs.ts";
import { ProcessEngine } from "./process-engine.ts";
import type { OpenReplay, ReplayRequest } from "./replay-request.ts";
import { ThreadEngine } from "./thread-engine.ts";
import { identityOf, nodeOf } from "./workspace-plugin.ts";

/** What opening a replay needs of the editor. */
export interface ReplaySurroundings {
  /** The text of a file, as saved. @throws Error when it cannot be read */
  readText(path: string): Promise<string>;
  /** Folder of the workspace's plugin; null where there is none, or where the workspace is not trusted. */
  findPlugin(): Promise<string | null>;
  /** The same, whether or not it may be run: to tell which code is not. */
  findUnusedPlugin(): Promise<string | null>;
  /** The Node that was chosen in the settings; null for the workspace's own, or the editor's. */
  readonly chosenNode: string | null;
  /** Entry of the process that runs a workspace's plugin. */
  readonly engineEntry: string;
  /** Entry of the thread that works with the bundled copy; null to replay in this one. */
  readonly threadEntry: string | null;
  /** Folder with the sources of the bundled core, below `src/core`. */
  readonly bundledSources: string;
  /** Attaches the JavaScript debugger to a port of this machine. */
  attachCore(port: number): Promise<void>;
}

/** The log of a deeper run and what it says about the code. */
export interface PlayedIncident {
  readonly log: IncidentText;
  readonly note: string;
  readonly outcome: DepthOutcome;
}

const EVIDENCE = /\.jsonl$/;

/** `x.jsonl` -> `x.expected.jsonl`. */
export function goldenPathOf(incident: string): string {
  return incident.replace(EVIDENCE, ".expected.jsonl");
}

/** Opens incidents with the code that a request asks for, in the process that belongs to it. */
export class ReplayOpener {
  readonly #surroundings: ReplaySurroundings;
  #folder: string | null = null;

  constructor(surroundings: ReplaySurroundings) {
    this.#surroundings = surroundings;
  }

  /** @throws ReplayProblem in words for people */
  async open(request: ReplayRequest): Promise<OpenReplay> {
    const played = request.depth === "core" ? null : await this.play(request.program);
    const engine = await this.engine(request.code, request.debugCore);
    try {
      const incident = await engine.open(
        played === null ? await this.incident(request.program) : played.log,
      );
      const { folder } = incident.code;
      return {
        engine,
        incident,
        path: played?.log.file ?? request.program,
        rules: new CoreRules(folder ?? this.#surroundings.bundledSources),
        notes: [
          ...(incident.code.origin === "bundled" ? await this.codeNotRun() : []),
          ...(played === null ? [] : [played.note]),
        ],
      };
    } catch (error) {
      engine.dispose();
      throw error;
    }
  }

  /** @throws ReplayProblem when the workspace's code is asked for and is not there, or cannot be loaded */
  async engine(code: ReplayRequest["code"], debugCore = false): Promise<ReplayEngine> {
    const plugin = code === "bundled" ? null : await this.#surroundings.findPlugin();
    if (plugin === null) {
      if (code === "workspace" || debugCore) throw new ReplayProblem(NO_PLUGIN);
      const { threadEntry } = this.#surroundings;
      return threadEntry === null ? new LocalEngine(BUNDLED) : new ThreadEngine(threadEntry);
    }
    return ProcessEngine.start({
      plugin,
      node: this.#nodeFor(plugin),
      entry: this.#surroundings.engineEntry,
      ...(debugCore ? { onInspector: (port) => this.#surroundings.attachCore(port) } : {}),
    });
  }

  /** Names the workspace's own code, for where the bundled copy decides instead. */
  async codeNotRun(): Promise<readonly string[]> {
    const plugin = await this.#surroundings.findUnusedPlugin();
    if (plugin === null) return [];
    const isTrusted = (await this.#surroundings.findPlugin()) !== null;
    const why = isTrusted ? 'it was asked for "code": "bundled"' : "the workspace is not trusted";
    const { version, digest } = identityOf(plugin);
    return [`The workspace's own plugin ${version} (${digest}) is not run: ${why}.`];
  }

  /** An incident as it lies on disk, with its golden. */
  async incident(program: string): Promise<IncidentText> {
    const goldenFile = goldenPathOf(program);
    const golden = existsSync(goldenFile)
      ? { file: goldenFile, text: readFileSync(goldenFile, "utf8") }
      : null;
    const evidence = await this.#surroundings.readText(program);
    return { incident: basename(program).replace(EVIDENCE, ""), file: program, evidence, golden };
  }

  /** Plays an incident at depth baileys; the log of it is what is stepped through then. */
  async play(program: string, signal?: AbortSignal): Promise<PlayedIncident> {
    const plugin = await this.#surroundings.findPlugin();
    if (plugin === null) throw new ReplayProblem(`Depth baileys runs real code. ${NO_PLUGIN}`);
    this.#folder ??= folderForPlayedLogs();
    const slug = basename(program).replace(EVIDENCE, "");
    const file = join(this.#folder, `${slug}.baileys.incident.jsonl`);
    const outcome = await playAtBaileysDepth({
      plugin,
      node: this.#nodeFor(plugin),
      incident: program,
      log: file,
      ...(signal === undefined ? {} : { signal }),
    });
    if (outcome.error !== undefined)
      throw new ReplayProblem(outcome.error.message, outcome.error.line);
    const log = { incident: slug, file, evidence: readFileSync(file, "utf8"), golden: null };
    return { log, note: describeDepth(outcome), outcome };
  }

  #nodeFor(plugin: string): string {
    return this.#surroundings.chosenNode ?? nodeOf(plugin) ?? process.execPath;
  }
}

const NO_PLUGIN =
  "There is no plugin in this workspace that may be run: open and trust a folder that holds the plugin's sources.";

/** How a deeper run compares with depth core, in one sentence. */
export function describeDepth({
  decisions,
  first,
}: Pick<DepthOutcome, "decisions" | "first">): string {
  const played = `Played with Baileys against the simulated server: ${decisions} decisions`;
  if (first === null) return `${played}, in the same order as at depth core.`;
  const place = `${first.account}, ${first.strand}, decision ${first.seq + 1}`;
  return `${played}; ${place} differs: depth core decides ${first.expected ?? "nothing more"}, here it was ${first.actual ?? "nothing more"}.`;
}
