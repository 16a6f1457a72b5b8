/** Goal: an agent is offered what the owner allows, and nothing else is done, also when it is asked for all the same. */
import type { OpenClawConfig } from "openclaw/plugin-sdk/channel-core";
import { afterEach, expect, test } from "vitest";
import type { SendRequest } from "../../runtime/account.ts";
import { type AccountAtWork, AccountsAtWork } from "../accounts-at-work.ts";
import { createMessageActions } from "./message-actions.ts";

const ALICE = "+15550100001";
const CHAT = "15550100001@s.whatsapp.net";
const GROUP = "120363000000000001@g.us";

const accounts = new AccountsAtWork();
const requests: SendRequest[] = [];

/** The account's runtime and journal as the actions use them: one message of Alice is kept, and one of our own. */
const account = {
  accountId: "default",
  runtime: {
    send: (request: SendRequest) => {
      requests.push(request);
      return Promise.resolve({ outcome: "acked", messageId: "3EB0OUT" });
    },
  },
  journal: {
    findRaw: (messageId: string) => (messageId === "KEPT" ? "raw of KEPT" : null),
    findMessage: (messageId: string) => (messageId === "KEPT" ? { fromMe: false } : null),
    custodyByMessageId: (messageId: string) => (messageId === "3EB0OWN" ? {} : null),
  },
} as unknown as AccountAtWork;
accounts.add(account);

const actions = createMessageActions({
  accounts,
  onSent: () => undefined,
  textLimit: () => 4_000,
  media: {
    load: () => Promise.reject(new Error("nothing is loaded here")),
    toVoice: () => Promise.reject(new Error("no ffmpeg")),
    warn: () => undefined,
  },
});

afterEach(() => void requests.splice(0));

type Section = NonNullable<NonNullable<OpenClawConfig["channels"]>["whatsapp"]>;

function config(section: Partial<Section>): OpenClawConfig {
  return { channels: { whatsapp: { dmPolicy: "open", ...section } } };
}

function offered(section: Partial<Section>) {
  return actions.describeMessageTool({ cfg: config(section) })?.actions;
}

type Context = Parameters<NonNullable<typeof actions.handleAction>>[0];

async function act(
  action: Context["action"],
  params: Record<string, unknown>,
  more: Partial<Context> & { section?: Partial<Section> } = {},
) {
  const { section = {}, ...rest } = more;
  return actions.handleAction?.({
    channel: "whatsapp",
    action,
    params,
    cfg: config(section),
    ...rest,
  });
}

const content = () => requests[0]?.content;

test("everything is offered until it is switched off", () => {
  expect(offered({})).toEqual(["react", "poll", "upload-file", "edit", "unsend"]);
  expect(offered({ actions: { reactions: false } })).not.toContain("react");
  expect(offered({ reactionLevel: "ack" })).not.toContain("react");
  expect(offered({ actions: { polls: false } })).not.toContain("poll");
  expect(offered({ actions: { sendMessage: false } })).toEqual(["react", "poll"]);
  expect(actions.describeMessageTool({ cfg: {} })).toBeNull();
});

test.each([
  ["react", { messageId: "KEPT", emoji: "👍" }, { actions: { reactions: false } }],
  ["react", { messageId: "KEPT", emoji: "👍" }, { reactionLevel: "off" }],
  ["edit", { messageId: "3EB0OWN", message: "x" }, { actions: { sendMessage: false } }],
  ["unsend", { messageId: "3EB0OWN" }, { actions: { sendMessage: false } }],
  ["upload-file", { buffer: "aGk=" }, { actions: { sendMessage: false } }],
] as const)("%s is refused when it is off, whoever asks", async (action, params, section) => {
  await expect(act(action, { to: ALICE, ...params }, { section })).rejects.toThrow(/switched off/);
  expect(requests).toEqual([]);
});

test("nobody outside the allowlist is reached", async () => {
  const section = { allowFrom: ["+15550100009"] };
  const refused = act("react", { to: ALICE, messageId: "KEPT", emoji: "👍" }, { section });
  await expect(refused).rejects.toMatchObject({ name: "ToolAuthorizationError" });
  expect(requests).toEqual([]);
});

test("a reaction names the message as the journal keeps it, by its author, or as an own one", async () => {
  await act("react", { to: ALICE, messageId: "KEPT", emoji: "👍" });
  expect(content()).toEqual({ operation: "reaction", targetRaw: "raw of KEPT", emoji: "👍" });
  const byId = { operation: "reaction", targetRaw: null };
  requests.length = 0;
  await act("react", { to: ALICE, messageId: "3EB0OWN", emoji: "👍" });
  expect(content()).toEqual({ ...byId, targetMessageId: "3EB0OWN", emoji: "👍" });
  requests.length = 0;
  await act("react", { to: GROUP, messageId: "OLD", emoji: "👍", participant: "+15550100002" });
  expect(content()).toMatchObject({ ...byId, targetAuthor: "15550100002@s.whatsapp.net" });
  const unknown = act("react", { to: GROUP, messageId: "OLD", emoji: "👍" });
  await expect(unknown).rejects.toThrow(/participant/);
});

test("without a message id it is about the message that the turn answers, in its own chat only", async () => {
  const toolContext = {
    currentChannelProvider: "whatsapp",
    currentChannelId: ALICE,
    currentMessageId: "KEPT",
  } as const;
  await act("react", { emoji: "👍" }, { toolContext });
  expect(requests[0]).toMatchObject({ chat: CHAT, content: { targetRaw: "raw of KEPT" } });
  const elsewhere = act("react", { to: GROUP, emoji: "👍" }, { toolContext });
  await expect(elsewhere).rejects.toThrow(/messageId/);
});

test("a file given as bytes goes out with its name; too many bytes or none do not", async () => {
  const buffer = Buffer.from("%PDF").toString("base64");
  await act("upload-file", {
    to: ALICE,
    buffer,
    filename: "a.pdf",
    contentType: "application/pdf",
  });
  expect(content()).toMatchObject({
    shownAs: "document",
    fileName: "a.pdf",
    mimeType: "application/pdf",
  });
  expect(Buffer.from(requests[0]?.bytes ?? []).toString()).toBe("%PDF");
  const section = { mediaMaxMb: 1 };
  const big = Buffer.alloc(2 ** 21).toString("base64");
  await expect(act("upload-file", { to: ALICE, buffer: big }, { section })).rejects.toThrow(/1 MB/);
  await expect(act("upload-file", { to: ALICE, buffer: "not base64!" })).rejects.toThrow(/base64/);
  await expect(act("upload-file", { to: ALICE })).rejects.toThrow(/A file is missing/);
});

test("messages of others cannot be changed, and a new text must be one message", async () => {
  const foreign = act("edit", { to: ALICE, messageId: "KEPT", message: "mine" });
  await expect(foreign).rejects.toThrow(/written by somebody else/);
  const own = { to: ALICE, messageId: "3EB0OWN" };
  await expect(act("edit", { ...own, message: " " })).rejects.toThrow(/empty|required/);
  const long = "word ".repeat(1_000);
  await expect(act("edit", { ...own, message: long })).rejects.toThrow(/longer than one message/);
  await act("edit", { ...own, message: "**new**" });
  expect(content()).toEqual({ operation: "edit", targetMessageId: "3EB0OWN", text: "*new*" });
});
