import { type ChildProcess, fork } from "node:child_process";
import type { IncidentText } from "openclaw-whatsapp-continuity-plugin/replay";
import {
  type OpenedIncident,
  type PlaceView,
  type ReplayEngine,
  type StopRules,
  type StopTable,
} from "./engine.ts";
import type { EngineAnswer, EngineRequest } from "./engine-messages.ts";
import { PendingAnswers } from "./pending-answers.ts";

export interface ProcessEngineOptions {
  /** The plugin's folder in the workspace. */
  readonly plugin: string;
  /** Bundled entry of the process. */
  readonly entry: string;
  /** A Node that runs TypeScript (22.18 or later). */
  readonly node: string;
  /** Called with the inspector's port before the incident is opened; resolves when a debugger is attached. */
  readonly onInspector?: (port: number) => Promise<void>;
}

/** Kept of what a process that ended said last. */
const STDERR_CHARACTERS = 4_000;

/** Replays with a workspace's own plugin, in a process of its own: its code cannot touch the editor, and a debugger can attach to it. */
export class ProcessEngine implements ReplayEngine {
  readonly origin = "workspace";
  readonly #child: ChildProcess;
  readonly #pending = new PendingAnswers();
  readonly #listeners: ((why: string) => void)[] = [];
  #stderr = "";
  #isDisposed = false;

  /** @throws ReplayProblem when the plugin cannot be loaded, with what its process said */
  static async start(options: ProcessEngineOptions): Promise<ProcessEngine> {
    const engine = new ProcessEngine(options);
    try {
      await engine.#ask("load", options.plugin);
      if (options.onInspector !== undefined)
        await options.onInspector((await engine.#ask("inspect", null)) as number);
      return engine;
    } catch (error) {
      engine.dispose();
      throw error;
    }
  }

  private constructor({ entry, node }: ProcessEngineOptions) {
    this.#child = fork(entry, [], {
      execPath: node,
      execArgv: [],
      // On the desktop the editor's own executable is the Node that is always there.
      env: { ...process.env, ELECTRON_RUN_AS_NODE: "1", NODE_OPTIONS: "" },
      stdio: ["ignore", "ignore", "pipe", "ipc"],
      serialization: "json",
    });
    this.#child.stderr?.on("data", (chunk: Buffer) => {
      this.#stderr = (this.#stderr + chunk.toString()).slice(-STDERR_CHARACTERS);
    });
    this.#child.on("message", (answer: EngineAnswer) => this.#pending.settle(answer));
    this.#child.on("error", (error) => this.#end(`could not be started: ${error.message}`));
    // `close` rather than `exit`: by then everything it said has arrived.
    this.#child.on("close", (code, signal) => this.#end(`ended (${signal ?? code})`));
  }

  open(incident: IncidentText): Promise<OpenedIncident> {
    return this.#ask("open", incident) as Promise<OpenedIncident>;
  }

  stopTable(rules: StopRules): Promise<StopTable> {
    return this.#ask("stopTable", rules) as Promise<StopTable>;
  }

  view(index: number): Promise<PlaceView> {
    return this.#ask("view", index) as Promise<PlaceView>;
  }

  golden(incident: IncidentText): Promise<string> {
    return this.#ask("golden", incident) as Promise<string>;
  }

  onEnd(listener: (why: string) => void): void {
    this.#listeners.push(listener);
  }

  dispose(): void {
    this.#isDisposed = true;
    this.#child.kill();
  }

  #ask(method: EngineRequest["method"], argument: unknown): Promise<unknown> {
    return this.#pending.expect((id) => {
      const request: EngineRequest = { id, method, argument };
      this.#child.send(request, (error) => {
        if (error !== null)
          this.#pending.reject(id, `The replay's process is gone: ${error.message}`, null);
      });
    });
  }

  #end(how: string): void {
    const said = this.#stderr.trim().split("\n").slice(-12).join("\n");
    const why = `The process of the workspace's plugin ${how}.${said === "" ? "" : `\n${said}`}`;
    this.#pending.rejectAll(why);
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    for (const listener of this.#listeners) listener(why);
  }
}
