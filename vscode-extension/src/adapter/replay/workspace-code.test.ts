import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { BUNDLED } from "./bundled-code.ts";
import { DapClient } from "./dap-client.test-support.ts";
import { ReplayOpener } from "./replay-opener.ts";
import { ReplaySession } from "./replay-session.ts";
import { holdsPlugin } from "./workspace-plugin.ts";

const repository = join(import.meta.dirname, "../../../..");
const CHANNEL_EXIT = join(repository, "fixtures/incidents/428-channel-exit.jsonl");
const LIMIT_MS = 120_000;
let copy = "";
const inspected: string[] = [];
let attached = Promise.resolve();

beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), "workspace-plugin-"));
  for (const part of [
    "package.json",
    "openclaw.plugin.json",
    "src/events",
    "src/core",
    "src/replay",
  ])
    cpSync(join(repository, "plugin", part), join(copy, part), { recursive: true });
});
afterAll(() => rmSync(copy, { recursive: true, force: true }));

function open(plugin: string | null): DapClient {
  const opener = new ReplayOpener({
    readText: (path) => Promise.resolve(readFileSync(path, "utf8")),
    findPlugin: () => Promise.resolve(plugin),
    findUnusedPlugin: () => Promise.resolve(copy),
    chosenNode: process.execPath,
    engineEntry: join(import.meta.dirname, "engine-process.ts"),
    threadEntry: null,
    bundledSources: join(repository, "plugin"),
    // As the editor's: it says that it is there before it has looked at the process.
    attachCore: (port) => {
      attached = attach(port);
      return Promise.resolve();
    },
  });
  const session = new ReplaySession({
    bundled: BUNDLED.identity,
    open: (request) => opener.open(request),
  });
  return new DapClient(session);
}

/** What a JavaScript debugger does first: a breakpoint in the core, and then the process may run. */
async function attach(port: number): Promise<void> {
  await new Promise((later) => setTimeout(later, 300));
  const answer = await fetch(`http://127.0.0.1:${port}/json/list`);
  const [target] = (await answer.json()) as readonly Record<string, string>[];
  inspected.push(target?.["title"] ?? "");
  const socket = new WebSocket(target?.["webSocketDebuggerUrl"] ?? "");
  await new Promise((resolve) => socket.addEventListener("open", resolve, { once: true }));
  socket.addEventListener("message", ({ data }) => {
    const { method } = JSON.parse(String(data)) as { readonly method?: string };
    if (method !== "Debugger.paused") return;
    inspected.push("paused");
    send("Debugger.resume");
  });
  let id = 0;
  const send = (method: string, params: object = {}): void =>
    socket.send(JSON.stringify({ id: (id += 1), method, params }));
  send("Debugger.enable");
  const lineNumber = coreText("connection.ts")
    .split("\n")
    .findIndex((line) => line.includes('startTimer(draft, "connect/upgraded"'));
  send("Debugger.setBreakpointByUrl", { lineNumber, urlRegex: "core/connection\\.ts$" });
  send("Runtime.runIfWaitingForDebugger");
}

function coreText(file: string): string {
  return readFileSync(join(copy, "src/core", file), "utf8");
}

/** Changes the core of the copy as a developer would. */
function edit(file: string, from: string, to: string): void {
  const path = join(copy, "src/core", file);
  const text = readFileSync(path, "utf8");
  expect(text).toContain(from);
  writeFileSync(path, text.replaceAll(from, to));
}

describe("a workspace's own plugin", () => {
  test(
    "is run in a process of its own; edited and restarted, its new code decides and the place is kept",
    async () => {
      expect(holdsPlugin(copy)).toBe(true);
      const client = open(copy);
      await client.launch({ program: CHANNEL_EXIT, line: 5 });
      expect(client.output[1]).toMatch(
        /^Decided by workspace 0\.1\.0 \([\da-f]{8}\)\. The extension brings bundled /,
      );
      expect(client.output[2]).toContain("all as in the golden");
      const [, rule] = await client.frames();
      expect(rule?.source?.path).toBe(join(copy, "src/core/connection.ts"));
      edit("connection.ts", '"connect/upgraded"', '"connect/edited"');
      const restarted = await client.go("restart", { arguments: { program: CHANNEL_EXIT } });
      expect(restarted.reason).toBe("restart");
      expect(await client.evaluate("rule")).toBe('"connect/edited"');
      expect((await client.frames())[0]?.line).toBe(5);
      expect(client.output.at(-1)).toMatch(
        /Now: \d+ of 293 decisions differ from the golden, the first on line 5/,
      );
      const line = (await client.frames())[1]?.line ?? 0;
      const decision = /^export function /m;
      const path = join(copy, "src/core/connection.ts");
      const text = readFileSync(path, "utf8");
      writeFileSync(
        path,
        text.replace(decision, (found) => `\n\n\n${found}`),
      );
      await new Promise((later) => setTimeout(later, 300));
      await client.go("stepBack");
      await client.go("next");
      // Not restarted: the code that decides is as before, its line is where it stands now.
      expect((await client.frames())[1]?.line).toBe(line + 3);
      writeFileSync(path, text);
      edit("connection.ts", '"connect/edited"', '"connect/upgraded"');
      await client.ask("disconnect");
    },
    LIMIT_MS,
  );

  test(
    "that cannot be loaded is told with its place, and the session goes on with what it had",
    async () => {
      const client = open(copy);
      await client.launch({ program: CHANNEL_EXIT, line: 5 });
      edit("keepalive.ts", "export function startKeepalive(", "export function startKeepalive((");
      await expect(client.ask("restart", { arguments: { program: CHANNEL_EXIT } })).rejects.toThrow(
        /keepalive\.ts/,
      );
      edit("keepalive.ts", "export function startKeepalive((", "export function startKeepalive(");
      expect((await client.go("next")).reason).toBe("step");
      await client.ask("disconnect");
    },
    LIMIT_MS,
  );

  test(
    "opens its process to a JavaScript debugger when asked to, and decides nothing before that has its breakpoints",
    async () => {
      const client = open(copy);
      await client.launch({ program: CHANNEL_EXIT, debugCore: true });
      await attached;
      expect(inspected[0]).toContain("engine-process.ts");
      // The breakpoint was there before the first decision.
      expect(inspected).toContain("paused");
      await client.ask("disconnect");
    },
    LIMIT_MS,
  );

  test("that is asked for and not there is said so; the bundled copy needs none", async () => {
    await expect(open(null).begin({ program: CHANNEL_EXIT, code: "workspace" })).rejects.toThrow(
      "open and trust a folder",
    );
    await expect(open(null).begin({ program: CHANNEL_EXIT, depth: "baileys" })).rejects.toThrow(
      "open and trust a folder",
    );
    const client = open(null);
    await client.launch({ program: CHANNEL_EXIT });
    expect(client.output[1]).toMatch(/^Decided by bundled /);
    expect(client.output.at(-1)).toMatch(
      /^The workspace's own plugin 0\.1\.0 \([\da-f]{8}\) is not run: the workspace is not trusted\.$/,
    );
    await client.ask("disconnect");
    const asked = open(copy);
    await asked.launch({ program: CHANNEL_EXIT, code: "bundled" });
    expect(asked.output.at(-1)).toContain('is not run: it was asked for "code": "bundled".');
    await asked.ask("disconnect");
  });

  test("at depth baileys says what is missing: the simulated server, or the dependencies", async () => {
    const launch = { program: CHANNEL_EXIT, depth: "baileys" };
    await expect(open(copy).begin(launch)).rejects.toThrow(
      /needs test\/depths\/records\.ts .*replay at depth core/,
    );
    cpSync(join(repository, "plugin/test/depths"), join(copy, "test/depths"), { recursive: true });
    cpSync(join(repository, "plugin/src"), join(copy, "src"), { recursive: true });
    await expect(open(copy).begin(launch)).rejects.toThrow(
      /^Depth baileys could not be played: \S+ is not there\. Install the dependencies of [^\n]+$/,
    );
  });
});

test(
  "depth baileys: what real Baileys and the plugin did against the simulated server is stepped through",
  async () => {
    const client = open(join(repository, "plugin"));
    const program = join(repository, "fixtures/scenarios/transient-close.jsonl");
    await client.launch({ program, depth: "baileys", stopOnEntry: false }, async () => {
      await client.ask("setFunctionBreakpoints", { breakpoints: [{ name: "socket.closed" }] });
    });
    expect(client.output.join("\n")).toContain("in the same order as at depth core");
    expect(client.output.join("\n")).toContain("all as in what was recorded");
    const [frame] = await client.frames();
    expect(frame?.source?.name).toBe("transient-close.baileys.incident.jsonl");
    expect(await client.evaluate("state.connection.phase")).toBe('"waiting"');
    await client.go("stepBack");
    expect(await client.evaluate("state.connection.phase")).toBe('"open"');
    await client.ask("disconnect");
  },
  LIMIT_MS,
);
