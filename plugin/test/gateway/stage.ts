import { type Gateway, startGateway } from "fixtures/gateway";
import { startModelServer } from "fixtures/model-server";
import {
  type SimulatedAccount,
  type SimulatedContact,
  startWhatsAppServer,
  type WhatsAppServer,
} from "fixtures/whatsapp-server";
import { vi } from "vitest";
import { packedPlugin } from "./packed-plugin.ts";

/** A linked account in a real gateway, and the simulated WhatsApp around it. */
export interface Stage {
  readonly whatsapp: WhatsAppServer;
  readonly gateway: Gateway;
  readonly account: SimulatedAccount;
  stop(): Promise<void>;
}

export interface StageOptions {
  /** Section `channels.whatsapp`. */
  readonly channel?: Readonly<Record<string, unknown>>;
  readonly officialPlugin?: string;
  /** Leaves the account without a linked device. */
  readonly unlinked?: boolean;
}

/** Answers everybody; groups only when mentioned. */
export const OPEN_CHANNEL = {
  enabled: true,
  dmPolicy: "open",
  allowFrom: ["*"],
  groupPolicy: "open",
} as const;

export async function setStage(options: StageOptions = {}): Promise<Stage> {
  const whatsapp = await startWhatsAppServer();
  const model = await startModelServer();
  const account = whatsapp.world.account("Shop");
  try {
    const gateway = await startGateway({
      plugin: await packedPlugin(),
      model,
      config: { channels: { whatsapp: options.channel ?? OPEN_CHANNEL } } as never,
      whatsappServer: whatsapp,
      ...(options.officialPlugin === undefined ? {} : { officialPlugin: options.officialPlugin }),
      beforeStart: async (home) => {
        if (options.unlinked !== true) await account.link(home.authDir("default"));
      },
    });
    const stop = async (): Promise<void> => {
      await gateway.stop();
      await model.stop();
      await whatsapp.stop();
    };
    return { whatsapp, gateway, account, stop };
  } catch (error) {
    await model.stop();
    await whatsapp.stop();
    throw error;
  }
}

export interface AccountStatusView {
  readonly accountId: string;
  readonly phase: string;
  readonly socketId: number | null;
  readonly controller: number | null;
  readonly cause: {
    readonly id: string;
    readonly sentence: string;
    readonly action: string;
  } | null;
  readonly keepalive: { readonly mode: string; readonly intervalMs: number };
}

/** Status of one account by the plugin's own RPC. */
export async function statusOf(
  gateway: Gateway,
  accountId = "default",
): Promise<AccountStatusView> {
  const { accounts } = await gateway.rpc<{ accounts: readonly AccountStatusView[] }>(
    "whatsappContinuity.status",
  );
  const found = accounts.find((account) => account.accountId === accountId);
  if (found === undefined) throw new Error(`The gateway runs no account ${accountId}.`);
  return found;
}

/** Waits until the account is in a phase; for set-up, where `expect.poll` is not to be had. */
export async function untilPhase(gateway: Gateway, phase: string, limitMs = 30_000): Promise<void> {
  await vi.waitFor(
    async () => {
      const status = await statusOf(gateway);
      if (status.phase !== phase)
        throw new Error(`The account is ${status.phase}: ${status.cause?.sentence}`);
    },
    { timeout: limitMs, interval: 200 },
  );
}

let markers = 0;
/** A word that occurs once in all tests, so that an answer can be told from every other. */
export function marker(): string {
  markers += 1;
  return `marker-${process.pid}-${markers}x`;
}

/** Messages whose text contains the marker, as the person decrypted them. */
export function answersIn(person: SimulatedContact, word: string) {
  return person.inbox.messages.filter(({ text }) => text.includes(word));
}

/** A reply was received once: one message, one copy. Waits `quietMs` for one too many. */
export async function settled(quietMs = 1_500): Promise<void> {
  await new Promise((resolve) => {
    setTimeout(resolve, quietMs);
  });
}
