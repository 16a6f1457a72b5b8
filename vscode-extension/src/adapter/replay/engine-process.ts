/**
 * Entry of the process that runs a workspace's own plugin: loads it from its sources (Node strips the types) and answers the requests of
 * {@link ProcessEngine}. It ends with the connection to its parent.
 */
import { open, url as inspectorUrl, waitForDebugger } from "node:inspector";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { ReplayProblem, type StopRules } from "./engine.ts";
import type { EngineAnswer, EngineRequest } from "./engine-messages.ts";
import { LocalEngine } from "./local-engine.ts";
import { NEEDED, type PluginCode } from "./needed-code.ts";
import { identityOf } from "./workspace-plugin.ts";

let engine: LocalEngine | null = null;

process.on("message", (request: EngineRequest) => {
  void answer(request).then((reply) =>
    process.send?.(reply, undefined, undefined, () => {
      // Whoever asked for the port attaches now. The incident is not opened before the debugger has set its breakpoints.
      if (request.method === "inspect" && "result" in reply) waitForDebugger();
    }),
  );
});
process.on("disconnect", () => process.exit());

async function answer({ id, method, argument }: EngineRequest): Promise<EngineAnswer> {
  try {
    return { id, result: await handle(method, argument) };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const line = error instanceof ReplayProblem ? error.line : null;
    // A defect in the workspace's code is told with its place; bad input says all in its sentence.
    const place = error instanceof ReplayProblem || !(error instanceof Error) ? "" : placeOf(error);
    return { id, problem: { message: `${message}${place}`, line } };
  }
}

/** The first line of a stack that lies in somebody's files. */
function placeOf(error: Error): string {
  const line = error.stack?.split("\n").find((each) => /\bfile:|\.ts:\d/.test(each));
  return line === undefined ? "" : ` (${line.trim()})`;
}

async function handle(method: EngineRequest["method"], argument: unknown): Promise<unknown> {
  switch (method) {
    case "load":
      engine = new LocalEngine(await loadPlugin(argument as string));
      return null;
    case "inspect":
      return inspect();
    case "open":
      return loaded().open(argument as Parameters<LocalEngine["open"]>[0]);
    case "stopTable":
      return loaded().stopTable(argument as StopRules);
    case "view":
      return loaded().view(argument as number);
    case "golden":
      return loaded().golden(argument as Parameters<LocalEngine["golden"]>[0]);
  }
}

function loaded(): LocalEngine {
  if (engine === null) throw new ReplayProblem("The plugin is not loaded.");
  return engine;
}

/** Opens this process to the JavaScript debugger, on this machine only, and returns the port. */
function inspect(): number {
  open(0, "127.0.0.1");
  const url = inspectorUrl();
  if (url === undefined) throw new ReplayProblem("This Node has no inspector.");
  return Number(new URL(url).port);
}

async function loadPlugin(folder: string): Promise<PluginCode> {
  const part = async (name: keyof typeof NEEDED): Promise<Record<string, unknown>> => {
    const path = join(folder, "src", name, "index.ts");
    const module = (await import(pathToFileURL(path).href)) as Record<string, unknown>;
    const missing = NEEDED[name].filter((each) => typeof module[each] !== "function");
    if (missing.length > 0)
      throw new ReplayProblem(
        `${path} does not offer ${missing.join(", ")}: this extension cannot replay with it. Use "code": "bundled", or an extension of its version.`,
      );
    return module;
  };
  const [core, events, replay] = await Promise.all([part("core"), part("events"), part("replay")]);
  const code = { core, events, replay } as unknown as Omit<PluginCode, "identity">;
  return { ...code, identity: identityOf(folder) };
}
