import type { RawError } from "../../events/index.ts";
import { errorOfText } from "./reported-error.ts";
import type { Telling, Template } from "./template.ts";

/**
 * How people write down what they saw when they do not quote the line: `status 440: session conflict`, `+16 min`, `controller B boots`.
 * Read only in pasted text, after the real lines; everything it tells is marked assumed.
 *
 * @param usualStatus the status the text speaks of most, for drops that name none
 */
export function shorthandTemplates(usualStatus: number | null): readonly Template[] {
  return [
    {
      pattern: /^\(?status (?<status>\d{3})\b[:\s]*(?<words>[^)]*)/,
      tell: (telling) => closed(telling, Number(telling.match.groups?.["status"])),
    },
    {
      pattern:
        /^(?:(?:first|next|another|second) )?(?:drop|disconnect)(?:ped|ed|s)?\b|^\+\s?\d+\s?(?:min|m|s|h)\b/i,
      tell: (telling) => closed(telling, usualStatus ?? CONNECTION_LOST),
    },
    {
      pattern: /^(?:begins: )?(?:controller|provider) ?\w* (?:boots|starts|comes up)/i,
      tell: ({ story, origin }) => story.controllerStarted({ ...origin, assumed: true }),
    },
    {
      pattern: /^ends: (?:controller|provider) ?\w* (?:boots|starts|comes up)/i,
      tell: ({ story, origin }) => story.opened({ ...origin, assumed: true }),
    },
    {
      pattern: /STALE\s*(?:→|->)\s*RECONNECTED/,
      tell: (telling) => {
        decide(telling, "restart");
        telling.story.opened({ ...telling.origin, assumed: true });
      },
    },
    {
      pattern: /^(?:connected|reconnected|back online)\b/i,
      tell: ({ story, origin }) => story.opened({ ...origin, assumed: true }),
    },
    {
      pattern:
        /^(?:last |one |first )?inbound(?: (?<kind>group|direct))?(?: message)?\b|^inbound message in (?<group>group)|(?:last|one|first) (?<which>group|direct) inbound/i,
      tell: inbound,
    },
    {
      pattern: /^channels\.logout/,
      tell: ({ story, origin }) =>
        story.fact({ ...origin, assumed: true }, () => ({ kind: "operator.acted", act: "logout" })),
    },
    { pattern: /^send ok\b/i, tell: (telling) => decide(telling, "send") },
    {
      pattern: /No active (?:WhatsApp Web )?listener/i,
      tell: (telling) => decide(telling, "send-failed"),
    },
    { pattern: /heartbeat|doctor:|liveness warning/i, tell: (telling) => decide(telling, "other") },
  ];
}

/** A connection that went silent, as Baileys calls it. */
const CONNECTION_LOST = 408;
const CONFLICT = 440;

function closed(telling: Telling, statusCode: number): void {
  const words = telling.match.groups?.["words"] ?? "";
  const plain = errorOfText(`status=${statusCode} ${words}`, statusCode, telling.scrub);
  const error: RawError =
    statusCode === CONFLICT
      ? {
          ...plain,
          message: "Stream Errored (conflict)",
          tag: "conflict",
          attrs: { type: "replaced" },
        }
      : plain;
  const { story, origin } = telling;
  story.closed({ ...origin, assumed: true }, error, `${statusCode}/${origin.ms}`);
}

function inbound({ story, origin, match }: Telling): void {
  const { kind, group, which } = match.groups ?? {};
  const isGroup = [kind, group, which].some((word) => word?.toLowerCase() === "group");
  story.fact({ ...origin, assumed: true }, (socketId) => ({
    kind: "message.journalled",
    socketId,
    messageId: "reported",
    chat: "unknown",
    chatKind: isGroup ? "group" : "direct",
    via: "live",
    ageMs: null,
    fromMe: false,
    mentioned: false,
    duplicate: false,
  }));
}

function decide(
  { story, origin }: Telling,
  decision: "send" | "send-failed" | "restart" | "other",
): void {
  story.decided({ ...origin, assumed: true }, { by: "person", decision });
}
