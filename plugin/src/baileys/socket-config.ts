import type { AuthState } from "./auth-state.ts";
import type {
  Baileys,
  GroupMetadata,
  proto,
  UserFacingSocketConfig,
  WAMessageKey,
} from "./library.ts";
import { isOnDemand } from "./history-pages.ts";
import { planOutgoing } from "./outgoing.ts";
import { isPreparedOnce } from "./prepared-message.ts";
import { proxyAgent } from "./proxy.ts";
import type { SocketFactoryOptions, SocketTiming } from "./socket-options.ts";
import { socketUrlFrom } from "./socket-url.ts";

export interface SocketConfigParts {
  readonly baileys: Baileys;
  readonly options: SocketFactoryOptions;
  readonly timing: SocketTiming;
  readonly auth: AuthState;
  readonly logger: NonNullable<UserFacingSocketConfig["logger"]>;
  readonly makeSignalRepository: NonNullable<UserFacingSocketConfig["makeSignalRepository"]>;
  groupMetadata(chat: string): GroupMetadata | undefined;
}

/** An override of the socket URL that must not be used; the sentence says what to do. */
export class SocketUrlRefused extends Error {
  constructor(problem: string) {
    super(problem);
    this.name = "SocketUrlRefused";
  }
}

/**
 * The library's configuration.
 *
 * @throws SocketUrlRefused
 */
export function socketConfig(parts: SocketConfigParts): UserFacingSocketConfig {
  const { options, timing } = parts;
  const target = socketUrlFrom(options.env);
  if (!target.ok) throw new SocketUrlRefused(target.problem);
  // Plain ws goes to this machine only, where no proxy belongs.
  const agent = target.url?.startsWith("ws:") === true ? undefined : proxyAgent(options.env);
  return {
    auth: parts.auth.state,
    logger: parts.logger,
    makeSignalRepository: parts.makeSignalRepository,
    version: [...options.versions.current().version],
    browser: [...options.deviceName],
    ...(target.url === null ? {} : { waWebSocketUrl: target.url }),
    ...(agent === undefined ? {} : { agent, fetchAgent: agent }),
    connectTimeoutMs: timing.connectMs,
    defaultQueryTimeoutMs: timing.queryMs,
    keepAliveIntervalMs: timing.libraryKeepaliveMs,
    // Being online suppresses the notifications of the owner's phone.
    markOnlineOnConnect: false,
    syncFullHistory: false,
    // The default but for the pages that were asked for: those are read from the phone's own message, see `history-pages.ts`.
    shouldSyncHistoryMessage: (notification) =>
      !isOnDemand(notification.syncType) &&
      parts.baileys.DEFAULT_CONNECTION_CONFIG.shouldSyncHistoryMessage(notification),
    // Our own sends are in the journal before they leave.
    emitOwnEvents: false,
    getMessage: (key) => storedContent(parts, key),
    cachedGroupMetadata: async (chat) => parts.groupMetadata(chat),
  };
}

/**
 * Content of a message we sent, for a contact that could not decrypt it. The library remembers what it sent on this socket; this answers
 * for earlier ones. What holds random keys was kept as it left; the rest is made again.
 */
async function storedContent(
  parts: SocketConfigParts,
  key: WAMessageKey,
): Promise<proto.IMessage | undefined> {
  const { baileys } = parts;
  const custody = key.id ? parts.options.journal.custodyByMessageId(key.id) : null;
  const userJid = parts.auth.state.creds.me?.id;
  if (custody === null || userJid === undefined) return undefined;
  if (custody.prepared !== null) return baileys.proto.Message.decode(custody.prepared);
  if (isPreparedOnce(custody.content)) return undefined;
  const plan = planOutgoing(baileys, custody.chat, custody.content, custody.messageId);
  if (plan.type !== "message") return undefined;
  const message = await baileys.generateWAMessage(custody.chat, plan.content, {
    ...plan.options,
    userJid,
    logger: parts.logger,
    upload: () => Promise.reject(new Error("text needs no upload")),
  });
  return message.message ?? undefined;
}
