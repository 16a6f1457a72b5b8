import * as vscode from "vscode";
import { SETTINGS } from "../ids.ts";
import type { Feed, FeedHub } from "../sources/feed-hub.ts";
import { DeviceAccess } from "../sources/device-access.ts";
import { parseGatewayAddress } from "../sources/gateway-address.ts";
import type { GatewaySecrets } from "../sources/gateway-secrets.ts";
import { findLocalGateway } from "../sources/local-gateway.ts";
import { LogFileSource } from "../sources/log-file-source.ts";
import { createScrubber } from "../sources/scrubber.ts";
import { TextSource } from "../sources/text-source.ts";
import { askForToken } from "./gateway-questions.ts";

/** Opens what records come from, with the questions and answers that belong to it. */
export class SourceOpener {
  readonly #hub: FeedHub;
  readonly #secrets: GatewaySecrets;
  readonly #version: string;
  readonly #log: vscode.LogOutputChannel;
  readonly #scrub = createScrubber();

  constructor(
    hub: FeedHub,
    secrets: GatewaySecrets,
    version: string,
    log: vscode.LogOutputChannel,
  ) {
    this.#hub = hub;
    this.#secrets = secrets;
    this.#log = log;
    this.#version = version;
  }

  /** The gateway of this machine, found from its config: one click. */
  async connectLocal(): Promise<Feed | null> {
    const found = await findLocalGateway();
    if (!found.ok) {
      const enter = "Enter Address";
      if ((await vscode.window.showErrorMessage(found.sentence, enter)) === enter)
        return this.connect();
      return null;
    }
    if (found.token !== null) await this.#secrets.setToken(found.url, found.token);
    return this.connectTo(found.url, found.tlsFingerprint);
  }

  /** Asks for an address, checks it while it is typed, and remembers it for this machine. */
  async connect(): Promise<Feed | null> {
    const configured = vscode.workspace
      .getConfiguration(SETTINGS.section)
      .get<string>(SETTINGS.url, "");
    const entered = await vscode.window.showInputBox({
      title: "Connect to an OpenClaw gateway",
      prompt: "Address of the gateway; plain ws:// only on this machine",
      value: configured === "" ? "ws://127.0.0.1:18789" : configured,
      ignoreFocusOut: true,
      validateInput: (text) => {
        const address = parseGatewayAddress(text);
        return address.ok ? null : address.sentence;
      },
    });
    if (entered === undefined) return null;
    const address = parseGatewayAddress(entered);
    if (!address.ok) return null;
    const isKnown = (await this.#secrets.token(address.url)) !== null;
    if (!isKnown && !(await askForToken(this.#secrets, address.url))) return null;
    await vscode.workspace
      .getConfiguration(SETTINGS.section)
      .update(SETTINGS.url, address.url, vscode.ConfigurationTarget.Global);
    return this.connectTo(address.url);
  }

  /** @param localFingerprint of the certificate that the gateway of this machine has on its disk */
  async connectTo(url: string, localFingerprint: string | null = null): Promise<Feed | null> {
    const address = parseGatewayAddress(url);
    if (!address.ok) {
      await vscode.window.showErrorMessage(address.sentence);
      return null;
    }
    const open = this.#hub.feeds.find(({ kind, uri }) => kind === "gateway" && uri === address.url);
    if (open !== undefined) this.#hub.remove(open);
    // The client is loaded with the first gateway: most windows never need it.
    const { GatewaySource } = await import("../sources/gateway-source.ts");
    const settings = vscode.workspace.getConfiguration(SETTINGS.section);
    const token = await this.#secrets.token(address.url);
    const source = new GatewaySource({
      url: address.url,
      label: address.label,
      token,
      tlsFingerprint: localFingerprint ?? pinnedFingerprint(address.url),
      device: await this.#deviceAccess(address.url, token),
      readOnly: settings.get<boolean>(SETTINGS.readOnly, false),
      scrub: this.#scrub,
      version: this.#version,
    });
    const feed = this.#hub.add({ kind: "gateway", label: address.label, source, uri: address.url });
    source.onInfo = (info) => {
      feed.info = info;
      this.#hub.changed();
    };
    return feed;
  }

  /**
   * With another address in the settings, what the gateway at the one before granted is forgotten; with another fingerprint the gateway is
   * connected anew.
   */
  followSettings(): vscode.Disposable {
    let before = configuredUrl();
    return vscode.workspace.onDidChangeConfiguration(async (change) => {
      const affects = (key: string): boolean =>
        change.affectsConfiguration(`${SETTINGS.section}.${key}`);
      const url = configuredUrl();
      if (affects(SETTINGS.url) && url !== before) {
        if (before !== null) await this.#secrets.forgetGrant(before);
        before = url;
      }
      const isOpen = this.#hub.feeds.some(({ kind, uri }) => kind === "gateway" && uri === url);
      if (affects(SETTINGS.fingerprint) && url !== null && isOpen) await this.connectTo(url);
    });
  }

  async #deviceAccess(url: string, token: string | null): Promise<DeviceAccess> {
    const identity = await this.#secrets.identity();
    const { deviceId } = identity;
    const grant = await this.#secrets.grant(url, deviceId);
    return new DeviceAccess(identity, grant, (changed) => {
      const kept =
        changed === null
          ? this.#secrets.forgetGrant(url)
          : this.#secrets.setGrant(url, deviceId, token, changed);
      // Without it the gateway asks for an approval once more.
      kept.then(undefined, (error: unknown) =>
        this.#log.error(`What the gateway granted was not kept: ${String(error)}`),
      );
    });
  }

  async openLog(given?: vscode.Uri): Promise<Feed | null> {
    const uri = given ?? (await chooseLog());
    if (uri === undefined) return null;
    if (uri.scheme !== "file") return this.#openText(uri);
    const settings = vscode.workspace.getConfiguration(SETTINGS.section);
    const isIncident = uri.path.endsWith(".jsonl");
    const source = new LogFileSource({
      path: uri.fsPath,
      scrub: this.#scrub,
      follow: !isIncident && !uri.path.endsWith(".gz"),
      withArchives: !isIncident && settings.get<boolean>(SETTINGS.archives, true),
    });
    const kind = isIncident ? "incident" : "file";
    return this.#hub.add({ kind, label: source.label, source, uri: uri.toString() });
  }

  /** What stands in the clipboard: the quickest way to look at what somebody posted. */
  async paste(): Promise<Feed | null> {
    const text = await vscode.env.clipboard.readText();
    if (text.trim() === "") {
      await vscode.window.showInformationMessage(
        "The clipboard is empty. Copy some log lines first.",
      );
      return null;
    }
    return this.openText("pasted text", text);
  }

  openText(label: string, text: string): Feed {
    const source = new TextSource(label, text, this.#scrub, Date.now());
    return this.#hub.add({ kind: "text", label, source, uri: null });
  }

  /** A file that is not on this machine's disk (a virtual workspace): read as a whole, not followed. */
  async #openText(uri: vscode.Uri): Promise<Feed> {
    const text = new TextDecoder().decode(await vscode.workspace.fs.readFile(uri));
    const label = uri.path.split("/").at(-1) ?? uri.path;
    const source = new TextSource(label, text, this.#scrub, Date.now());
    const kind = label.endsWith(".jsonl") ? "incident" : "file";
    return this.#hub.add({ kind, label, source, uri: uri.toString() });
  }
}

/** The pinned certificate belongs to the address in the settings, and to no other. */
function pinnedFingerprint(url: string): string | null {
  const settings = vscode.workspace.getConfiguration(SETTINGS.section);
  const fingerprint = settings.get<string>(SETTINGS.fingerprint, "").trim();
  const applies = configuredUrl() === url && url.startsWith("wss:");
  return applies && fingerprint !== "" ? fingerprint : null;
}

function configuredUrl(): string | null {
  const settings = vscode.workspace.getConfiguration(SETTINGS.section);
  const address = parseGatewayAddress(settings.get<string>(SETTINGS.url, ""));
  return address.ok ? address.url : null;
}

async function chooseLog(): Promise<vscode.Uri | undefined> {
  const [chosen] =
    (await vscode.window.showOpenDialog({
      title: "Open a log or an incident",
      openLabel: "Open",
      filters: {
        "Logs and incidents": ["log", "jsonl", "txt", "gz", "1", "2", "3", "4", "5"],
        "All files": ["*"],
      },
    })) ?? [];
  return chosen;
}
