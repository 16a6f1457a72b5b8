import type { LogRecord, WorldEvent } from "../../src/events/index.ts";
import { type WhatsAppServer, WorldScript } from "fixtures/whatsapp-server";
import type { StagedAccount } from "./staged-account.ts";
import type { VirtualClock } from "./virtual-clock.ts";

/** A world event and when it happens, in milliseconds since the story began; the runs of an incident follow each other. */
export interface ScheduledEvent {
  readonly atMs: number;
  readonly account: string;
  readonly event: WorldEvent;
}

/** The world records of an incident in order of time, over all its runs. */
export function scheduleOf(records: readonly LogRecord[]): readonly ScheduledEvent[] {
  const starts = new Map<string, number>();
  for (const record of records) {
    if (record.kind !== "log.header" || starts.has(record.boot)) continue;
    starts.set(record.boot, Date.parse(record.startedAt) - record.at);
  }
  const first = Math.min(...starts.values());
  return records
    .flatMap((record) =>
      record.dir === "world"
        ? [
            {
              atMs: (starts.get(record.boot) ?? first) - first + record.at,
              account: record.account,
              event: record,
            },
          ]
        : [],
    )
    .toSorted((a, b) => a.atMs - b.atMs);
}

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
        staged.answer(event.ref);
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
