/** A VS Code server on loopback with a private home, and the address of its workbench. */
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

export const HOST = "127.0.0.1";
const START_LIMIT_MS = 60_000;
const STOP_LIMIT_MS = 3_000;

/** Silences what needs the internet or would cover the screen, and keeps pictures the same between runs. */
const QUIET_SETTINGS = {
  "workbench.startupEditor": "none",
  "workbench.enableExperiments": false,
  "workbench.tips.enabled": false,
  "workbench.welcomePage.walkthroughs.openOnInstall": false,
  "workbench.secondarySideBar.defaultVisibility": "hidden",
  "telemetry.telemetryLevel": "off",
  "update.mode": "none",
  "update.showReleaseNotes": false,
  "extensions.autoUpdate": false,
  "extensions.autoCheckUpdates": false,
  "extensions.ignoreRecommendations": true,
  "chat.disableAIFeatures": true,
  "chat.agentHost.enabled": false,
  "git.enabled": false,
  "npm.fetchOnlinePackageInfo": false,
  "typescript.disableAutomaticTypeAcquisition": true,
  "window.confirmBeforeClose": "never",
  "debug.console.closeOnEnd": true,
  "editor.cursorBlinking": "solid",
  "workbench.reduceMotion": "on",
  "workbench.hover.delay": 60_000,
};

export interface ServerOptions {
  readonly serverRoot: string;
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Settings of the machine the server runs on; some are read from nowhere else. */
  readonly machineSettings?: Readonly<Record<string, unknown>>;
  readonly extensionsDir?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Restricted Mode is possible: folders are not trusted by themselves. */
  readonly withTrust?: boolean;
}

export interface VsCodeServer {
  readonly port: number;
  readonly token: string;
  readonly log: () => string;
  stop(): Promise<void>;
}

export async function startServer(options: ServerOptions): Promise<VsCodeServer> {
  const home = mkdtempSync(join(tmpdir(), "vscode-server-"));
  const userDir = join(home, "user");
  mkdirSync(join(userDir, "User"), { recursive: true });
  const trust = options.withTrust === true ? {} : { "security.workspace.trust.enabled": false };
  const settings = { ...QUIET_SETTINGS, ...trust, ...options.settings };
  writeFileSync(join(userDir, "User/settings.json"), JSON.stringify(settings));
  const machine = join(userDir, "Machine");
  mkdirSync(machine, { recursive: true });
  writeFileSync(join(machine, "settings.json"), JSON.stringify(options.machineSettings ?? {}));
  // The server runs any command for whoever reaches it: a random token, in a file, keeps other local users out.
  const token = randomBytes(16).toString("hex");
  writeFileSync(join(home, "token"), token, { mode: 0o600 });
  const child = spawn(process.execPath, argumentsOf(options, home, userDir), {
    env: { ...process.env, ...options.env, EXTENSIONS_GALLERY: "{}", HOME: home },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  let log = "";
  const port = await new Promise<number>((ready, failed) => {
    const timer = setTimeout(
      () => failed(new Error(`The VS Code server did not start.\n${log}`)),
      START_LIMIT_MS,
    );
    const onData = (data: Buffer): void => {
      log += data.toString();
      const found = /Extension host agent listening on (\d+)/.exec(log);
      if (found === null) return;
      clearTimeout(timer);
      ready(Number(found[1]));
    };
    child.stdout.on("data", onData);
    child.stderr.on("data", onData);
    child.once("exit", (code) =>
      failed(new Error(`The VS Code server ended with ${code}.\n${log}`)),
    );
  });
  const stop = async (): Promise<void> => {
    const gone = new Promise((done) => {
      child.once("exit", done);
    });
    // The whole group: extension hosts and terminals are its children.
    signal(child.pid, "SIGTERM");
    await Promise.race([gone, new Promise((done) => setTimeout(done, STOP_LIMIT_MS).unref())]);
    signal(child.pid, "SIGKILL");
    rmSync(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  };
  return { port, token, log: () => log, stop };
}

function argumentsOf(options: ServerOptions, home: string, userDir: string): string[] {
  const at = ["--host", HOST, "--port", "0", "--connection-token-file", join(home, "token")];
  const quiet = [
    "--accept-server-license-terms",
    "--telemetry-level",
    "off",
    "--disable-experiments",
    "--disable-update-check",
    "--disable-getting-started-override",
  ];
  const trust = options.withTrust === true ? [] : ["--disable-workspace-trust"];
  // A built workbench ignores extensionDevelopmentPath and extensionTestsPath in the address without this.
  const driver = "--enable-smoke-test-driver";
  const data = ["--server-data-dir", join(home, "server"), "--user-data-dir", userDir];
  const extensions = ["--extensions-dir", options.extensionsDir ?? join(home, "extensions")];
  const main = join(options.serverRoot, "out/server-main.js");
  return [main, ...at, ...quiet, ...trust, driver, ...data, ...extensions];
}

function signal(pid: number | undefined, name: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, name);
  } catch (error) {
    // It has ended already.
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** Address of the workbench on a folder; `payload` values whose name ends in Path are paths. */
export function workbenchUrl(
  server: VsCodeServer,
  folder: string,
  payload: Readonly<Record<string, string | readonly string[]>> = {},
): string {
  const authority = `${HOST}:${server.port}`;
  const entries = Object.entries(payload).flatMap(([key, values]) =>
    [values]
      .flat()
      .map((value) => [
        key,
        key.endsWith("Path") ? `vscode-remote://${authority}${resolve(value)}` : value,
      ]),
  );
  const query = new URLSearchParams({ folder: resolve(folder), tkn: server.token });
  if (entries.length > 0) query.set("payload", JSON.stringify(entries));
  return `http://${authority}/?${query.toString()}`;
}
