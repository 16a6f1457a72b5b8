import * as vscode from "vscode";

/**
 * Tokens in the editor's secret storage, each bound to the address it belongs to: changing the address in the settings never
 * sends a token somewhere else.
 */
export class GatewayTokens {
  readonly #secrets: vscode.SecretStorage;

  constructor(secrets: vscode.SecretStorage) {
    this.#secrets = secrets;
  }

  async get(url: string): Promise<string | null> {
    return (await this.#secrets.get(keyOf(url))) ?? null;
  }

  async store(url: string, token: string): Promise<void> {
    await this.#secrets.store(keyOf(url), token);
  }

  /** @returns false when the person gave none */
  async ask(url: string): Promise<boolean> {
    const token = await vscode.window.showInputBox({
      title: `Token of the gateway at ${url}`,
      prompt: "gateway.auth.token of its openclaw.json; leave empty for a gateway without one",
      password: true,
      ignoreFocusOut: true,
    });
    if (token === undefined) return false;
    if (token === "") await this.#secrets.delete(keyOf(url));
    else await this.store(url, token);
    return true;
  }
}

function keyOf(url: string): string {
  return `whatsappContinuity.token ${url}`;
}
