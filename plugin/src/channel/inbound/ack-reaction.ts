import {
  createAckReactionHandle,
  createStatusReactionController,
  shouldAckReaction,
} from "openclaw/plugin-sdk/channel-feedback";
import { reactionLevelOf } from "../actions/action-config.ts";
import { sendIdOf } from "../outbound/delivery-id.ts";
import type { AdmittedMessage } from "./admitted-message.ts";

/** What the writer sees of a turn at the own message: an emoji at once, and where the owner wants it, how the turn goes on. */
export interface TurnReaction {
  /** The agent uses a tool. */
  onTool(name: string | undefined): void;
  onThinking(): void;
  /** The turn is over. */
  onEnd(outcome: "done" | "error"): void;
}

const NO_REACTION: TurnReaction = {
  onTool: () => undefined,
  onThinking: () => undefined,
  onEnd: () => undefined,
};

/**
 * Reacts to a message that a turn begins for (`messages.ackReaction`, `ackReactionScope`, `statusReactions`), as the account's `reactionLevel`
 * allows. Nothing waits for it, and a reaction that fails is only logged.
 */
export function reactToTurn(admitted: AdmittedMessage): TurnReaction {
  const { host, cfg } = admitted;
  const emoji = cfg.messages?.ackReaction?.trim() ?? "";
  if (emoji === "" || !isWanted(admitted)) return NO_REACTION;
  const onError = (error: unknown): void => host.log.debug("A reaction was not sent.", { error });
  if (cfg.messages?.statusReactions?.enabled !== true) {
    createAckReactionHandle({
      ackReactionValue: emoji,
      send: () => react(admitted, emoji),
      remove: () => react(admitted, ""),
      onSendError: onError,
    });
    return NO_REACTION;
  }
  const status = createStatusReactionController({
    enabled: true,
    adapter: {
      setReaction: (next) => react(admitted, next),
      clearReaction: () => react(admitted, ""),
    },
    initialEmoji: emoji,
    onError,
  });
  void status.setQueued();
  return {
    onTool: (name) => void status.setTool(name),
    onThinking: () => void status.setThinking(),
    onEnd: (outcome) =>
      void (outcome === "done" ? status.setDone() : status.setError())
        .then(() => status.restoreInitial())
        .catch(onError),
  };
}

function isWanted({ cfg, account, parties, mention, isActivated }: AdmittedMessage): boolean {
  // Every level but this one acknowledges; the host's `ackEnabled` holds for channels where only one of them does.
  if (reactionLevelOf(cfg, account.accountId).level === "off") return false;
  const isGroup = parties.kind === "group";
  return shouldAckReaction({
    scope: cfg.messages?.ackReactionScope ?? "group-mentions",
    isDirect: parties.kind === "direct",
    isGroup,
    isMentionableGroup: isGroup,
    canDetectMention: isGroup,
    effectiveWasMentioned: mention?.wasMentioned === true,
    shouldBypassMention: isActivated,
  });
}

/** @throws Error when it was not sent */
async function react({ host, entry, capture }: AdmittedMessage, emoji: string): Promise<void> {
  const { chat, raw } = entry.message;
  const outcome = await host.runtime().send({
    sendId: sendIdOf({ queueId: undefined, index: 0, count: 1, text: "reaction" }),
    chat,
    content: { operation: "reaction", targetRaw: raw, emoji },
    capture,
  });
  if (outcome.outcome !== "acked") throw new Error(outcome.sentence);
}
