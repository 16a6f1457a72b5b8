import { readStringParam } from "openclaw/plugin-sdk/channel-actions";
import { readBooleanParam } from "openclaw/plugin-sdk/boolean-param";
import { sendIdOf } from "../outbound/delivery-id.ts";
import { renderMessages, visibleText } from "../outbound/format.ts";
import { type LoadedMedia, maxMediaBytes } from "../outbound/media-host.ts";
import { prepareFile } from "../outbound/outgoing-file.ts";
import { textContent } from "../outbound/send-media.ts";
import { isActionEnabled } from "./action-config.ts";
import type { ActionRequest } from "./action-request.ts";

const SOURCES = ["media", "mediaUrl", "filePath", "path", "fileUrl"] as const;
const CAPTIONS = ["message", "content", "caption"] as const;

/** Sends a file by address or path, or the bytes of one, with its name and form as the caller wants them. */
export async function uploadFile(request: ActionRequest): Promise<Record<string, unknown>> {
  const { host, context, delivery } = request;
  const { cfg, params } = context;
  if (!isActionEnabled(cfg, "sendMessage")) {
    throw new Error("Sending files is switched off; set channels.whatsapp.actions.sendMessage.");
  }
  const maxBytes = maxMediaBytes(cfg, delivery.account.accountId);
  const source = firstString(params, SOURCES);
  const given = givenBytes(params, maxBytes);
  if (source === undefined && given === null) {
    throw new Error(`A file is missing: give ${SOURCES.join(", ")} or buffer.`);
  }
  const texts = renderMessages(
    visibleText(firstString(params, CAPTIONS)),
    host.textLimit(delivery),
  );
  const fileName = firstString(params, ["filename", "fileName"]);
  const mimeType = firstString(params, ["contentType", "mimeType"]);
  const file = await prepareFile(
    host.media,
    {
      source: source ?? fileName ?? "",
      ...(given === null ? {} : { given }),
      caption: texts[0] ?? null,
      forceDocument: flag(params, "forceDocument") || flag(params, "asDocument"),
      asGif: flag(params, "gifPlayback"),
      ...(fileName === undefined ? {} : { fileName }),
      ...(mimeType === undefined ? {} : { mimeType }),
    },
    context,
    maxBytes,
  );
  const rest = file.content.caption === null ? texts : texts.slice(1);
  const count = rest.length + 1;
  const sendId = (index: number, text: string) =>
    sendIdOf({ queueId: undefined, index, count, text });
  await delivery.send({ ...file, sendId: sendId(0, "file") });
  for (const [index, text] of rest.entries()) {
    await delivery.send({ sendId: sendId(index + 1, text), content: textContent(text) });
  }
  return { messageId: delivery.result().messageId, to: delivery.to };
}

/** @throws Error when it is no base64 or more than the account may send */
function givenBytes(params: Record<string, unknown>, maxBytes: number): LoadedMedia | null {
  const encoded = readStringParam(params, "buffer", { trim: false })?.trim();
  if (encoded === undefined) return null;
  const [, typeInUrl, inUrl] = /^data:([^;,]+)[^,]*;base64,(.*)$/is.exec(encoded) ?? [];
  const base64 = (inUrl ?? encoded).replaceAll(/\s/g, "");
  if (base64.length * 0.75 > maxBytes + 2) throw tooBig(maxBytes);
  if (!/^[\w+/-]+={0,2}$/.test(base64)) throw new Error("`buffer` is not base64.");
  const bytes = Buffer.from(base64, "base64");
  if (bytes.byteLength > maxBytes) throw tooBig(maxBytes);
  return { bytes, mimeType: typeInUrl, kind: "document", fileName: undefined };
}

function tooBig(maxBytes: number): Error {
  return new Error(
    `The file is larger than ${Math.floor(maxBytes / 1024 / 1024)} MB; raise channels.whatsapp.mediaMaxMb to send it.`,
  );
}

function firstString(
  params: Record<string, unknown>,
  names: readonly string[],
): string | undefined {
  for (const name of names) {
    const value = readStringParam(params, name, { allowEmpty: false });
    if (value !== undefined) return value;
  }
  return undefined;
}

function flag(params: Record<string, unknown>, name: string): boolean {
  return readBooleanParam(params, name) === true;
}
