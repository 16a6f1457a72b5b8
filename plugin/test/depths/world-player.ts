import type { WorldEvent } from "../../src/events/index.ts";
import { type WhatsAppServer, WorldScript } from "fixtures/whatsapp-server";
import type { ScheduledEvent } from "./story.ts";

/** The plugin's side of one account on a stage: its operator and its agent. */
export interface Party {
  start(): void | Promise<void>;
  /** `shutdown` is for good; after `restart` somebody starts it again in the same process. */
  stop(reason: "shutdown" | "restart"): Promise<void>;
  restart(): Promise<void>;
  /** The process ends without a word; absent where others live in it. */
  kill?(): Promise<void>;
  /** The agent's turn over the message with this reference is over. */
  answer(ref: string): void;
  /** A socket of the same process that no controller knows any more logs in; absent where the stage has no hold on the process. */
  strayLogin?(): void;
  /** The agent writes of its own accord. */
  write(ref: string, contact: { readonly pn: string; readonly chat: string }): void;
}

/** The machine the plugin runs on, where a stage can make it falter. */
export interface Machine {
  /** The event loop did not turn for this long. */
  stall(ms: number): void;
  /** The wall clock was set, or the host slept. */
  jump(ms: number): void;
}

/** Makes what the world did happen: to the server, the network, the people, the machine and the operator. */
export class WorldPlayer {
  readonly #server: WhatsAppServer;
  readonly #machine: Machine;
  readonly #nameOf: (account: string) => string;
  readonly #scripts = new Map<string, WorldScript>();

  /** @param nameOf what the server calls an account of the incident */
  constructor(
    server: WhatsAppServer,
    machine: Machine,
    nameOf: (account: string) => string = (account) => account,
  ) {
    this.#server = server;
    this.#machine = machine;
    this.#nameOf = nameOf;
  }

  async play({ event, account }: ScheduledEvent, party: Party): Promise<void> {
    switch (event.kind) {
      case "server.struck":
        if (event.by === undefined) return this.#scriptOf(account).play(event);
        return replace(event.by, party);
      case "fault.set":
      case "fault.cleared":
      case "contact.wrote":
      case "phone.changed":
        return this.#scriptOf(account).play(event);
      case "agent.answered":
        if (event.unasked === true) party.write(event.ref, this.#addressOf(event.chat));
        else party.answer(event.ref);
        return;
      case "operator.ordered":
        return order(event.act, party);
      case "clock.shifted":
        this.#machine.jump(event.jumpMs);
        return;
      case "loop.blocked":
        this.#machine.stall(event.stallMs);
        return;
      case "world.ended":
        return;
    }
  }

  #addressOf(chat: string): { readonly pn: string; readonly chat: string } {
    const { world } = this.#server;
    const group = world.findGroup(chat)?.id;
    if (group !== undefined) return { pn: group, chat: group };
    const contact = world.contact(chat);
    return { pn: `+${contact.user.pn}`, chat: contact.jid("lid") };
  }

  #scriptOf(account: string): WorldScript {
    const known = this.#scripts.get(account);
    if (known !== undefined) return known;
    const script = new WorldScript(this.#server, this.#server.world.account(this.#nameOf(account)));
    this.#scripts.set(account, script);
    return script;
  }
}

type Replacer = NonNullable<Extract<WorldEvent, { kind: "server.struck" }>["by"]>;

function replace(by: Replacer, party: Party): void {
  if (by !== "own-socket" || party.strayLogin === undefined) {
    throw new UnplayableStory(`a connection replaced by ${by} needs another program on this stage`);
  }
  party.strayLogin();
}

type Order = Extract<WorldEvent, { kind: "operator.ordered" }>["act"];

async function order(act: Order, party: Party): Promise<void> {
  switch (act) {
    case "start":
      return party.start();
    case "stop":
      return party.stop("shutdown");
    case "health-restart":
      return party.stop("restart");
    case "restart":
      return party.restart();
    case "kill":
      if (party.kill === undefined) {
        throw new UnplayableStory("a process that is killed would take the other accounts along");
      }
      return party.kill();
    case "relink":
    case "logout":
      throw new UnplayableStory(`an operator's ${act} needs a person with a phone`);
  }
}

/** The story has something in it that this depth cannot make happen. */
export class UnplayableStory extends Error {
  override readonly name = "UnplayableStory";
  readonly code = "WA_ERR_UNPLAYABLE";
}
