import type { OpenClawConfig } from "openclaw/plugin-sdk/channel-core";
import {
  type ChannelInboundTurnPlan,
  filterChannelInboundQuoteContext,
  formatInboundEnvelope,
  resolveInboundSessionEnvelopeContext,
  resolveInboundSupplementalSenderAllowed,
} from "openclaw/plugin-sdk/channel-inbound";
import type { ResolvedChannelMessageIngress } from "openclaw/plugin-sdk/channel-ingress-runtime";
import {
  isControlCommandMessage,
  shouldComputeCommandAuthorized,
} from "openclaw/plugin-sdk/command-detection";
import {
  buildHistoryContextFromEntries,
  type HistoryEntry,
} from "openclaw/plugin-sdk/reply-history";
import type { GroupInfo, IncomingMessage } from "../../runtime/ports.ts";
import type { WhatsAppAccount } from "../accounts/account.ts";
import { normalizeTarget } from "../accounts/targets.ts";
import { CHANNEL_ID } from "../identifiers.ts";
import type { AccessPolicy, ChannelRuntime } from "./access.ts";
import { type Gathered, type ShownMessage, timestampOf } from "./admitted-message.ts";
import { typedText } from "./message-text.ts";
import { idOf, type Parties, type Person, personOf } from "./parties.ts";
import type { PendingEntry } from "./pending-history.ts";
import type { ReceivedMedia } from "./received-files.ts";

export interface TurnFacts {
  readonly cfg: OpenClawConfig;
  readonly runtime: ChannelRuntime;
  readonly account: WhatsAppAccount;
  readonly policy: AccessPolicy;
  readonly parties: Parties;
  readonly message: IncomingMessage;
  readonly text: string;
  /** Every message of the turn, oldest first; more than one as {@link Gathered} says. */
  readonly shown: readonly ShownMessage[];
  readonly gathered: Gathered;
  /** Files of these messages and of those they answer to. */
  readonly media: ReceivedMedia;
  readonly timestampMs: number;
  readonly route: ReturnType<ChannelRuntime["routing"]["resolveAgentRoute"]>;
  readonly verdict: ResolvedChannelMessageIngress;
  readonly mention: { readonly wasMentioned: boolean; readonly requireMention: boolean } | null;
  /** Read but unanswered messages of this conversation, oldest first. */
  readonly pending: readonly PendingEntry[];
  readonly historyLimit: number;
  readonly group: GroupInfo | null;
}

/** The turn's context in the host's terms: who, where, what, and what else is known. */
export function buildContext(facts: TurnFacts): ChannelInboundTurnPlan["ctxPayload"] {
  const { cfg, runtime, account, parties, message, route } = facts;
  const sender = idOf(parties.sender) ?? parties.conversation;
  const typed = facts.shown.map(({ entry }) => typedText(entry.message.content)).join("\n");
  const history = visibleHistory(facts);
  const quote = message.quoted;
  const command = shouldComputeCommandAuthorized(typed, cfg)
    ? { authorized: facts.verdict.commandAccess.authorized }
    : undefined;
  return runtime.inbound.buildContext({
    channel: CHANNEL_ID,
    accountId: route.accountId,
    messageId: message.messageId,
    timestamp: facts.timestampMs,
    from: parties.conversation,
    sender: {
      id: sender,
      ...(message.pushName === null ? {} : { name: message.pushName }),
      isSelf: parties.fromMe,
    },
    conversation: { kind: parties.kind, id: parties.conversation, label: parties.conversation },
    route: {
      agentId: route.agentId,
      ...(route.dmScope === undefined ? {} : { dmScope: route.dmScope }),
      accountId: route.accountId,
      routeSessionKey: route.sessionKey,
    },
    reply: {
      to: parties.self.phone ?? parties.conversation,
      originatingTo: parties.conversation,
      ...(quote === null ? {} : { replyToId: quote.messageId }),
    },
    message: {
      rawBody: typed,
      body: envelopeOf(facts, history),
      bodyForAgent: textOfTurn(facts),
      commandBody: typed,
      ...(history.length === 0 ? {} : { inboundHistory: history.map(plainEntry) }),
    },
    sessionTranscript: { historyLimit: parties.kind === "group" ? facts.historyLimit : 0 },
    access: {
      ...(facts.mention === null ? {} : { mentions: { canDetectMention: true, ...facts.mention } }),
      ...(command === undefined ? {} : { commands: command }),
    },
    command: {
      kind: isControlCommandMessage(typed, cfg) ? "text-slash" : "normal",
      body: typed,
      ...(command === undefined ? {} : command),
    },
    media: facts.media,
    supplemental: {
      ...(quote === null ? {} : { quote: quoteOf(facts, quote) }),
      ...systemPrompt(facts),
    },
    ...contextVisibility(facts),
    extra: {
      ...(parties.kind === "group"
        ? { GroupSubject: facts.group?.subject, GroupMembers: members(facts.group) }
        : {}),
      SenderE164: parties.sender.phone ?? undefined,
      // The host would quote the current message; in batched mode only a batch is quoted, and a single message is none.
      ...(account.config.replyToMode === "batched"
        ? { ReplyThreading: { implicitCurrentMessage: "deny" } }
        : {}),
      // Messages are personal: other plugins see them only where the owner said so.
      SuppressMessageReceivedHooks: account.config.pluginHooks?.messageReceived !== true,
    },
    channelIngress: facts.verdict,
  });
}

/** An entry as the host keeps it; the author and the stored message are only for ourselves. */
function plainEntry({ author: _author, stored: _stored, ...entry }: PendingEntry): HistoryEntry {
  return entry;
}

type EnvelopeOptions = ReturnType<typeof resolveInboundSessionEnvelopeContext>;

function sessionEnvelope({ cfg, route }: TurnFacts): EnvelopeOptions {
  return resolveInboundSessionEnvelopeContext({
    cfg,
    agentId: route.agentId,
    sessionKey: route.sessionKey,
  });
}

function envelopeOf(facts: TurnFacts, history: readonly PendingEntry[]): string {
  const session = sessionEnvelope(facts);
  const [first] = facts.shown;
  const current = facts.shown
    .map((shown) => {
      // How long ago the last turn was belongs to the first message only.
      const { previousTimestamp } = shown === first ? session : {};
      return envelopeOfOne(facts, shown, session, previousTimestamp);
    })
    .join("\n");
  if (history.length === 0) return current;
  return buildHistoryContextFromEntries({
    entries: [...history],
    currentMessage: current,
    excludeLast: false,
    formatEntry: (entry) =>
      formatInboundEnvelope({
        ...envelopeFrame(facts, session),
        body: entry.body,
        senderLabel: entry.sender,
        ...(entry.timestamp === undefined ? {} : { timestamp: entry.timestamp }),
      }),
  });
}

function envelopeFrame({ parties }: TurnFacts, { envelopeOptions }: EnvelopeOptions) {
  return {
    channel: "WhatsApp",
    from: parties.conversation,
    chatType: parties.kind,
    envelope: envelopeOptions,
  };
}

function envelopeOfOne(
  facts: TurnFacts,
  { entry, parties, text }: ShownMessage,
  session: EnvelopeOptions,
  previousTimestamp: number | undefined,
): string {
  return formatInboundEnvelope({
    ...envelopeFrame(facts, session),
    body: `${text}${quotedLines(facts, entry.message)}`,
    timestamp: timestampOf(entry),
    sender: senderLabel(parties, entry.message),
    fromMe: parties.fromMe,
    ...(previousTimestamp === undefined ? {} : { previousTimestamp }),
  });
}

function quotedLines(facts: TurnFacts, { quoted }: IncomingMessage): string {
  const visible = filterChannelInboundQuoteContext(
    visibilityMode(facts),
    quoted === null ? undefined : quoteOf(facts, quoted),
  );
  return visible?.body
    ? `\n\n[Replying to ${visible.sender ?? "unknown sender"} id:${visible.id}]\n${visible.body}\n[/Replying]`
    : "";
}

/**
 * What the agent answers to. A single message is its text, whose time and sender the host states beside it; of several each carries its own,
 * or a question of an hour ago would look like one of now.
 */
function textOfTurn(facts: TurnFacts): string {
  if (facts.shown.length === 1) return facts.text;
  // One thought in several messages.
  if (facts.gathered === "typing") return facts.shown.map(({ text }) => text).join("\n");
  const session = sessionEnvelope(facts);
  return [
    `[${facts.shown.length} messages came while WhatsApp was not connected; oldest first, each with the time it was written]`,
    ...facts.shown.map((shown) => envelopeOfOne(facts, shown, session, undefined)),
  ].join("\n");
}

function senderLabel(parties: Parties, { pushName }: IncomingMessage) {
  return {
    ...(pushName === null ? {} : { name: pushName }),
    ...(parties.sender.phone === null ? {} : { e164: parties.sender.phone }),
    id: idOf(parties.sender) ?? parties.conversation,
  };
}

function quoteOf(facts: TurnFacts, quote: NonNullable<IncomingMessage["quoted"]>) {
  const sender = personOf(quote.sender);
  const label = idOf(sender);
  return {
    id: quote.messageId,
    ...(quote.text === null ? {} : { body: quote.text }),
    ...(label === null ? {} : { sender: label }),
    senderAllowed: maySupplement(facts, sender),
  };
}

/** Context of people who may not talk to the agent is left out where the owner restricts it (`contextVisibility`). */
function visibleHistory(facts: TurnFacts): readonly PendingEntry[] {
  if ((visibilityMode(facts) ?? "all") === "all") return facts.pending;
  return facts.pending.filter((entry) => maySupplement(facts, entry.author));
}

function maySupplement({ policy, parties }: TurnFacts, sender: Person): boolean {
  return resolveInboundSupplementalSenderAllowed({
    isGroup: parties.kind === "group",
    groupPolicy: policy.groupPolicy,
    allowFrom: [...policy.groupAllowFrom],
    isSenderAllowed: (allowFrom) =>
      allowFrom.some((entry) => {
        const target = normalizeTarget(entry);
        return (
          entry === "*" || (target !== null && (target === sender.phone || target === sender.lid))
        );
      }),
  });
}

type VisibilityMode = "all" | "allowlist" | "allowlist_quote";

function visibilityMode({ cfg, account }: TurnFacts): VisibilityMode | undefined {
  return account.config.contextVisibility ?? cfg.channels?.defaults?.contextVisibility;
}

function contextVisibility(facts: TurnFacts): { contextVisibility?: VisibilityMode } {
  const mode = visibilityMode(facts);
  return mode === undefined ? {} : { contextVisibility: mode };
}

function systemPrompt({ account, parties }: TurnFacts): { groupSystemPrompt?: string } {
  const prompts = parties.kind === "group" ? account.config.groups : account.config.direct;
  const own = prompts?.[parties.conversation]?.systemPrompt;
  // An empty prompt of a chat switches the general one off for it.
  const prompt = (own ?? prompts?.["*"]?.systemPrompt)?.trim();
  return prompt ? { groupSystemPrompt: prompt } : {};
}

/** Members the prompt names; a big group would fill it. */
const MAX_MEMBERS = 50;

function members(group: GroupInfo | null): string | undefined {
  if (group === null) return undefined;
  const ids = group.participants.map(({ jid, alternate }) => {
    const person: Person = {
      phone: personOf(jid).phone ?? personOf(alternate).phone,
      lid: personOf(jid).lid ?? personOf(alternate).lid,
    };
    return idOf(person);
  });
  return (
    ids
      .filter((id) => id !== null)
      .slice(0, MAX_MEMBERS)
      .join(", ") || undefined
  );
}
