import * as vscode from "vscode";
import { SETTINGS } from "../ids.ts";
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

/** SHA-256: 64 hexadecimal digits, with or without colons. */
const FINGERPRINT = /^(?:sha256:)?(?:[\da-f]{2}:?){31}[\da-f]{2}$/i;

/** Asks for the fingerprint of the certificate of the gateway in the settings; keeping it connects that gateway anew. */
export async function askForFingerprint(): Promise<void> {
  const settings = vscode.workspace.getConfiguration(SETTINGS.section);
  const entered = await vscode.window.showInputBox({
    title: `Certificate of the gateway at ${settings.get<string>(SETTINGS.url, "")}`,
    prompt:
      "SHA-256 fingerprint, read on its machine: openssl x509 -noout -sha256 -fingerprint -in gateway-cert.pem. Empty: the trust store decides",
    value: settings.get<string>(SETTINGS.fingerprint, ""),
    ignoreFocusOut: true,
    validateInput: (text) =>
      text.trim() === "" || FINGERPRINT.test(withoutName(text))
        ? null
        : "Write 64 hexadecimal digits, with or without colons, as openssl prints them.",
  });
  if (entered === undefined) return;
  const target = vscode.ConfigurationTarget.Global;
  await settings.update(SETTINGS.fingerprint, withoutName(entered), target);
}

/** openssl writes `sha256 Fingerprint=` before it. */
function withoutName(text: string): string {
  return text.replace(/^.*fingerprint=/i, "").trim();
}
