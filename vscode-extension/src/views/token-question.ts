import * as vscode from "vscode";
import type { GatewaySecrets } from "../sources/gateway-secrets.ts";

/**
 * Asks for the token of a gateway and keeps it.
 *
 * @returns false when the person gave none
 */
export async function askForToken(secrets: GatewaySecrets, url: string): Promise<boolean> {
  const token = await vscode.window.showInputBox({
    title: `Token of the gateway at ${url}`,
    prompt: "gateway.auth.token of its openclaw.json; leave empty for a gateway without one",
    password: true,
    ignoreFocusOut: true,
  });
  if (token === undefined) return false;
  await secrets.setToken(url, token === "" ? null : token);
  return true;
}
