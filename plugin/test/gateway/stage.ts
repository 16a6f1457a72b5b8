import { type Gateway, startGateway } from "fixtures/gateway";
import { startModelServer } from "fixtures/model-server";
import {
  type ReceivedMessage,
  type SimulatedAccount,
  type SimulatedContact,
  startWhatsAppServer,
  type WhatsAppServer,
} from "fixtures/whatsapp-server";
import { packedPlugin } from "./packed-plugin.ts";

/** One real gateway with the packed plugin, the simulated WhatsApp around it, and the people who write. */
export interface Stage {
  readonly whatsapp: WhatsAppServer;
  readonly gateway: Gateway;
  readonly account: SimulatedAccount;
  readonly alice: SimulatedContact;
  readonly bob: SimulatedContact;
  readonly answers: Answers;
  stop(): Promise<void>;
}

/** All suites play on one stage; it is set after they have been collected. */
export type TheStage = () => Stage;

/** Time for a turn through gateway, agent and model on a busy machine; the first one takes 5 s on an idle one. */
export const ANSWER_MS = 60_000;

const OFFICIAL_PLUGIN = "@openclaw/whatsapp";

/** Answers everybody; groups only when mentioned. `null` takes back what a test may have set. */
export const OPEN_CHANNEL = {
  enabled: true,
  dmPolicy: "open",
  allowFrom: ["*"],
  groupPolicy: "open",
  groupAllowFrom: null,
  groups: null,
  replyToMode: null,
  sendReadReceipts: null,
  responsePrefix: null,
  accounts: { default: {}, office: null, fresh: null },
};

/**
 * Sets the stage: the official plugin is installed beside ours, as at somebody who changes over, and is not named in the config.
 * WhatsApp is reached under its own names through a preload that the plugin does not know of.
 */
export async function setStage(): Promise<Stage> {
  const ends: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    for (const end of ends.splice(0).toReversed()) await end();
  };
  try {
    const whatsapp = await startWhatsAppServer({ tls: true });
    ends.push(() => whatsapp.stop());
    const model = await startModelServer();
    ends.push(() => model.stop());
    const account = whatsapp.world.account("Shop");
    const gateway = await startGateway({
      plugin: await packedPlugin(),
      officialPlugin: OFFICIAL_PLUGIN,
      model,
      whatsappServer: whatsapp,
      config: {
        channels: { whatsapp: OPEN_CHANNEL },
        // Its own installation enables it explicitly, which is the subject of the suite about ownership.
        plugins: { entries: { whatsapp: null } },
      },
      beforeStart: async (home) => {
        await account.link(home.authDir("default"));
      },
    });
    ends.push(() => gateway.stop());
    model.script({ match: /(marker-[\w-]+x)/, answer: "You said $1." });
    return {
      whatsapp,
      gateway,
      account,
      alice: whatsapp.world.contact("Alice"),
      bob: whatsapp.world.contact("Bob"),
      answers: new Answers(),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

let markers = 0;

/** A word that occurs once in all tests, so that an answer can be told from every other. */
export function marker(): string {
  markers += 1;
  return `marker-${process.pid}-${markers}x`;
}

/** What people were answered, remembered until the end: a copy may come long after its test. */
export class Answers {
  readonly #expected: { readonly person: SimulatedContact; readonly word: string }[] = [];

  /** The first answer with the word. */
  async first(person: SimulatedContact, word: string): Promise<ReceivedMessage> {
    const answer = await person.inbox.waitFor(({ text }) => text.includes(word), ANSWER_MS);
    this.#expected.push({ person, word });
    return answer;
  }

  /** Every answer so far that did not come exactly once, with how it did come. */
  surplus(): string[] {
    return this.#expected.flatMap(({ person, word }) => {
      const received = answersIn(person, word);
      const copies = received.reduce((sum, message) => sum + message.copies, 0);
      return copies === 1
        ? []
        : [`${person.name} got ${word} ${copies} times in ${received.length} messages`];
    });
  }
}

/** Messages whose text contains the word, as the person decrypted them. */
export function answersIn(person: SimulatedContact, word: string): ReceivedMessage[] {
  return person.inbox.messages.filter(({ text }) => text.includes(word));
}
