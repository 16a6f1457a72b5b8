import { Ajv } from "ajv";
import { buildChannelConfigSchema } from "openclaw/plugin-sdk/channel-core";
import { describe, expect, test } from "vitest";
import { channelSchema } from "./channel-schema.ts";

/** A schema as far as the walk below understands it. */
interface Node {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly additionalProperties?: Node | boolean;
  readonly items?: Node;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Node[];
  readonly const?: unknown;
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly default?: unknown;
}

const accepts = new Ajv({ strict: false, allErrors: true }).compile(channelSchema as object);

/** The official plugin's own schema comes with the host; it is the one its manifest publishes. */
async function officialSchema(): Promise<Node> {
  // @ts-expect-error The subpath has no declarations; only the schema object is used.
  const loaded = (await import("openclaw/plugin-sdk/bundled-channel-config-schema")) as {
    WhatsAppConfigSchema: Parameters<typeof buildChannelConfigSchema>[0];
  };
  return buildChannelConfigSchema(loaded.WhatsAppConfigSchema).schema;
}

/** Every value worth trying at every key, as a whole config each: `{ "groups": { "any": { "requireMention": true } } }`. */
function* samples(node: Node): Generator {
  if (node.enum !== undefined) yield* node.enum;
  else if (node.const !== undefined) yield node.const;
  else if (node.anyOf !== undefined) for (const branch of node.anyOf) yield* samples(branch);
  else if (node.type === "boolean") yield* [true, false];
  else if (node.type === "integer")
    yield* [(node.minimum ?? 0) + (node.exclusiveMinimum === undefined ? 0 : 1), 7];
  else if (node.type === "string") yield "text";
  else if (node.type === "array") for (const item of samples(node.items ?? {})) yield [item];
  else if (node.type === "object") yield* objects(node);
}

function* objects(node: Node): Generator {
  yield {};
  for (const [key, child] of Object.entries(node.properties ?? {})) {
    for (const value of samples(child)) yield { [key]: value };
  }
  if (typeof node.additionalProperties !== "object") return;
  for (const value of samples(node.additionalProperties)) yield { any: value };
}

/** Paths of all keys, `accounts.*.groups.*.tools.allow`. */
function keysOf(node: Node, path = ""): string[] {
  const named = Object.entries(node.properties ?? {}).map(([key, child]) => ({ key, child }));
  const free =
    typeof node.additionalProperties === "object"
      ? [{ key: "*", child: node.additionalProperties }]
      : [];
  return [...named, ...free].flatMap(({ key, child }) => {
    const here = path === "" ? key : `${path}.${key}`;
    return [here, ...keysOf(child, here)];
  });
}

describe("channels.whatsapp", () => {
  test("has exactly the official keys, at the channel and at every account", async () => {
    const official = keysOf(await officialSchema()).toSorted();
    expect(official.length).toBeGreaterThan(100);
    expect(keysOf(channelSchema as Node).toSorted()).toEqual(official);
  });

  test("accepts every official key with every kind of value", async () => {
    const all = [...samples(await officialSchema())];
    expect(all.length).toBeGreaterThan(150);
    const refused = all.filter((config) => !accepts(config));
    expect(refused).toEqual([]);
  });

  test("has the official defaults", async () => {
    const defaults = (node: Node) =>
      Object.fromEntries(
        Object.entries(node.properties ?? {}).flatMap(([key, child]) =>
          child.default === undefined ? [] : [[key, child.default]],
        ),
      );
    expect(defaults(channelSchema as Node)).toEqual(defaults(await officialSchema()));
  });

  test.each([
    ["a key of nobody", { bogus: true }],
    ["a key of nobody in an account", { accounts: { work: { bogus: 1 } } }],
    ["a setting of this plugin", { keepalive: { mode: "iq" } }],
    ["a wrong type", { sendReadReceipts: "yes" }],
    ["a word that is not one of the choices", { dmPolicy: "everybody" }],
    ["a number below its range", { textChunkLimit: 0 }],
  ])("refuses %s", (_what, config) => {
    expect(accepts(config)).toBe(false);
  });
});
