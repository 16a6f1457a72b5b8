/** Goal: the owner hears of a long outage and of its end by the ways that are configured, and by no other. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { runAlertCommand } from "./alert-command.ts";
import { type Alerts, createAlerts } from "./alerts.ts";

let folder: string;
let server: Server;
let posted: Record<string, unknown>[];
let logged: string[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "alerts-"));
  posted = [];
  logged = [];
  server = createServer((request, response) => {
    let body = "";
    request.on("data", (part: Buffer) => (body += part.toString()));
    request.on("end", () => {
      posted.push(JSON.parse(body) as Record<string, unknown>);
      response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});

afterEach(() => {
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

function url(): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
}

/** Writes its arguments and its environment's names to a file. */
function recorder(file: string): readonly string[] {
  const script =
    "require('node:fs').appendFileSync(process.argv[1], JSON.stringify({ words: process.argv.slice(2), names: Object.keys(process.env) }) + '\\n')";
  return [process.execPath, "-e", script, file];
}

function alerts(settings: { webhookUrl?: string; command?: readonly string[] }): Alerts {
  const log = (message: string, fields?: Readonly<Record<string, unknown>>): void => {
    logged.push(`${message}${fields === undefined ? "" : ` ${String(fields["error"])}`}`);
  };
  return createAlerts({
    accountId: "work",
    log: { info: log, warn: log, error: log },
    settings: () => ({ afterMinutes: 5, webhookUrl: "", command: [], ...settings }),
    phase: () => "waiting",
  });
}

function ran(file: string): { words: string[]; names: string[] }[] {
  const lines = readFileSync(file, "utf8").trim().split("\n");
  return lines.map((line) => JSON.parse(line) as { words: string[]; names: string[] });
}

test("an outage and its end are posted and handed to the command", async () => {
  const file = join(folder, "told.jsonl");
  const both = alerts({ webhookUrl: url(), command: recorder(file) });
  both.raise("dns-not-found", 400_000);
  await expect.poll(() => posted.length, { timeout: 5_000 }).toBe(1);
  await expect.poll(() => ran(file).length, { timeout: 10_000 }).toBe(1);
  both.clear(460_000);
  await expect.poll(() => ran(file).length, { timeout: 10_000 }).toBe(2);
  expect(posted).toMatchObject([
    { event: "outage", accountId: "work", phase: "waiting", causeId: "dns-not-found" },
    { event: "recovered", downMs: 460_000 },
  ]);
  const sentence = expect.stringMatching(/does not resolve.*It reconnects/u) as string;
  expect(ran(file).map(({ words }) => words)).toEqual([
    ["outage", "work", "waiting", "dns-not-found", "400", sentence],
    ["recovered", "work", "waiting", "none", "460", "WhatsApp is back after 8 minutes."],
  ]);
});

test("without either only the log is told", async () => {
  alerts({}).raise("dns-not-found", 400_000);
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(posted).toEqual([]);
  expect(logged).toEqual([expect.stringMatching(/^WhatsApp has been down for 7 minutes/u)]);
});

test("a command sees nothing of the gateway's environment, which holds tokens", async () => {
  const file = join(folder, "told.jsonl");
  process.env["OPENCLAW_GATEWAY_TOKEN"] = "secret";
  try {
    await runAlertCommand(recorder(file), [], new AbortController().signal);
  } finally {
    delete process.env["OPENCLAW_GATEWAY_TOKEN"];
  }
  expect(ran(file)[0]?.names).toContain("PATH");
  expect(ran(file)[0]?.names).not.toContain("OPENCLAW_GATEWAY_TOKEN");
});

test.each([
  [["/nonexistent/program"], /could not be started \(ENOENT\)/u],
  [[process.execPath, "-e", "console.error('no route'); process.exit(3)"], /status 3: no route/u],
] as const)("what is wrong with %j is said", async (command, what) => {
  alerts({ command }).raise("dns-not-found", 400_000);
  await expect.poll(() => logged.at(-1), { timeout: 10_000 }).toMatch(what);
});

test("a command that floods its output neither waits for us nor fills the log", async () => {
  const flood =
    "for (let i = 0; i < 2000; i += 1) console.error('x'.repeat(1000)); process.exit(1)";
  const problem = await runAlertCommand(
    [process.execPath, "-e", flood],
    [],
    new AbortController().signal,
  );
  expect(problem?.length).toBeLessThan(600);
});

test("a command that does not end is ended with everything it started", async () => {
  const end = new AbortController();
  const file = join(folder, "pid");
  const script = `sleep 60 & echo $! > ${file}; wait`;
  const { signal } = end;
  const running = runAlertCommand(["/bin/sh", "-c", script], [], signal, 2_000);
  await expect(running).resolves.toBe("was not done within 2 seconds and was ended");
  const started = (): number => Number(readFileSync(file, "utf8"));
  const isAlive = (): boolean => {
    const stat = readFileSync(`/proc/${started()}/stat`, "utf8");
    return !/\) [ZX] /u.test(stat);
  };
  await expect
    .poll(() => {
      try {
        return isAlive();
      } catch {
        return false;
      }
    })
    .toBe(false);
});
