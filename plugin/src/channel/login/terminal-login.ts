import type { RuntimeEnv } from "openclaw/plugin-sdk/runtime-env";
import type { WhatsAppAccount } from "../accounts/account.ts";
import type { Composition } from "../composition.ts";
import type { Settings } from "../config/settings.ts";
import { explain } from "../status/status-patch.ts";
import { LoginSession } from "./login-session.ts";

const CLEAR_SCREEN = "\u001B[2J\u001B[H";

/** How often a picture of the code is drawn over the last one; the code itself changes every 20 to 60 seconds. */
const POLL_LIMIT_MS = 60_000;

/**
 * `openclaw channels login`: shows codes in the terminal until one is scanned. Runs in the command's own process; the gateway starts
 * the account afterwards.
 * @throws Error with one sentence and the next action when no device was linked
 */
export async function loginInTerminal(request: {
  readonly composition: Composition;
  readonly account: WhatsAppAccount;
  readonly settings: Settings;
  readonly terminal: RuntimeEnv;
}): Promise<void> {
  const { composition, account, settings, terminal } = request;
  const { credentials, holder } = await composition.inspectDevice(account.authDir);
  if (holder !== null) {
    const running =
      credentials.state === "linked"
        ? `WhatsApp account ${account.accountId} is linked and in use by ${holder}; there is nothing to do.`
        : `WhatsApp account ${account.accountId} is being linked by ${holder}.`;
    throw new Error(
      `${running} To link another number, run: openclaw channels logout --channel whatsapp --account ${account.accountId}`,
    );
  }
  const session = new LoginSession(composition, {
    account,
    settings,
    force: false,
    onCause: (causeId) => terminal.log(explain(causeId)),
  });
  terminal.log(
    credentials.state === "linked"
      ? "Connecting the device that is already linked."
      : "Asking WhatsApp for a code.",
  );
  await showCodes(session, terminal);
  const outcome = await session.outcome;
  if (!outcome.connected) throw new Error(outcome.sentence);
  terminal.log("Linked. The gateway takes over now.");
}

async function showCodes(session: LoginSession, terminal: RuntimeEnv): Promise<void> {
  const { renderQrTerminal } = await import("openclaw/plugin-sdk/media-runtime");
  let shown: string | null = null;
  while (!session.isOver) {
    await session.changed(shown, POLL_LIMIT_MS);
    if (session.code === null || session.code === shown || session.isOver) continue;
    const clear = shown !== null && process.stdout.isTTY ? CLEAR_SCREEN : "";
    shown = session.code;
    const picture = await renderQrTerminal(shown, { small: true });
    terminal.log(
      `${clear}On the phone: WhatsApp, Linked devices, Link a device. Then scan:\n${picture.trimEnd()}`,
    );
  }
}
