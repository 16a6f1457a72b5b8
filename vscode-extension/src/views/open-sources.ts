import * as vscode from "vscode";
import { SETTINGS } from "../ids.ts";
import type { Feed, FeedHub } from "../sources/feed-hub.ts";
import { parseGatewayAddress } from "../sources/gateway-address.ts";
import { findLocalGateway } from "../sources/local-gateway.ts";
import { LogFileSource } from "../sources/log-file-source.ts";
import { createScrubber } from "../sources/scrubber.ts";
import { TextSource } from "../sources/text-source.ts";
import type { GatewayTokens } from "./gateway-tokens.ts";

/** Opens what records come from, with the questions and answers that belong to it. */
export class SourceOpener {
  readonly #hub: FeedHub;
  readonly #tokens: GatewayTokens;
  readonly #version: string;
  readonly #scrub = createScrubber();

  constructor(hub: FeedHub, tokens: GatewayTokens, version: string) {
    this.#hub = hub;
    this.#tokens = tokens;
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
    if (found.token !== null) await this.#tokens.store(found.url, found.token);
    return this.connectTo(found.url);
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
    if ((await this.#tokens.get(address.url)) === null && !(await this.#tokens.ask(address.url)))
      return null;
    await vscode.workspace
      .getConfiguration(SETTINGS.section)
      .update(SETTINGS.url, address.url, vscode.ConfigurationTarget.Global);
    return this.connectTo(address.url);
  }

  async connectTo(url: string): Promise<Feed | null> {
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
    const source = new GatewaySource({
      url: address.url,
      label: address.label,
      token: await this.#tokens.get(address.url),
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
