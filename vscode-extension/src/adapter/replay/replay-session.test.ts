import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { DebugProtocol } from "@vscode/debugprotocol";
import { describe, expect, test } from "vitest";
import { DapClient } from "./dap-client.test-support.ts";
import { LocalEngine } from "./local-engine.ts";
import { BUNDLED } from "./bundled-code.ts";
import { ReplaySession } from "./replay-session.ts";
import { readCoreFiles } from "./core-files.ts";
import { RuleSources } from "./rule-sources.ts";

const repository = join(import.meta.dirname, "../../../..");
const plugin = join(repository, "plugin");
const incident = (slug: string): string => join(repository, "fixtures/incidents", `${slug}.jsonl`);
const CHANNEL_EXIT = incident("428-channel-exit");

function open(changes: { readonly edit?: (evidence: string) => string } = {}): DapClient {
  const rules = new RuleSources(readCoreFiles(plugin));
  const session = new ReplaySession({
    bundled: BUNDLED.identity,
    open: async ({ program }) => {
      const engine = new LocalEngine(BUNDLED);
      const evidence = readFileSync(program, "utf8");
      const file = program.replace(/\.jsonl$/, ".expected.jsonl");
      const golden = { file, text: readFileSync(file, "utf8") };
      const opened = await engine.open({
        incident: basename(program, ".jsonl"),
        file: program,
        evidence: changes.edit?.(evidence) ?? evidence,
        golden,
      });
      return { engine, incident: opened, path: program, rules, notes: [] };
    },
  });
  return new DapClient(session);
}

/** The incident again with an account beside it that only starts, its records behind those of the first. */
function withSecondAccount(evidence: string): string {
  const lines = evidence.trimEnd().split("\n");
  const doubled = lines.flatMap((line, index) => {
    const isStart = /"kind":"(?:controller\.started|owner\.resolved)"/.test(line) && index < 6;
    return isStart ? [line, line.replace('"account":"default"', '"account":"second"')] : [line];
  });
  const numbered = doubled.map((line, seq) => line.replace(/"seq":\d+/, `"seq":${seq}`));
  return `${numbered.join("\n")}\n`;
}

const lineOf = (frames: readonly DebugProtocol.StackFrame[]): string =>
  `${basename(frames[0]?.source?.path ?? "")}:${frames[0]?.line} ${frames[0]?.name}`;

describe("walking", () => {
  test("entry, step, in, out, step back, reverse, goto: the way is the same in both directions", async () => {
    const client = open();
    const told: string[] = [];
    const move = async (command: string, args: object = {}): Promise<void> => {
      const { reason } = await client.go(command, args);
      told.push(`${command} -> ${reason}`);
      for (const { name, line, source, presentationHint } of await client.frames()) {
        const mark = presentationHint === "subtle" ? "  (subtle)" : "";
        const isCore = source?.path?.includes("/core/") === true;
        told.push(`    ${source?.name}:${isCore ? "rule" : line} ${name}${mark}`);
      }
    };
    const { reason } = await client.launch({ program: CHANNEL_EXIT });
    told.push(...client.output.map((line) => line.replaceAll(/\([\da-z]+\)/g, "(digest)")));
    told.push(`entry -> ${reason}`);
    for (const command of ["next", "stepIn", "stepIn", "next", "stepBack", "stepOut"])
      await move(command);
    for (const command of ["stepBack", "stepBack", "stepOut", "stepOut"]) await move(command);
    const { targets } = await client.ask<{ targets: DebugProtocol.GotoTarget[] }>("gotoTargets", {
      source: { path: CHANNEL_EXIT },
      line: 150,
    });
    await move("goto", { targetId: targets[0]?.id });
    await move("continue");
    await move("reverseContinue");
    await move("stepBack");
    await expect(`${told.join("\n")}\n`).toMatchFileSnapshot("goldens/walk.txt");
  });

  test("what is seen at a record: event, state, changes, effects, timers", async () => {
    const client = open();
    await client.launch({ program: CHANNEL_EXIT, stopOnEntry: false }, async () => {
      await client.ask("setFunctionBreakpoints", { breakpoints: [{ name: "socket.closed" }] });
    });
    const told: string[] = [];
    for (const scope of ["Event", "State", "Changes", "Effects", "Timers"]) {
      told.push(scope);
      for (const { name, value, evaluateName } of await client.scope(scope)) {
        // What other slices of the core remember is theirs to test.
        const isTold =
          (scope !== "State" && scope !== "Changes") || /^(?:connection|recovery)\b/.test(name);
        if (isTold) told.push(`    ${name} = ${value}  <${evaluateName}>`);
      }
    }
    await expect(`${told.join("\n")}\n`).toMatchFileSnapshot("goldens/scopes.txt");
  });

  test("a thread is an account; the other one shows where it stood, and a step passes it over", async () => {
    const client = open({ edit: withSecondAccount });
    await client.launch({ program: CHANNEL_EXIT, line: 8 });
    expect(await client.ask("threads")).toEqual({
      threads: [
        { id: 1, name: "default" },
        { id: 2, name: "second" },
      ],
    });
    expect((await client.frames(2))[0]?.name).toContain("owner.resolved");
    const { threadId } = await client.go("stepBack");
    expect(threadId).toBe(1);
    expect((await client.frames())[0]?.line).toBe(7);
    const second = await client.go("stepBack", { threadId: 2 });
    expect(second.threadId).toBe(2);
    expect((await client.frames(2))[0]?.line).toBe(6);
    expect(await client.evaluate("state.connection.phase")).toBe('"connecting"');
  });

  test("going on from the end ends the session; running without debugging tells the verdict", async () => {
    const client = open();
    await client.launch({ program: CHANNEL_EXIT });
    expect((await client.go("continue")).reason).toBe("pause");
    const terminated = client.waitFor("terminated");
    await client.ask("continue", { threadId: 1 });
    await terminated;
    const other = open();
    await other.begin({ program: CHANNEL_EXIT, noDebug: true });
    const exited = other.waitFor("exited");
    await other.ask("configurationDone");
    expect((await exited).body).toEqual({ exitCode: 0 });
    expect(other.output.join("\n")).toContain("all as in the golden");
  });
});

describe("stopping", () => {
  const stopAt = async (
    set: (client: DapClient) => Promise<unknown>,
  ): Promise<readonly [DapClient, string]> => {
    const client = open();
    let told: unknown;
    const { reason, text } = await client.launch(
      { program: CHANNEL_EXIT, stopOnEntry: false },
      async () => {
        told = await set(client);
      },
    );
    const breakpoints = (told as { breakpoints: DebugProtocol.Breakpoint[] }).breakpoints;
    expect(breakpoints.map(({ message }) => message ?? null)).toEqual([null]);
    return [
      client,
      `${reason} ${lineOf(await client.frames())}${text === undefined ? "" : ` (${text})`}`,
    ];
  };
  const onLine =
    (line: number, more: object = {}) =>
    (client: DapClient) =>
      client.ask("setBreakpoints", {
        source: { path: CHANNEL_EXIT },
        breakpoints: [{ line, ...more }],
      });

  test("at a line, on the way on and on the way back", async () => {
    const [client, stop] = await stopAt(onLine(100));
    expect(stop).toMatch(/^breakpoint 428-channel-exit.jsonl:100 /);
    await client.go("next");
    expect((await client.go("reverseContinue")).reason).toBe("breakpoint");
    expect((await client.frames())[0]?.line).toBe(100);
  });

  test("at a line before the next change of phase, when stepping out", async () => {
    const [client] = await stopAt(onLine(100));
    await client.go("goto", { targetId: 50 });
    expect((await client.go("stepOut")).reason).toBe("breakpoint");
    expect((await client.frames())[0]?.line).toBe(100);
    expect((await client.go("stepOut")).reason).toBe("step");
    expect(await client.evaluate("changes['connection.phase'].after")).toBe('"waiting"');
  });

  test("by kind, rule and a condition over the state", async () => {
    const byRule =
      (name: string, more: object = {}) =>
      (client: DapClient) =>
        client.ask("setFunctionBreakpoints", { breakpoints: [{ name, ...more }] });
    expect((await stopAt(byRule("socket.closed")))[1]).toContain("socket closed: 428");
    expect((await stopAt(byRule("open/*")))[1]).toContain("socket.opened");
    const conditional = byRule("timer.fired", {
      condition: 'state.connection.phase == "connecting"',
    });
    expect((await stopAt(conditional))[1]).toContain("timer.fired: timer due: reconnect");
  });

  test("at the nth hit, whichever way one comes", async () => {
    const [client] = await stopAt((each) =>
      each.ask("setFunctionBreakpoints", {
        breakpoints: [{ name: "ping.answered", hitCondition: "== 3" }],
      }),
    );
    const third = (await client.frames())[0]?.line;
    const pings = readFileSync(CHANNEL_EXIT, "utf8")
      .split("\n")
      .flatMap((line, index) => (line.includes('"ping.answered"') ? [index + 1] : []));
    expect(third).toBe(pings[2]);
    await client.go("continue");
    expect((await client.go("reverseContinue")).reason).toBe("function breakpoint");
    expect((await client.frames())[0]?.line).toBe(third);
  });

  test("when a field of the state changes", async () => {
    const client = open();
    await client.launch({ program: CHANNEL_EXIT, line: 3 });
    const state = (await client.scope("State")).find(({ name }) => name === "connection");
    const info = await client.ask<{ dataId: string; description: string }>("dataBreakpointInfo", {
      variablesReference: state?.variablesReference,
      name: "phase",
    });
    expect(info.description).toBe("default: state.connection.phase");
    await client.ask("setDataBreakpoints", { breakpoints: [{ dataId: info.dataId }] });
    const texts: (string | undefined)[] = [];
    for (let times = 0; times < 4; times += 1) texts.push((await client.go("continue")).text);
    expect(texts).toEqual([
      'state.connection.phase: "claiming" -> "connecting"',
      'state.connection.phase: "connecting" -> "open"',
      'state.connection.phase: "open" -> "waiting"',
      'state.connection.phase: "waiting" -> "connecting"',
    ]);
    expect((await client.go("reverseContinue")).text).toContain('-> "waiting"');
  });

  test("log points write and go on", async () => {
    const client = open();
    await client.launch({ program: CHANNEL_EXIT }, async () => {
      await onLine(5, { logMessage: "{kind} at {at}, {state.connection.phase}" })(client);
    });
    await client.go("continue");
    expect(client.output).toContain(
      "socket.upgraded at 60180, connecting".replace("60180", "60181"),
    );
  });

  test("at exceptions: a permanent cause with its sentence, a dropped event, a divergence", async () => {
    const client = open();
    await client.launch({ program: incident("device-removed") }, async () => {
      await client.ask("setExceptionBreakpoints", { filters: ["permanent"] });
    });
    expect((await client.go("continue")).reason).toBe("exception");
    const info = await client.ask<DebugProtocol.ExceptionInfoResponse["body"]>("exceptionInfo", {
      threadId: 1,
    });
    expect(info).toEqual({
      exceptionId: "Permanent causes",
      description: expect.stringContaining("Link again"),
      breakMode: "always",
    });
    await client.ask("setExceptionBreakpoints", {
      filters: [],
      filterOptions: [{ filterId: "permanent", condition: 'account == "nobody"' }],
    });
    await client.go("reverseContinue");
    expect((await client.go("continue")).reason).toBe("pause");
  });

  test("what cannot be understood is said at the breakpoint, which then stops nowhere", async () => {
    const client = open();
    const asked = async (more: object): Promise<string | undefined> => {
      const { breakpoints } = await client.ask<{ breakpoints: DebugProtocol.Breakpoint[] }>(
        "setBreakpoints",
        {
          source: { path: CHANNEL_EXIT },
          breakpoints: [{ line: 10, ...more }],
        },
      );
      return breakpoints[0]?.message;
    };
    await client.launch({ program: CHANNEL_EXIT });
    expect(await asked({ condition: "knd == 1" })).toContain('There is no "knd"');
    expect(await asked({ condition: "kind ==" })).toContain("is no expression");
    expect(await asked({ condition: "kind.trim()" })).toContain("Functions cannot be called");
    expect(await asked({ hitCondition: "often" })).toContain("is no hit count");
    expect(await asked({ logMessage: "{nobody}" })).toContain('There is no "nobody"');
    expect((await client.go("continue")).reason).toBe("pause");
  });
});

describe("asking", () => {
  test("watches are paths and comparisons; a member of a list is taken of each element", async () => {
    const client = open();
    await client.launch({ program: CHANNEL_EXIT, line: 4 });
    expect(await client.evaluate("state.connection.phase")).toBe('"connecting"');
    expect(await client.evaluate("before.connection.phase")).toBe('"claiming"');
    expect(await client.evaluate('"socket.open" in effects.kind')).toBe("true");
    expect(await client.evaluate("effects.length > 1 && !(at < 0)")).toBe("true");
    expect(await client.evaluate("result")).toBe('"acquired"');
    await expect(client.evaluate("state.nothing")).rejects.toThrow("Nothing at state.nothing");
    await expect(client.evaluate("constructor")).rejects.toThrow("There is no");
  });

  test("completion offers what is there", async () => {
    const client = open();
    await client.launch({ program: CHANNEL_EXIT, line: 3 });
    const complete = async (text: string): Promise<string[]> => {
      const { targets } = await client.ask<{ targets: DebugProtocol.CompletionItem[] }>(
        "completions",
        {
          text,
          column: text.length + 1,
        },
      );
      return targets.map(({ label }) => label);
    };
    expect(await complete("st")).toEqual(["state"]);
    expect(await complete("state.connection.")).toEqual(["phase", "controllerId", "pairing"]);
    expect(await complete("1 + effects[0].ki")).toEqual(["kind"]);
  });

  test("an effect links to the line of its rule", async () => {
    const client = open();
    await client.launch({ program: CHANNEL_EXIT, line: 3 });
    const [effect] = await client.scope("Effects");
    const { source, line } = await client.ask<{ source: DebugProtocol.Source; line: number }>(
      "locations",
      {
        locationReference: effect?.valueLocationReference,
      },
    );
    const text = readFileSync(source.path ?? "", "utf8").split("\n")[line - 1];
    expect(text).toContain('"start/claim"');
  });
});

test("an incident that cannot be read is refused with its line", async () => {
  const client = open({
    edit: (evidence) => evidence.replace('"socket.upgraded"', '"socket.upgra'),
  });
  await expect(client.begin({ program: CHANNEL_EXIT })).rejects.toThrow(/:5:/);
});

test("a restart reads everything anew and returns to the same record", async () => {
  const client = open();
  await client.launch({ program: CHANNEL_EXIT, line: 120 });
  const { reason } = await client.go("restart", { arguments: { program: CHANNEL_EXIT } });
  expect(reason).toBe("restart");
  expect((await client.frames())[0]?.line).toBe(120);
  expect(client.output).toContain("The decisions are as before.");
});
