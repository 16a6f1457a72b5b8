import type { AccountRuntime } from "../../runtime/account.ts";
import type { GroupInfo, Jid, OutgoingContent } from "../../runtime/ports.ts";

/** `@+15550100001` or `@15550100001`, as a person or an agent writes it. */
const MENTION = /(?<![\w@.])@\+?(\d{5,20})(?!\d)/g;
/** Where a number is code and not a person. */
const CODE = /```[\s\S]*?```|`[^`\n]*`/g;

/** Whether a group has to be looked at before the text can be sent. */
function mayMention(text: string): boolean {
  return text.search(MENTION) !== -1;
}

/**
 * Turns numbers of members into mentions that WhatsApp shows by name and notifies. It knows a member by the address form of the group, so a
 * number is replaced by the hidden id where the group uses those. Numbers of others stay text.
 */
export function withMentions(
  text: string,
  group: Pick<GroupInfo, "participants">,
): { readonly text: string; readonly mentions: readonly Jid[] } {
  const code = [...text.matchAll(CODE)].map(({ index, 0: { length } }) => [index, index + length]);
  const isCode = (at: number) => code.some(([from = 0, to = 0]) => at >= from && at < to);
  const mentions = new Set<Jid>();
  const shown = text.replaceAll(MENTION, (written: string, digits: string, at: number) => {
    const member = isCode(at) ? undefined : memberOf(group, digits);
    if (member === undefined) return written;
    mentions.add(member);
    return `@${userOf(member)}`;
  });
  return { text: shown, mentions: [...mentions] };
}

function memberOf(group: Pick<GroupInfo, "participants">, digits: string): Jid | undefined {
  return group.participants.find(({ jid, alternate }) =>
    [jid, alternate].some((address) => address !== null && userOf(address) === digits),
  )?.jid;
}

/** Without device suffix and server. */
function userOf(jid: Jid): string {
  return jid.split(/[:@]/, 1)[0] ?? "";
}

/** How long a message waits for the members of its group, which are mostly known already. */
const GROUP_WAIT_MS = 5_000;

/** The same content with the members it names as mentions. Without the members in time, the numbers stay what they are: text. */
export async function mentioning(
  content: OutgoingContent,
  chat: Jid,
  runtime: Pick<AccountRuntime, "groupInfo">,
): Promise<OutgoingContent> {
  const written = textOf(content);
  if (written === null || !chat.endsWith("@g.us") || !mayMention(written)) return content;
  const group = await runtime
    .groupInfo(chat, { signal: AbortSignal.timeout(GROUP_WAIT_MS) })
    .catch(() => null);
  if (group === null) return content;
  const { text, mentions } = withMentions(written, group);
  if (content.operation === "text") return { ...content, text, mentions };
  return content.operation === "media" ? { ...content, caption: text, mentions } : content;
}

function textOf(content: OutgoingContent): string | null {
  if (content.operation === "text") return content.text;
  return content.operation === "media" ? content.caption : null;
}
