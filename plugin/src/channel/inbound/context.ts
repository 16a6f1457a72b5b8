import type { OpenClawConfig } from "openclaw/plugin-sdk/channel-core";
import type { JournalledMessage } from "../../runtime/ports.ts";
import { resolveAccount, type WhatsAppAccount } from "../accounts/account.ts";
import { historyLimitOf, type InboundHost, timestampOf } from "./admitted-message.ts";
import { textForAgent } from "./message-text.ts";
import { identifyParties, idOf, type Parties } from "./parties.ts";

/** How many messages without a turn are taken up again at a start; the host's window keeps fewer per conversation. */
const MAX_RESTORED = 2_000;

/** Keeps a message for the next turn of its conversation. */
export function remember(
  host: InboundHost,
  cfg: OpenClawConfig,
  account: WhatsAppAccount,
  { entry, parties, text }: { entry: JournalledMessage; parties: Parties; text: string },
): void {
  host.history.remember(
    parties.conversation,
    {
      sender: labelOf(entry, parties),
      body: text,
      timestamp: timestampOf(entry),
      messageId: entry.message.messageId,
      author: parties.sender,
      stored: entry,
    },
    historyLimitOf(cfg, account),
  );
}

/** How the agent and the owner see who wrote: `Alice (+15550100001)`. */
export function labelOf({ message }: JournalledMessage, parties: Parties): string {
  const sender = idOf(parties.sender);
  const parts = [message.pushName, sender === null ? null : `(${sender})`].filter(Boolean);
  return parts.join(" ") || "Unknown";
}

/** Takes up what an earlier process kept as context and no turn has shown: the journal is the memory, not the process. */
export async function restoreContext(host: InboundHost): Promise<void> {
  try {
    const cfg = host.config();
    const account = resolveAccount(cfg, host.accountId);
    const runtime = host.runtime();
    const kept = host.memory.pendingContext(MAX_RESTORED);
    const inTimeOrder = kept.toSorted((one, other) => timestampOf(one) - timestampOf(other));
    for (const entry of inTimeOrder) {
      const text = textForAgent(entry.message.content);
      const parties = await identifyParties(entry.message, runtime.self(), (jid) =>
        runtime.resolveAddress(jid),
      );
      if (text !== null && parties !== null) remember(host, cfg, account, { entry, parties, text });
    }
  } catch (error) {
    host.log.warn("What was kept as context before the start could not be taken up again.", {
      error,
    });
  }
}
