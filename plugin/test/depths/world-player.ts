import type { WorldEvent } from "../../src/events/index.ts";
import { type WhatsAppServer, WorldScript } from "fixtures/whatsapp-server";
import type { StagedAccount } from "./staged-account.ts";
import type { ScheduledEvent } from "./story.ts";
import type { VirtualClock } from "./virtual-clock.ts";

/** Makes what the world did happen: to the server, the network, the people, the machine and the operator. */
export class WorldPlayer {
  readonly #server: WhatsAppServer;
  readonly #clock: VirtualClock;
  readonly #scripts = new Map<string, WorldScript>();

  constructor(server: WhatsAppServer, clock: VirtualClock) {
    this.#server = server;
    this.#clock = clock;
  }

  async play({ event, account }: ScheduledEvent, staged: StagedAccount): Promise<void> {
    switch (event.kind) {
      case "fault.set":
      case "fault.cleared":
      case "server.struck":
      case "contact.wrote":
      case "phone.changed":
        return this.#scriptOf(account).play(event);
      case "agent.answered":
        if (event.unasked === true) staged.write(event.ref, this.#addressOf(event.chat));
        else staged.answer(event.ref);
        return;
      case "operator.ordered":
        return order(event.act, staged);
      case "clock.shifted":
        this.#clock.jump(event.jumpMs);
        return;
      case "loop.blocked":
        this.#clock.stall(event.stallMs);
        return;
      case "world.ended":
        return;
    }
  }

  #addressOf(chat: string): string {
    const { world } = this.#server;
    return world.findGroup(chat)?.id ?? world.contact(chat).jid("lid");
  }

  #scriptOf(account: string): WorldScript {
    const known = this.#scripts.get(account);
    if (known !== undefined) return known;
    const script = new WorldScript(this.#server, this.#server.world.account(account));
    this.#scripts.set(account, script);
    return script;
  }
}

type Order = Extract<WorldEvent, { kind: "operator.ordered" }>["act"];

async function order(act: Order, staged: StagedAccount): Promise<void> {
  switch (act) {
    case "start":
      staged.start();
      return;
    case "stop":
      return staged.stop("shutdown");
    case "health-restart":
      return staged.stop("restart");
    case "restart":
      return staged.restart();
    case "relink":
    case "logout":
      throw new Error(`no incident needs the operator to ${act} at depth baileys yet`);
  }
}
