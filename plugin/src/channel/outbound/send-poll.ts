import type { ChannelPlugin } from "openclaw/plugin-sdk/channel-core";
import type { OutgoingContent } from "../../runtime/ports.ts";
import { notDispatched } from "./delivery.ts";

type SendPoll = NonNullable<NonNullable<ChannelPlugin["outbound"]>["sendPoll"]>;

/** A poll as the gateway asks for it. */
export type PollRequest = Pick<Parameters<SendPoll>[0], "poll">;

/** More than that WhatsApp's apps do not offer. */
export const MAX_POLL_OPTIONS = 12;
const MIN_POLL_OPTIONS = 2;

/** @throws PlatformMessageNotDispatchedError when it is no poll that WhatsApp can show */
export function pollContent({ poll }: PollRequest): OutgoingContent {
  const question = poll.question.trim();
  const options = poll.options.map((option) => option.trim()).filter((option) => option !== "");
  const { maxSelections = 1 } = poll;
  if (question === "") throw unfit("it has no question");
  if (options.length < MIN_POLL_OPTIONS || options.length > MAX_POLL_OPTIONS) {
    throw unfit(
      `it has ${options.length} options, WhatsApp takes ${MIN_POLL_OPTIONS} to ${MAX_POLL_OPTIONS}`,
    );
  }
  // WhatsApp's clients count votes by the option's text.
  if (new Set(options).size < options.length) throw unfit("two options are the same");
  if (!Number.isInteger(maxSelections) || maxSelections < 1 || maxSelections > options.length) {
    throw unfit(`${maxSelections} of ${options.length} options cannot be selected`);
  }
  return { operation: "poll", question, options, maxSelections };
}

function unfit(why: string): Error {
  return notDispatched(`The poll cannot be sent: ${why}.`, false);
}
