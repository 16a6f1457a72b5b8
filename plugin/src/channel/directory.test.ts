import type { OpenClawConfig } from "openclaw/plugin-sdk/channel-core";
import { expect, test } from "vitest";
import { createDirectory } from "./directory.ts";
import type { PluginInstance } from "./plugin-instance.ts";

const GROUP = "120363000000000001@g.us";
const cfg = {
  channels: {
    whatsapp: {
      allowFrom: ["+15550100001", "whatsapp:+1 555 010 0002", "*"],
      defaultTo: GROUP,
      groups: { [GROUP]: {}, "*": {} },
      direct: { "+15550100003": { systemPrompt: "short" } },
    },
  },
} as unknown as OpenClawConfig;

/** Of the instance only the accounts at work are asked for; here none is. */
const directory = createDirectory({ accounts: { get: () => null } } as unknown as PluginInstance);
const params = { cfg, runtime: {} as never };

test("the people of the configuration can be named, each once", async () => {
  expect(await directory.listPeers?.(params)).toEqual([
    { kind: "user", id: "+15550100001" },
    { kind: "user", id: "+15550100002" },
    { kind: "user", id: "+15550100003" },
  ]);
  expect(await directory.listPeers?.({ ...params, query: "0003" })).toHaveLength(1);
});

test("so can its groups, and nobody is made up while the account does not run", async () => {
  expect(await directory.listGroups?.(params)).toEqual([{ kind: "group", id: GROUP }]);
  expect(await directory.listGroupMembers?.({ ...params, groupId: GROUP })).toEqual([]);
  expect(await directory.self?.(params)).toBeNull();
});
