import type { OpenClawConfig } from "openclaw/plugin-sdk/channel-core";
import { hasControlCommand } from "openclaw/plugin-sdk/command-detection";
import { getSessionEntry, resolveStorePath } from "openclaw/plugin-sdk/session-store-runtime";
import type { IncomingMessage } from "../../runtime/ports.ts";
import type { WhatsAppAccount } from "../accounts/account.ts";
import { normalizeTarget } from "../accounts/targets.ts";
import { CHANNEL_ID } from "../identifiers.ts";
import { type AccessPolicy, type ChannelRuntime, readGroupRules } from "./access.ts";
import { idOf, type Parties, personOf, samePerson } from "./parties.ts";

/** What becomes of a group message from somebody who may talk to the agent. */
export type GroupGate =
  | {
      readonly answer: true;
      readonly wasMentioned: boolean;
      readonly requireMention: boolean;
      /** By `/activation always` and not by config. */
      readonly isActivated: boolean;
    }
  /** Not for the agent now, but context for when it is asked. */
  | { readonly answer: false; readonly keepAsContext: true; readonly reason: "no-mention" }
  | { readonly answer: false; readonly keepAsContext: false; readonly reason: string };

export interface GroupGateRequest {
  readonly cfg: OpenClawConfig;
  readonly runtime: ChannelRuntime;
  readonly account: WhatsAppAccount;
  readonly policy: AccessPolicy;
  readonly parties: Parties;
  readonly message: IncomingMessage;
  readonly text: string;
  readonly route: { readonly agentId: string; readonly sessionKey: string };
}

/** Decides by the group list, the mention rule and the session's `/activation`, with the host's own mention policy. */
export function gateGroupMessage(request: GroupGateRequest): GroupGate {
  const { cfg, runtime, account, policy, parties, text, route } = request;
  const rules = readGroupRules(account, policy, parties.conversation);
  if (!rules.listed) return { answer: false, keepAsContext: false, reason: "group-not-listed" };
  const owner = isOwner(request);
  const command = hasControlCommand(stripOwnMention(text, parties), cfg);
  if (command && !owner && isActivation(stripOwnMention(text, parties))) {
    return { answer: false, keepAsContext: false, reason: "activation-by-non-owner" };
  }
  const activation = sessionActivation(cfg, route);
  const requireMention = activation === null ? rules.requireMention : activation === "mention";
  const decision = runtime.mentions.resolveInboundMentionDecision({
    facts: {
      canDetectMention: true,
      wasMentioned: isMentioned(request),
      implicitMentionKinds: runtime.mentions.implicitMentionKindWhen(
        "quoted_bot",
        isReplyToSelf(request),
      ),
    },
    policy: {
      isGroup: true,
      requireMention,
      allowTextCommands: false,
      hasControlCommand: false,
      commandAuthorized: false,
    },
  });
  const bypass = owner && command;
  if (requireMention && decision.shouldSkip && !bypass) {
    return { answer: false, keepAsContext: true, reason: "no-mention" };
  }
  return {
    answer: true,
    wasMentioned: decision.effectiveWasMentioned || bypass,
    requireMention,
    isActivated: activation === "always",
  };
}

function isMentioned({
  cfg,
  runtime,
  account,
  parties,
  message,
  text,
  route,
}: GroupGateRequest): boolean {
  const native = message.mentions.map(personOf);
  if (native.some((person) => samePerson(person, parties.self))) return true;
  const patterns = runtime.mentions.buildMentionRegexes(cfg, route.agentId, {
    provider: CHANNEL_ID,
    conversationId: parties.conversation,
    ...(account.config.mentionPatterns === undefined
      ? {}
      : { providerPolicy: account.config.mentionPatterns }),
  });
  if (runtime.mentions.matchesMentionPatterns(text, patterns)) return true;
  // A typed number counts only where the app offered no native mention; otherwise somebody else was meant.
  return native.length === 0 && typesOwnNumber(text, parties);
}

function typesOwnNumber(text: string, parties: Parties): boolean {
  const digits = parties.self.phone?.replace(/\D/g, "") ?? "";
  return digits !== "" && text.replace(/\D/g, "").includes(digits);
}

/** An answer to one of our messages counts as a mention, except when the owner quotes the notes of their own number. */
function isReplyToSelf({ account, parties, message }: GroupGateRequest): boolean {
  if (message.quoted === null) return false;
  const quotesSelf = samePerson(personOf(message.quoted.sender), parties.self);
  const ownNumberWrites =
    account.config.selfChatMode === true && samePerson(parties.sender, parties.self);
  return quotesSelf && !ownNumberWrites;
}

/** `/activation` of the session, which outlives config changes; null when nobody set it. */
function sessionActivation(
  cfg: OpenClawConfig,
  route: GroupGateRequest["route"],
): "mention" | "always" | null {
  const storePath = resolveStorePath(cfg.session?.store, { agentId: route.agentId });
  const entry = getSessionEntry({
    storePath,
    agentId: route.agentId,
    sessionKey: route.sessionKey,
  });
  const activation = entry?.groupActivation;
  return activation === "mention" || activation === "always" ? activation : null;
}

function isOwner({ account, parties }: GroupGateRequest): boolean {
  const sender = idOf(parties.sender);
  if (sender === null) return false;
  const configured = (account.config.allowFrom ?? []).map(String).filter((entry) => entry !== "*");
  const owners = configured.length > 0 ? configured : [parties.self.phone ?? ""];
  return owners.map(normalizeTarget).some((owner) => owner !== null && owner === sender);
}

function isActivation(text: string): boolean {
  return /^\/activation\b/i.test(text.trim());
}

/** Commands in a group are written behind the mention: `@15550100001 /status`. */
function stripOwnMention(text: string, { self }: Parties): string {
  const names = [self.phone?.replace(/\D/g, ""), self.lid?.replace(/@.*$/, "")];
  let stripped = text;
  for (const name of names) {
    if (name !== undefined && name !== "") {
      stripped = stripped.replace(new RegExp(`@?\\+?${name}`, "g"), " ");
    }
  }
  return stripped.trim();
}
