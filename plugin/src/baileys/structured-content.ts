import type { IncomingContent } from "../runtime/ports.ts";
import type { proto } from "./library.ts";

type Content = proto.IMessage;

/** More members of a list than a person reads; the rest is counted. */
const MAX_LISTED = 20;

/**
 * What somebody sent that is neither text nor a file and can still be read: a place, a contact, a poll, or the choice from a list that an
 * earlier message offered. Null for everything else.
 */
export function structuredContent(content: Content): IncomingContent | null {
  const chosen =
    content.buttonsResponseMessage?.selectedDisplayText ??
    content.templateButtonReplyMessage?.selectedDisplayText ??
    content.listResponseMessage?.title;
  // Tapped instead of typed; it is what the person says.
  if (chosen) return { type: "text", text: chosen };
  const place = content.locationMessage ?? content.liveLocationMessage;
  if (place) return other("location", placeText(place));
  const contacts = content.contactMessage
    ? [content.contactMessage]
    : content.contactsArrayMessage?.contacts;
  if (contacts) return other("contact", listText(contacts.map(contactText)));
  const poll =
    content.pollCreationMessage ??
    content.pollCreationMessageV2 ??
    content.pollCreationMessageV3 ??
    content.pollCreationMessageV5;
  return poll ? other("poll", pollText(poll)) : null;
}

function other(label: string, text: string): IncomingContent {
  return text === "" ? { type: "other", label } : { type: "other", label, text };
}

type Place = proto.Message.ILocationMessage & proto.Message.ILiveLocationMessage;

/** e.g. `48.858370, 2.294481 (within 20 m): Tower, 5 Avenue, meet here` */
function placeText(place: Place): string {
  const { degreesLatitude, degreesLongitude, accuracyInMeters } = place;
  const words = [place.name, place.address, place.comment ?? place.caption].filter(Boolean);
  if (!isNumber(degreesLatitude) || !isNumber(degreesLongitude)) return words.join(", ");
  const point = `${degreesLatitude.toFixed(6)}, ${degreesLongitude.toFixed(6)}`;
  const accuracy = accuracyInMeters ? ` (within ${accuracyInMeters} m)` : "";
  return `${point}${accuracy}${words.length === 0 ? "" : `: ${words.join(", ")}`}`;
}

/** The name and the numbers of a card (vCard, RFC 6350: `TEL;type=CELL:+1 555 01 00`, folded lines joined first). */
function contactText({ displayName, vcard }: proto.Message.IContactMessage): string {
  const lines = (vcard ?? "").replaceAll(/\r?\n[ \t]/g, "").split(/\r?\n/);
  const values = (property: RegExp): string[] =>
    lines.flatMap((line) => {
      const value = property.exec(line)?.groups?.["value"]?.trim();
      return value === undefined || value === "" ? [] : [value];
    });
  const [name = displayName ?? ""] = values(/^(?:[\w-]+\.)?FN(?:;[^:]*)?:(?<value>.*)$/i);
  const numbers = values(/^(?:[\w-]+\.)?TEL(?:;[^:]*)?:(?:tel:)?(?<value>.*)$/i);
  return [name, ...new Set(numbers)].filter((part) => part !== "").join(", ");
}

function pollText({ name, options }: proto.Message.IPollCreationMessage): string {
  const choices = (options ?? []).flatMap(({ optionName }) => (optionName ? [optionName] : []));
  return [name ?? "", listText(choices)].filter((part) => part !== "").join(" ");
}

/** e.g. `[one | two | and 3 more]` */
function listText(parts: readonly string[]): string {
  const named = parts.filter((part) => part !== "");
  if (named.length < 2) return named.join("");
  const more = named.length - MAX_LISTED;
  const shown = more > 0 ? [...named.slice(0, MAX_LISTED), `and ${more} more`] : named;
  return `[${shown.join(" | ")}]`;
}

function isNumber(value: number | null | undefined): value is number {
  return typeof value === "number" && Number.isFinite(value);
}
