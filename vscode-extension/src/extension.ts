import * as vscode from "vscode";
import { registerDebugger } from "./debug/attach.ts";
import { EDITORS, SETTINGS } from "./ids.ts";
import { FeedHub } from "./sources/feed-hub.ts";
import { GatewaySecrets } from "./sources/gateway-secrets.ts";
import { IncidentActions } from "./testing/incident-actions.ts";
import { IncidentTests } from "./testing/incident-tests.ts";
import { AccountsView } from "./views/accounts-view.ts";
import { registerCommands } from "./views/commands.ts";
import { registerIncidentSummary, showIncidentSummary } from "./views/incident-summary-view.ts";
import { registerIncidentLanguage } from "./views/incident-language.ts";
import { registerLanguageModelTools } from "./views/language-model-tools.ts";
import { SourceOpener } from "./views/open-sources.ts";
import { ReadOnlyTexts } from "./views/read-only-texts.ts";
import { reportFeedStates } from "./views/source-messages.ts";
import { StatusBar } from "./views/status-bar.ts";
import { TimelineEditor } from "./views/timeline-editor.ts";
import { Timelines } from "./views/timelines.ts";

/** What the extension's own tests look at. */
export interface ExtensionApi {
  readonly hub: FeedHub;
  readonly opener: SourceOpener;
  readonly timelines: Timelines;
  readonly accounts: AccountsView;
  readonly tests: IncidentTests;
  readonly activationMs: number;
}

/** Called by the editor the first time a view, command, incident, tool or debug session of ours is used. */
export function activate(context: vscode.ExtensionContext): ExtensionApi {
  const beganMs = performance.now();
  const log = vscode.window.createOutputChannel("WhatsApp Continuity", { log: true });
  const hub = new FeedHub();
  const secrets = new GatewaySecrets(context.secrets);
  const { version } = context.extension.packageJSON as { readonly version: string };
  const opener = new SourceOpener(hub, secrets, version, log);
  const accounts = new AccountsView(hub);
  const texts = new ReadOnlyTexts();
  const timelines = new Timelines(hub, context.extensionUri, log, texts);
  const editor = new TimelineEditor(hub, opener, timelines);
  const tests = new IncidentTests(context.extensionUri);
  const incidents = new IncidentActions(tests, context.extensionUri);
  context.subscriptions.push(
    log,
    { dispose: () => hub.dispose() },
    accounts,
    texts,
    timelines,
    new StatusBar(hub),
    reportFeedStates(hub, log),
    opener.followSettings(),
    registerIncidentSummary(context.extensionUri),
    registerDebugger(hub, opener, context.extensionUri),
    registerIncidentLanguage(),
    tests,
    incidents,
    registerLanguageModelTools(hub),
    vscode.window.registerCustomEditorProvider(EDITORS.timeline, editor, {
      supportsMultipleEditorsPerDocument: true,
    }),
    registerCommands({
      hub,
      opener,
      secrets,
      timelines,
      texts,
      log,
      refresh: () => accounts.refresh(),
      showSummary: showIncidentSummary,
      incidents,
    }),
  );
  connectOnOpen(opener, log);
  const activationMs = performance.now() - beganMs;
  log.info(`Activated in ${activationMs.toFixed(1)} ms.`);
  return { hub, opener, timelines, accounts, tests, activationMs };
}

/** Connects to the configured gateway when the person asked for that in the settings. */
function connectOnOpen(opener: SourceOpener, log: vscode.LogOutputChannel): void {
  const settings = vscode.workspace.getConfiguration(SETTINGS.section);
  const url = settings.get<string>(SETTINGS.url, "");
  if (url === "" || !settings.get<boolean>(SETTINGS.autoConnect, true)) return;
  opener.connectTo(url).catch((error: unknown) => log.error(String(error)));
}
