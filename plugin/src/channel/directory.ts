import type { ChannelPlugin } from "openclaw/plugin-sdk/channel-core";
import { createResolvedDirectoryEntriesLister } from "openclaw/plugin-sdk/directory-runtime";
import { resolveAccount, type WhatsAppAccount } from "./accounts/account.ts";
import { normalizeTarget, targetJid, targetKind } from "./accounts/targets.ts";
import { idOf, personOf } from "./inbound/parties.ts";
import type { PluginInstance } from "./plugin-instance.ts";

type Directory = NonNullable<ChannelPlugin<WhatsAppAccount>["directory"]>;

/**
 * Whom the gateway can name: the account itself, the people and groups of its configuration, and the members of a group while the account runs.
 * WhatsApp has no list of contacts for a linked device.
 */
export function createDirectory(instance: PluginInstance): Directory {
  return {
    self: ({ cfg, accountId }) => Promise.resolve(selfOf(instance, resolveAccount(cfg, accountId))),
    listPeers: createResolvedDirectoryEntriesLister({
      kind: "user",
      resolveAccount: (cfg, accountId) => resolveAccount(cfg, accountId),
      resolveSources: ({ config }) => [
        config.allowFrom ?? [],
        config.defaultTo === undefined ? [] : [config.defaultTo],
        Object.keys(config.direct ?? {}),
        Object.keys(config.dms ?? {}),
      ],
      normalizeId: (entry) => ofKind("direct", entry),
    }),
    listGroups: createResolvedDirectoryEntriesLister({
      kind: "group",
      resolveAccount: (cfg, accountId) => resolveAccount(cfg, accountId),
      resolveSources: ({ config }) => [
        Object.keys(config.groups ?? {}),
        config.defaultTo === undefined ? [] : [config.defaultTo],
      ],
      normalizeId: (entry) => ofKind("group", entry),
    }),
    async listGroupMembers({ cfg, accountId, groupId, limit }) {
      const account = instance.accounts.get(resolveAccount(cfg, accountId).accountId);
      const group = ofKind("group", groupId);
      if (account === null || group === null) return [];
      const { participants } = await account.runtime.groupInfo(targetJid(group));
      const ids = participants.flatMap(({ jid, alternate }) => {
        const [own, other] = [personOf(jid), personOf(alternate)];
        const id = idOf({ phone: own.phone ?? other.phone, lid: own.lid ?? other.lid });
        return id === null ? [] : [id];
      });
      return ids.slice(0, limit ?? ids.length).map((id) => ({ kind: "user", id }));
    },
  };
}

function ofKind(kind: "direct" | "group", entry: string): string | null {
  const target = normalizeTarget(entry);
  return target !== null && targetKind(target) === kind ? target : null;
}

function selfOf(instance: PluginInstance, account: WhatsAppAccount) {
  const self = instance.accounts.get(account.accountId)?.runtime.self();
  const id = self?.pn === null || self === undefined ? null : normalizeTarget(self.pn);
  if (id === null) return null;
  return {
    kind: "user" as const,
    id,
    ...(account.name === undefined ? {} : { name: account.name }),
  };
}
