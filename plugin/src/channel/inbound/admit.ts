import type { OpenClawConfig } from "openclaw/plugin-sdk/channel-core";
import { isControlCommandMessage } from "openclaw/plugin-sdk/command-detection";
import type { BurstMessage, GroupInfo } from "../../runtime/ports.ts";
import { resolveAccount, type WhatsAppAccount } from "../accounts/account.ts";
import { normalizeTarget, targetJid } from "../accounts/targets.ts";
import { CHANNEL_ID } from "../identifiers.ts";
import { groupSessionKey } from "../session-key.ts";
import { checkAccess } from "./access.ts";
import type {
  Admission,
  AdmitAs,
  AdmittedMessage,
  Gathered,
  InboundHost,
} from "./admitted-message.ts";
import { type BurstMember, endInBurst, segmentsOf } from "./burst.ts";
import { labelOf, remember } from "./context.ts";
import { gateGroupMessage } from "./group-gate.ts";
import { textForAgent, typedText, whyNotForAgent } from "./message-text.ts";
import { identifyParties, type Parties } from "./parties.ts";
import { challenge, isChallengeDue } from "./pairing.ts";
import { prepareTurn, runTurn } from "./run-turn.ts";

/**
 * Takes a journalled message through the account's rules to the agent. Resolves when the agent adopted it or it came to another end, and
 * says why; rejects only when it should be tried again.
 */
export function admitMessage(host: InboundHost, message: BurstMessage): Promise<Admission> {
  return host.order.inTurn(message.entry.conversation, async () => {
    const reading = await read(host, message);
    if (reading.kind === "end") return () => Promise.resolve(reading.end);
    if (reading.kind === "act") return reading.act;
    if (reading.as === "context") return () => Promise.resolve(keep(reading));
    const turn = await prepareTurn(reading.admitted, [reading.admitted]);
    return () => runTurn(turn);
  });
}

/** Takes messages of one chat to the agent as one turn; see {@link admitMessage}. They come oldest first, and so do their ends. */
export async function admitBurst(
  host: InboundHost,
  messages: readonly BurstMessage[],
  gathered: Gathered = "catch-up",
): Promise<readonly Admission[]> {
  const [first] = messages;
  if (first === undefined) return [];
  return host.order.inTurn(first.entry.conversation, async () => {
    const readings: Reading[] = [];
    for (const message of messages) readings.push(await read(host, message));
    const segments = segmentsOf(readings.filter((reading) => reading.kind === "member"));
    const begins: (() => Promise<void>)[] = [];
    const ends = new Map<Reading | BurstMember, Admission>();
    for (const { members, anchor } of segments) {
      if (anchor === null) {
        begins.push(async () => {
          for (const member of members) ends.set(member, keep(member));
        });
        continue;
      }
      const shown = members.map(({ admitted }) => admitted);
      const turn = await prepareTurn(anchor.admitted, shown, gathered);
      begins.push(async () => {
        const end = await runTurn(turn);
        for (const member of members) ends.set(member, endInBurst(end, members.length));
      });
    }
    return async () => {
      await Promise.all(begins.map((begin) => begin()));
      return Promise.all(readings.map((reading) => endOf(reading, ends)));
    };
  });
}

async function endOf(
  reading: Reading,
  ends: ReadonlyMap<Reading | BurstMember, Admission>,
): Promise<Admission> {
  switch (reading.kind) {
    case "end":
      return reading.end;
    case "act":
      return reading.act();
    case "member":
      return ends.get(reading) ?? { state: "failed", reason: "not-told" };
  }
}

/** Context for the next turn of the chat. */
function keep({ admitted, contextReason }: BurstMember): Admission {
  const { host, cfg, account } = admitted;
  remember(host, cfg, account, admitted);
  return { state: "context", reason: contextReason };
}

/** What the account's rules say about a message. */
type Reading =
  | { readonly kind: "end"; readonly end: Admission }
  | { readonly kind: "act"; readonly act: () => Promise<Admission> }
  | (BurstMember & { readonly kind: "member" });

async function read(host: InboundHost, { entry, as, late }: BurstMessage): Promise<Reading> {
  const { message } = entry;
  const text = textForAgent(message.content);
  if (text === null) return ignored(whyNotForAgent(message.content));
  if (message.fromMe && host.isOwnSend(message.messageId)) return ignored("own-send");
  const runtime = host.runtime();
  const parties = await identifyParties(message, runtime.self(), (jid) =>
    runtime.resolveAddress(jid),
  );
  if (parties === null) return ignored("not-a-conversation");
  // Taken before anything is awaited for long: a reply must know which controller the question came through.
  const capture = runtime.capture();
  const cfg = host.config();
  const account = resolveAccount(cfg, host.accountId);
  const access = await checkAccess({ cfg, runtime: host.channel, account, parties });
  switch (access.decision) {
    case "deny":
      return ended("denied", access.reason);
    case "pair":
      if (!isChallengeDue(as, late)) return ended("denied", "pairing-required");
      return { kind: "act", act: () => challenge(host, entry, parties, capture) };
    case "allow":
      return readAllowed({ host, cfg, account, entry, parties, access, text, capture }, as);
  }
}

type Allowed = Omit<AdmittedMessage, "route" | "mention" | "isActivated" | "group">;

async function readAllowed(allowed: Allowed, as: AdmitAs): Promise<Reading> {
  const { host, cfg, account, entry, parties, access } = allowed;
  const typed = typedText(entry.message.content);
  const route = routeOf(host, cfg, account, parties);
  const gate =
    parties.kind === "group"
      ? gateGroupMessage({
          cfg,
          runtime: host.channel,
          account,
          policy: access.policy,
          parties,
          message: entry.message,
          text: typed,
          route,
        })
      : null;
  if (gate?.answer === false && !gate.keepAsContext) {
    host.log.once(`${parties.conversation} ${gate.reason}`, "info", dropSentence(gate.reason));
    return ended("denied", gate.reason);
  }
  if (as === "ignore") return ignored("late");
  const needsGroup = parties.kind === "group" && as !== "context";
  const group = needsGroup ? await groupOf(allowed) : null;
  const { mention, isActivated } = mentionOf(gate);
  const member = {
    kind: "member",
    admitted: { ...allowed, route, mention, isActivated, group },
    isCommand: isControlCommandMessage(typed, cfg),
  } as const;
  if (as === "notify-owner") {
    const act = (): Promise<Admission> => {
      const { messageId } = entry.message;
      host.notices.note(parties.conversation, chatLabel(allowed, group), messageId);
      return Promise.resolve(keep({ ...member, as: "context", contextReason: "too-old" }));
    };
    return { kind: "act", act };
  }
  if (gate?.answer === false) return { ...member, as: "context", contextReason: gate.reason };
  return { ...member, as, contextReason: "late" };
}

function mentionOf(
  gate: ReturnType<typeof gateGroupMessage> | null,
): Pick<AdmittedMessage, "mention" | "isActivated"> {
  if (gate?.answer !== true) return { mention: null, isActivated: false };
  const { wasMentioned, requireMention, isActivated } = gate;
  return { mention: { wasMentioned, requireMention }, isActivated };
}

/** A chat as the owner knows it from the phone. */
function chatLabel({ entry, parties }: Allowed, group: GroupInfo | null): string {
  if (parties.kind === "direct") return labelOf(entry, parties);
  return group === null ? "a group" : `group "${group.subject}"`;
}

function routeOf(
  host: InboundHost,
  cfg: OpenClawConfig,
  account: WhatsAppAccount,
  parties: Parties,
): AdmittedMessage["route"] {
  const route = host.channel.routing.resolveAgentRoute({
    cfg,
    channel: CHANNEL_ID,
    accountId: account.accountId,
    peer: { kind: parties.kind, id: parties.conversation },
  });
  return parties.kind === "group"
    ? { ...route, sessionKey: groupSessionKey(route.sessionKey, account.accountId) }
    : route;
}

/** How long a group's message waits for its subject, also while the connection is being replaced. */
const GROUP_WAIT_MS = 5_000;

/** The subject and members make the prompt better; a message is not held up for them. */
async function groupOf({ host, entry, capture }: Allowed): Promise<GroupInfo | null> {
  try {
    const signal = AbortSignal.timeout(GROUP_WAIT_MS);
    return await host.runtime().groupInfo(entry.message.chat, { capture, signal });
  } catch (error) {
    host.log.debug("The group's subject and members are unknown for now.", { error });
    return null;
  }
}

/** Tells the owner of what was too old to be answered, where the account's unprompted messages go: `defaultTo`, else the chat with oneself. */
export async function notifyOwner(host: InboundHost): Promise<void> {
  await host.notices.settled();
  const notice = host.notices.take(host.maxAgeMinutes());
  if (notice === null) return;
  const runtime = host.runtime();
  const { config } = resolveAccount(host.config(), host.accountId);
  const owner = config.defaultTo ?? runtime.self().pn;
  if (!owner) {
    host.notices.told();
    host.log.warn(
      "The owner could not be told of old messages: nobody to tell; set channels.whatsapp.defaultTo.",
    );
    return;
  }
  const outcome = await runtime.send({
    sendId: notice.sendId,
    chat: targetJid(normalizeTarget(owner) ?? owner),
    content: { operation: "text", text: notice.text, quotedRaw: null, mentions: [] },
  });
  if (outcome.outcome === "acked") return host.notices.told();
  if (outcome.left) host.notices.told();
  else host.notices.putBack();
  host.log.warn(
    `The owner could not be told of old messages: ${outcome.sentence}${outcome.left ? "" : " It is tried again with the next notice, or after the next start."}`,
  );
}

function ended(state: Admission["state"], reason: string): Reading {
  return { kind: "end", end: { state, reason } };
}

function ignored(reason: string): Reading {
  return ended("ignored", reason);
}

function dropSentence(reason: string): string {
  return reason === "group-not-listed"
    ? 'A group that is not in channels.whatsapp.groups wrote; add its JID there, or "*" for all groups, to admit it.'
    : `A group message was dropped (${reason}).`;
}
