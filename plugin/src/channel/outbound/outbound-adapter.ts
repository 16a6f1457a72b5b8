import type {
  ChannelPlugin,
  OpenClawConfig,
  PluginRuntime,
} from "openclaw/plugin-sdk/channel-core";
import { missingTargetError } from "openclaw/plugin-sdk/channel-feedback";
import { convertMarkdownTables } from "openclaw/plugin-sdk/text-chunking";
import { normalizeTarget, targetKind } from "../accounts/targets.ts";
import { CHANNEL_ID } from "../identifiers.ts";
import { DURABLE_CAPABILITIES } from "./message-adapter.ts";
import { MAX_POLL_OPTIONS } from "./send-poll.ts";
import { DEFAULT_CHUNK_CHARS, MAX_MESSAGE_CHARS, renderMessages, visibleText } from "./format.ts";

type OutboundAdapter = NonNullable<ChannelPlugin["outbound"]>;

const TARGET_HINT = "<phone number|group JID|channel JID>";

/**
 * What the gateway does to a text before it reaches the message adapter. `deliveryMode: "gateway"` keeps sending in the process that holds
 * the socket; the command line only asks for it.
 */
export function createOutboundAdapter(
  runtime: () => PluginRuntime,
  send: Pick<OutboundAdapter, "sendPoll">,
): OutboundAdapter {
  return {
    deliveryMode: "gateway",
    textChunkLimit: DEFAULT_CHUNK_CHARS,
    // Rendered here, exactly once; the message adapter sends what it gets.
    chunker: (text, limit) => renderMessages(text, limit > 0 ? limit : MAX_MESSAGE_CHARS),
    chunkerMode: "markdown",
    sanitizeText: ({ text, cfg, accountId }) =>
      convertTables(runtime(), visibleText(text), cfg, accountId),
    normalizePayload: ({ payload }) =>
      payload.text === undefined ? payload : { ...payload, text: visibleText(payload.text) },
    sendTextOnlyErrorPayloads: true,
    deliveryCapabilities: { durableFinal: DURABLE_CAPABILITIES },
    pollMaxOptions: MAX_POLL_OPTIONS,
    ...send,
    resolveTarget: ({ to, allowFrom }) => resolveTarget(to, allowFrom),
  };
}

/** Tables as the account wants them; WhatsApp has none. */
function convertTables(
  runtime: PluginRuntime,
  text: string,
  cfg: OpenClawConfig | undefined,
  accountId: string | undefined,
): string {
  if (cfg === undefined) return text;
  const mode = runtime.channel.text.resolveMarkdownTableMode({
    cfg,
    channel: CHANNEL_ID,
    ...(accountId === undefined ? {} : { accountId }),
  });
  return convertMarkdownTables(text, mode === "block" ? "code" : mode);
}

/**
 * Accepts groups and channels as they are; people only when the allowlist has them or there is none, as the official plugin does for
 * sends that a model or a job starts.
 */
export function resolveTarget(
  to: string | undefined,
  allowFrom: readonly string[] | undefined,
): { readonly ok: true; readonly to: string } | { readonly ok: false; readonly error: Error } {
  const target = normalizeTarget(to ?? "");
  if (target === null) return { ok: false, error: missingTargetError("WhatsApp", TARGET_HINT) };
  if (targetKind(target) !== "direct") return { ok: true, to: target };
  const entries = (allowFrom ?? []).map((entry) => entry.trim()).filter((entry) => entry !== "");
  const listed = entries.filter((entry) => entry !== "*").map(normalizeTarget);
  if (listed.length === 0 || entries.includes("*") || listed.includes(target)) {
    return { ok: true, to: target };
  }
  return {
    ok: false,
    error: new Error(
      `${target} is not in channels.whatsapp.allowFrom; add it there before sending to it.`,
    ),
  };
}
