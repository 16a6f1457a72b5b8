import { randomBytes } from "node:crypto";
import * as vscode from "vscode";

/** The page of a timeline. Nothing is inline and nothing comes from elsewhere; data arrives by messages only. */
export function timelineHtml(webview: vscode.Webview, extension: vscode.Uri): string {
  const nonce = randomBytes(16).toString("base64url");
  const asset = (name: string): string =>
    webview.asWebviewUri(vscode.Uri.joinPath(extension, "dist", name)).toString();
  const policy = [
    "default-src 'none'",
    `style-src ${webview.cspSource}`,
    `script-src 'nonce-${nonce}'`,
    `font-src ${webview.cspSource}`,
  ].join("; ");
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="${asset("timeline.css")}">
<title>WhatsApp timeline</title>
</head>
<body><main></main><script nonce="${nonce}" src="${asset("timeline.js")}"></script></body>
</html>`;
}

/** What a webview of ours may load. */
export function webviewOptions(extension: vscode.Uri): vscode.WebviewOptions {
  return { enableScripts: true, localResourceRoots: [vscode.Uri.joinPath(extension, "dist")] };
}
