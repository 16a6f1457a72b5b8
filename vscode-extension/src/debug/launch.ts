import { resolve } from "node:path";
import * as vscode from "vscode";
import { DEBUG_TYPE, LANGUAGE, SETTINGS } from "../ids.ts";
import { surroundingsOf } from "./replay-surroundings.ts";

/** A session on an incident, inline; the workspace's own code runs in a process beside it. */
export async function launchAdapter(
  extensionUri: vscode.Uri,
  session: vscode.DebugSession,
): Promise<vscode.DebugAdapterDescriptor> {
  const [{ ReplaySession }, { ReplayOpener }, { BUNDLED }] = await Promise.all([
    import("../adapter/replay/replay-session.ts"),
    import("../adapter/replay/replay-opener.ts"),
    import("../adapter/replay/bundled-code.ts"),
  ]);
  const opener = new ReplayOpener(surroundingsOf(extensionUri, session));
  const folder = session.workspaceFolder?.uri.fsPath;
  return new vscode.DebugAdapterInlineImplementation(
    new ReplaySession({
      bundled: BUNDLED.identity,
      open: (request) => {
        const isAddress = /^[a-z][a-z\d+.-]+:\//i.test(request.program);
        const program =
          isAddress || folder === undefined ? request.program : resolve(folder, request.program);
        return opener.open({ ...request, program });
      },
    }),
  );
}

/** Fills in what a launch configuration leaves out: the open incident, and what the settings say. */
export function resolveLaunch(
  configuration: vscode.DebugConfiguration,
): vscode.DebugConfiguration | undefined {
  const settings = vscode.workspace.getConfiguration(SETTINGS.section);
  const program: unknown = configuration["program"] ?? openIncident()?.fsPath;
  if (typeof program !== "string" || program === "") {
    void vscode.window.showErrorMessage(
      'Which incident? Open an incident file (*.incident.jsonl), or name it in "program".',
    );
    return undefined;
  }
  return {
    depth: settings.get<string>(SETTINGS.depth, "core"),
    code: settings.get<string>(SETTINGS.code, "auto"),
    ...configuration,
    program,
  };
}

/** The incident in the editor in front. */
function openIncident(): vscode.Uri | undefined {
  const document = vscode.window.activeTextEditor?.document;
  return document?.languageId === LANGUAGE ? document.uri : undefined;
}

/** A configuration for one incident, as the code lens and the Testing view start it. */
export function launchOf(uri: vscode.Uri, line: number | null = null): vscode.DebugConfiguration {
  const name = uri.path.split("/").at(-1) ?? uri.path;
  return {
    type: DEBUG_TYPE,
    request: "launch",
    name: `Debug ${name}`,
    program: uri.scheme === "file" ? uri.fsPath : uri.toString(),
    ...(line === null ? {} : { line }),
  };
}

/** What is offered without a launch.json. */
export function dynamicLaunches(): vscode.DebugConfiguration[] {
  const incident = openIncident();
  return incident === undefined ? [] : [launchOf(incident)];
}
