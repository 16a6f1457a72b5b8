import { randomBytes } from "node:crypto";
import * as vscode from "vscode";
import { PANELS } from "../ids.ts";
import type { LoginStep } from "../sources/gateway-protocol.ts";
import type { GatewaySource } from "../sources/gateway-source.ts";

/** Codes shown at most before the person is asked to start again: WhatsApp itself gives up after some minutes. */
const MAX_STEPS = 20;

/** Links an account again: the QR code as the gateway renders it, replaced whenever WhatsApp offers a new one. */
export async function relink(source: GatewaySource, account: string): Promise<void> {
  const question = `Link account ${account} again? The linked device is removed and a new QR code has to be scanned with the phone.`;
  const yes = "Link Again";
  if ((await vscode.window.showWarningMessage(question, { modal: true }, yes)) !== yes) return;
  const panel = vscode.window.createWebviewPanel(
    PANELS.link,
    `Link ${account}`,
    vscode.ViewColumn.Active,
    {},
  );
  panel.iconPath = new vscode.ThemeIcon("device-mobile");
  const shown = { open: true };
  panel.onDidDispose(() => {
    shown.open = false;
  });
  try {
    panel.webview.html = html(null, "Asking WhatsApp for a code.");
    let step = await source.beginLogin(account);
    for (let count = 0; shown.open && !step.connected && count < MAX_STEPS; count += 1) {
      panel.webview.html = html(step.qrDataUrl, step.message);
      if (step.qrDataUrl === null && count > 0) break;
      step = await next(source, account, step);
    }
    if (shown.open) panel.webview.html = html(null, finalMessage(step));
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    if (shown.open)
      panel.webview.html = html(
        null,
        `The account was not linked: ${message} To try again, take Link Again in the account's menu.`,
      );
  }
}

async function next(source: GatewaySource, account: string, step: LoginStep): Promise<LoginStep> {
  const waited = await source.awaitLogin(account, step.qrDataUrl ?? "");
  // Still waiting for the scan: the code on the screen stays.
  return waited.qrDataUrl === null && !waited.connected
    ? { ...waited, qrDataUrl: step.qrDataUrl }
    : waited;
}

function finalMessage(step: LoginStep): string {
  if (step.connected) return `${step.message || "Linked."} This tab can be closed.`;
  return `${step.message || "Nobody scanned the code."} To try again, take Link Again in the account's menu.`;
}

function html(picture: string | null, message: string): string {
  const nonce = randomBytes(16).toString("base64url");
  const image =
    picture === null ? "" : `<img alt="QR code to scan with the phone" src="${escape(picture)}">`;
  return `<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'nonce-${nonce}'">
<style nonce="${nonce}">body{display:grid;place-items:center;align-content:center;gap:16px;min-height:90vh;font-family:var(--vscode-font-family)}
img{width:320px;image-rendering:pixelated;background:#fff;padding:16px}p{max-width:32em;text-align:center}</style>
</head><body>${image}<p role="status">${escape(message)}</p></body></html>`;
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
