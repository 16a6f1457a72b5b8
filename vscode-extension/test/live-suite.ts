/**
 * The whole chain, live: a simulated WhatsApp, a real gateway with the packed plugin, and the extension in a real VS Code that finds the
 * gateway by itself. WhatsApp's name stops resolving, and tree and timeline show it while it happens; an account is linked again, and the
 * gateway approves the editor from elsewhere. Then the same editor on a gateway with the official plugin. `--only outage|access|official`
 * plays one part. Ends with `N passed, N failed`.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { playAct } from "../../fixtures/demo/act.ts";
import { ACTS } from "../../fixtures/demo/acts.ts";
import { setStage, type Stage } from "../../fixtures/demo/stage.ts";
import { type Gateway, startGateway } from "../../fixtures/gateway/index.ts";
import { startWhatsAppServer } from "../../fixtures/whatsapp-server/index.ts";
import { replayIncident } from "../../plugin/src/replay/index.ts";
import { GatewaySource } from "../src/sources/gateway-source.ts";
import { launchBrowser } from "./harness/browser.ts";
import { ensureBrowser, ensureServer } from "./harness/environment.ts";
import { startTlsProxy } from "./harness/tls-proxy.ts";
import { startServer } from "./harness/vscode-server.ts";
import { accessSteps, LOOK_ONLY, READ_ONLY_STEPS, showAccounts } from "./ui/access-steps.ts";
import { officialSteps } from "./ui/official-steps.ts";
import { type Counts, type Step, takeSteps, Workbench } from "./ui/workbench.ts";

const root = resolve(import.meta.dirname, "..");
const repository = resolve(root, "..");
const SEEN_MS = 45_000;
const SAVED_TRIES = 40;

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    shots: { type: "string", default: join(root, "node_modules/.cache/pictures-live") },
  },
});

const CONNECT: Step = [
  "one click finds the gateway of this machine and shows its account connected",
  async (ui) => {
    await showAccounts(ui);
    await ui.page.getByText("Connect to Local Gateway").first().click();
    await ui.treeItem(/default: connected/).waitFor({ timeout: SEEN_MS });
    await ui.treeItem(/journal/).waitFor();
    await ui.command("WhatsApp Continuity: Open Timeline");
    await ui.timeline().locator(".row", { hasText: "socket.opened" }).first().waitFor();
    await ui.shot("01-connected");
  },
];

const steps = (stage: Stage, folder: string): readonly Step[] => [
  CONNECT,
  [
    "a DNS outage is seen while it happens, with the right cause and what to do",
    async (ui) => {
      stage.whatsapp.faults.set("no-name", { stage: "dns", kind: "not-found" });
      stage.whatsapp.faults.set("cut", { stage: "open", kind: "reset" }, { times: 1 });
      await ui
        .treeItem(/The name web\.whatsapp\.com does not resolve/)
        .waitFor({ timeout: SEEN_MS });
      await ui.treeItem(/check DNS/).waitFor();
      await ui.timeline().locator(".row .text", { hasText: "ENOTFOUND" }).first().waitFor();
      await ui.page.waitForTimeout(3_000);
      await ui.shot("02-outage");
    },
  ],
  [
    "an attached debug session pauses on it and steps back while records go on coming in",
    async (ui) => {
      await ui.command("WhatsApp Continuity: Attach Debugger");
      const bar = ui.page.locator(".debug-toolbar");
      await bar.waitFor();
      await bar.getByRole("button", { name: /^Pause/ }).click();
      await ui.page
        .locator(".debug-top-stack-frame-line, .debug-focused-stack-frame-line")
        .first()
        .waitFor();
      await bar.getByRole("button", { name: /^Step Back/ }).click();
      await ui.page
        .getByRole("tab", { name: /^Run and Debug/ })
        .first()
        .click();
      const account = ui.page.getByRole("treeitem", { name: /^Scope Account/ });
      await account.locator(".monaco-tl-twistie").click();
      // Its rows may be below those of the event.
      await account.hover();
      await ui.page.mouse.wheel(0, 120);
      await ui.page
        .getByRole("treeitem", { name: /^phase/ })
        .first()
        .waitFor();
      await ui.shot("03-attached");
      await bar.getByRole("button", { name: /^(?:Stop|Disconnect)/ }).click();
      await bar.waitFor({ state: "hidden" });
    },
  ],
  [
    "the recovery is seen, with the outage and how long it took",
    async (ui) => {
      await ui.page
        .getByRole("tab", { name: /WhatsApp Continuity/ })
        .first()
        .click();
      await stage.alice.write(stage.account, "Anybody there?");
      stage.whatsapp.faults.clear("no-name");
      await ui.treeItem(/default: connected/).waitFor({ timeout: SEEN_MS });
      await ui.command("WhatsApp Continuity: Open Timeline");
      await ui
        .timeline()
        .locator(".row", { hasText: "drain.close" })
        .first()
        .waitFor({ timeout: SEEN_MS });
      await ui.page.waitForTimeout(1_000);
      await ui.shot("04-recovered");
    },
  ],
  [
    "why was I down names the outage that just ended",
    async (ui) => {
      await ui.command("WhatsApp Continuity: Why Was I Down?");
      await ui.page.locator(".view-line", { hasText: "does not resolve" }).first().waitFor();
      await ui.shot("05-explain");
    },
  ],
  [
    "the outage is captured, shown before it is saved, and decided the same again by a replay",
    async (ui) => {
      await ui.command("WhatsApp Continuity: Capture Incident");
      const choose = async (text: RegExp): Promise<void> => {
        await ui.page
          .locator(".quick-input-list .monaco-list-row", { hasText: text })
          .first()
          .click();
      };
      await choose(/default/);
      await choose(/last lost/);
      await ui.page
        .getByRole("tab", { name: /incident\.jsonl/ })
        .first()
        .waitFor();
      await ui.page
        .locator(".view-line", { hasText: /user-1/ })
        .first()
        .waitFor();
      await ui.page.waitForTimeout(800);
      await ui.shot("06-captured");
      await choose(/Save As/);
      await ui.page.getByRole("button", { name: "OK" }).first().click();
      const file = await savedIncident(ui, folder);
      const evidence = readFileSync(join(folder, file), "utf8");
      const { result } = replayIncident({ incident: "captured", file, evidence, golden: null });
      if (!result.ok) throw new Error(`The capture replays with ${result.diverged} divergences.`);
      const told = ["Anybody there", stage.alice.user.pn, stage.alice.user.lid, "Alice"];
      const leaked = told.filter((text) => evidence.includes(text));
      if (leaked.length > 0) throw new Error(`The capture holds ${leaked.length} identities.`);
    },
  ],
  [
    "an account is restarted from the tree, and the successor takes over",
    async (ui) => {
      await ui.command("WhatsApp Continuity: Restart Account");
      await ui.page
        .locator(".quick-input-list .monaco-list-row", { hasText: "default" })
        .first()
        .click();
      await ui.command("WhatsApp Continuity: Open Timeline");
      await ui
        .timeline()
        .locator(".row", { hasText: "operator.acted" })
        .first()
        .waitFor({ timeout: SEEN_MS });
      await ui.treeItem(/default: connected/).waitFor({ timeout: SEEN_MS });
      await ui.shot("07-restarted");
    },
  ],
  [
    "a gateway that starts anew is found again by itself",
    async (ui) => {
      await stage.gateway.restart();
      await ui.treeItem(/default: connected/).waitFor({ timeout: 3 * SEEN_MS });
      await ui.shot("08-gateway-restarted");
    },
  ],
];

const parts = ["outage", "access", "official"] as const;
type Part = (typeof parts)[number];

const server = ensureServer();
const browserPath = ensureBrowser();
const say = (line: string): void => console.error(`  ... ${line}`);
const counts: Counts = { passed: 0, failed: 0 };
const plays = (part: Part): boolean => values.only === undefined || values.only === part;
if (plays("outage") || plays("access")) await playOurs();
if (plays("official")) await playOfficial();
console.log(`${counts.passed} passed, ${counts.failed} failed`);
process.exitCode = counts.failed === 0 && counts.passed > 0 ? 0 : 1;

/** The gateway with the packed plugin, its account linked by the act that links it for a person. */
async function playOurs(): Promise<void> {
  // The proxy stands on this machine, and says where its clients come from.
  const gateway = { trustedProxies: ["127.0.0.1"] };
  const stage = await setStage({ plugin: packPlugin(), progress: say, gateway });
  try {
    const [pairing] = ACTS;
    if (pairing === undefined) throw new Error("There is no act that links the account.");
    const linked = await playAct(pairing, stage, say);
    if (!linked.ok) throw new Error(linked.problem ?? "The account was not linked.");
    const refused = await refusalOf(stage, "wrong");
    const tokenIsNamed = refused.includes("does not accept this token");
    counts[tokenIsNamed ? "passed" : "failed"] += 1;
    const mark = tokenIsNamed ? "\u2714" : "\u2718";
    console.log(`  ${mark} a wrong token is refused in words: ${refused}`);
    const proxy = await startTlsProxy(stage.gateway.port);
    try {
      await drive(stage.gateway, plays("access") ? LOOK_ONLY : {}, (folder) => [
        ...(plays("access") ? READ_ONLY_STEPS : []),
        ...(plays("outage") ? steps(stage, folder) : [CONNECT]),
        ...(plays("access") ? accessSteps(stage, proxy) : []),
      ]);
    } finally {
      await proxy.stop();
    }
  } finally {
    await stage.strike();
  }
}

/** A gateway as most people have it: with the official plugin. */
async function playOfficial(): Promise<void> {
  const whatsapp = await startWhatsAppServer({ tls: true });
  try {
    const account = whatsapp.world.account("Shop");
    const gateway = await startGateway({
      officialPlugin: "@openclaw/whatsapp",
      whatsappServer: whatsapp,
      config: { channels: { whatsapp: { dmPolicy: "open", allowFrom: ["*"] } } },
      beforeStart: async ({ authDir }) => void (await account.link(authDir("default"))),
      progress: say,
    });
    try {
      await drive(gateway, {}, () => officialSteps(gateway, whatsapp));
    } finally {
      await gateway.stop();
    }
  } finally {
    await whatsapp.stop();
  }
}

/** The real workbench on an empty folder, with that gateway as the one of this machine. */
async function drive(
  { configPath }: Gateway,
  machineSettings: Readonly<Record<string, unknown>>,
  stepsOf: (folder: string) => readonly Step[],
): Promise<void> {
  const workspace = mkdtempSync(join(tmpdir(), "live-suite-"));
  const vscode = await startServer({
    serverRoot: server,
    settings: { "workbench.colorTheme": "Default Dark Modern" },
    machineSettings,
    env: { OPENCLAW_CONFIG_PATH: configPath },
  });
  const browser = await launchBrowser(browserPath);
  try {
    const ui = await Workbench.open(browser, vscode, {
      workspace,
      shots: values.shots,
      extension: root,
    });
    const { passed, failed } = await takeSteps(ui, browser, stepsOf(workspace));
    counts.passed += passed;
    counts.failed += failed;
  } finally {
    await browser.close();
    await vscode.stop();
    rmSync(workspace, { recursive: true, force: true });
  }
}

/** Name of the incident that the editor is just saving. */
async function savedIncident(ui: Workbench, folder: string): Promise<string> {
  for (let tries = 0; tries < SAVED_TRIES; tries += 1) {
    const file = readdirSync(folder).find((name) => name.endsWith(".incident.jsonl"));
    if (file !== undefined) return file;
    await ui.page.waitForTimeout(250);
  }
  throw new Error("The incident was not saved in the workspace.");
}

/** What a source says about a gateway that does not accept its token. */
async function refusalOf({ gateway }: Stage, token: string): Promise<string> {
  const source = new GatewaySource({
    url: `ws://127.0.0.1:${gateway.port}`,
    label: "the gateway",
    token,
    tlsFingerprint: null,
    device: null,
    readOnly: true,
    scrub: (text) => text,
    version: "0.0.0",
  });
  return new Promise((told) => {
    source.start({
      onBatch: () => undefined,
      onState: ({ phase, sentence }) => {
        if (phase === "starting") return;
        source.stop();
        told(sentence);
      },
    });
  });
}

/** Builds and packs as a release does; returns the plugin's tarball. */
function packPlugin(): string {
  run("build.ts");
  const { plugin } = JSON.parse(run("pack.ts", "--json")) as { readonly plugin: string };
  return plugin;
}

function run(script: string, ...args: readonly string[]): string {
  const { status, stdout } = spawnSync(
    process.execPath,
    [join(repository, ".ci", script), ...args],
    {
      cwd: repository,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  if (status !== 0) throw new Error(`${script} failed, for the reasons above.`);
  return stdout.trim().split("\n").at(-1) ?? "";
}
