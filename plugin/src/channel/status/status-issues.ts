import type {
  ChannelAccountSnapshot,
  ChannelStatusIssue,
} from "openclaw/plugin-sdk/channel-contract";
import { CHANNEL_ID } from "../identifiers.ts";

/** Something that is not a state of the connection but should be seen where people look for trouble. */
export interface StandingIssue {
  readonly kind: "config" | "runtime" | "auth";
  readonly message: string;
  readonly fix: string;
}

/**
 * Turns snapshots into the issue list of `openclaw channels status` and the doctor. The sentence and the action come from the
 * cause catalogue by way of `lastError`, so all surfaces say the same.
 */
export function collectStatusIssues(
  accounts: readonly ChannelAccountSnapshot[],
  standing: readonly StandingIssue[],
): ChannelStatusIssue[] {
  const enabled = accounts.filter((account) => account.enabled !== false);
  const fallback = enabled[0]?.accountId ?? "default";
  return [
    ...standing.map((issue) => ({ channel: CHANNEL_ID, accountId: fallback, ...issue })),
    ...enabled.flatMap(accountIssues),
  ];
}

function accountIssues(account: ChannelAccountSnapshot): ChannelStatusIssue[] {
  const { accountId, lifecycle } = account;
  const issue = (kind: ChannelStatusIssue["kind"], message: string, fix: string) => [
    { channel: CHANNEL_ID, accountId, kind, message, fix },
  ];
  const login = `openclaw channels login --channel ${CHANNEL_ID} --account ${accountId}`;
  const reported = account.lastError ?? undefined;
  // The gateway remembers that there were keys at the start, also when WhatsApp has removed the device since.
  if (account.linked === false || account.statusState === "not-linked") {
    return issue("auth", reported ?? "No WhatsApp device is linked.", `Run: ${login}`);
  }
  switch (lifecycle ?? "stopped") {
    case "blocked":
      return issue(
        "runtime",
        reported ?? "The account waits for a person.",
        `Do what the message says, then run: openclaw gateway call whatsappContinuity.restart --params '{"accountId":"${accountId}"}'`,
      );
    case "recovering":
      return issue(
        "runtime",
        `Reconnecting, attempt ${account.reconnectAttempts ?? 0}: ${reported ?? "the connection was lost."}`,
        "Nothing to do; watch with: openclaw gateway call whatsappContinuity.status",
      );
    case "starting":
    case "ready":
    case "stopped":
      return [];
  }
}
