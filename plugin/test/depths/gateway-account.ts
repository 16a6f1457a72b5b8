import type { Gateway } from "fixtures/gateway";
import type { SimulatedAccount } from "fixtures/whatsapp-server";
import type { Party } from "./world-player.ts";

/** One account of the packed plugin in a real gateway; the operator is its config and its own methods. */
export class GatewayAccount implements Party {
  readonly accountId: string;
  readonly simulated: SimulatedAccount;
  readonly #gateway: Gateway;
  readonly #heldRules: ReadonlyMap<string, string>;
  /** Answers that the story still holds back. */
  readonly held: Set<string>;
  /** How often the agent wrote of its own accord. */
  unasked = 0;
  #isStoppedByGateway = false;

  /** @param heldRules model rules by the reference of the message whose answer they hold */
  constructor(
    gateway: Gateway,
    accountId: string,
    simulated: SimulatedAccount,
    heldRules: ReadonlyMap<string, string>,
  ) {
    this.#gateway = gateway;
    this.accountId = accountId;
    this.simulated = simulated;
    this.#heldRules = heldRules;
    this.held = new Set(heldRules.keys());
  }

  async start(): Promise<void> {
    const { accountId } = this;
    if (this.#isStoppedByGateway) {
      this.#isStoppedByGateway = false;
      await this.#gateway.rpc("channels.start", { channel: "whatsapp", accountId });
    } else {
      await this.#configure(true);
    }
  }

  async stop(reason: "shutdown" | "restart"): Promise<void> {
    const { accountId } = this;
    if (reason === "shutdown") return this.#configure(false);
    this.#isStoppedByGateway = true;
    await this.#gateway.rpc("channels.stop", { channel: "whatsapp", accountId });
  }

  async restart(): Promise<void> {
    await this.#gateway.rpc("whatsappContinuity.restart", { accountId: this.accountId });
  }

  answer(ref: string): void {
    const rule = this.#heldRules.get(ref);
    if (rule === undefined) return;
    this.held.delete(ref);
    this.#gateway.model.release(rule);
  }

  write(ref: string, { pn }: { readonly pn: string }): void {
    const { accountId } = this;
    this.unasked += 1;
    const idempotencyKey = `${accountId}-${ref}`;
    const message = `Unasked: ${ref}`;
    const sent = this.#gateway.rpc(
      "send",
      { channel: "whatsapp", accountId, to: pn, message, idempotencyKey },
      { timeoutMs: 180_000 },
    );
    // How it ends is in the records; a refusal is a decision like any other.
    sent.catch(() => undefined);
  }

  /** Phase of the plugin's own status; accounts that do not run are not in it. */
  async phase(): Promise<string> {
    const { accounts } = await this.#gateway.rpc<{
      accounts: readonly { readonly accountId: string; readonly phase: string }[];
    }>("whatsappContinuity.status");
    return accounts.find(({ accountId }) => accountId === this.accountId)?.phase ?? "stopped";
  }

  async #configure(enabled: boolean): Promise<void> {
    const accounts = { [this.accountId]: { enabled } };
    await this.#gateway.configPatch({ channels: { whatsapp: { accounts } } });
  }
}
