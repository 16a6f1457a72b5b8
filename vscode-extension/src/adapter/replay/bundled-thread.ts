/**
 * Entry of the thread that works with the bundled copy of the plugin: replaying or summarising a long incident takes seconds, for which the
 * editor's extension host must not be held up.
 */
import { parentPort } from "node:worker_threads";
import { summariseIncident } from "../../model/incident-summary.ts";
import { BUNDLED } from "./bundled-code.ts";
import { ReplayProblem } from "./engine.ts";
import type { EngineAnswer } from "./engine-messages.ts";
import { LocalEngine } from "./local-engine.ts";
import type { ThreadRequest } from "./thread-engine.ts";

const engine = new LocalEngine(BUNDLED);

parentPort?.on("message", (request: ThreadRequest) => {
  void answer(request).then((reply) => parentPort?.postMessage(reply));
});

async function answer(request: ThreadRequest): Promise<EngineAnswer> {
  const { id } = request;
  try {
    return { id, result: await handle(request) };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const line = error instanceof ReplayProblem ? error.line : null;
    return { id, problem: { message, line } };
  }
}

function handle(request: ThreadRequest): unknown {
  switch (request.method) {
    case "open":
      return engine.open(request.argument);
    case "stopTable":
      return engine.stopTable(request.argument);
    case "view":
      return engine.view(request.argument);
    case "golden":
      return engine.golden(request.argument);
    case "summarise":
      return summariseIncident(request.argument.content, request.argument.file);
  }
}
