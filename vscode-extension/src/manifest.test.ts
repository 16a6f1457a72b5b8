import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  COMMANDS,
  DEBUG_TYPE,
  EDITORS,
  GOLDEN_LANGUAGE,
  LANGUAGE,
  RECORDS_LANGUAGE,
  SETTINGS,
  TOOLS,
  VIEWS,
} from "./ids.ts";

interface Contributes {
  readonly commands: readonly { readonly command: string }[];
  readonly menus: Readonly<Record<string, readonly { readonly command: string }[]>>;
  readonly views: Readonly<Record<string, readonly { readonly id: string }[]>>;
  readonly viewsWelcome: readonly { readonly contents: string }[];
  readonly customEditors: readonly { readonly viewType: string }[];
  readonly debuggers: readonly { readonly type: string }[];
  readonly languages: readonly { readonly id: string }[];
  readonly languageModelTools: readonly { readonly name: string }[];
  readonly configuration: {
    readonly properties: Readonly<Record<string, { readonly scope: string }>>;
  };
  readonly walkthroughs: readonly unknown[];
}

const root = join(import.meta.dirname, "..");
const { contributes } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  readonly contributes: Contributes;
};

describe("the manifest declares what the code registers, and nothing else", () => {
  test("commands", () => {
    const declared = contributes.commands.map(({ command }) => command);
    expect(declared.toSorted()).toEqual(Object.values(COMMANDS).toSorted());
    const used = [
      ...Object.values(contributes.menus).flatMap((items) => items.map(({ command }) => command)),
      ...[
        ...JSON.stringify([contributes.viewsWelcome, contributes.walkthroughs]).matchAll(
          /[mM]mand:(whatsapp[\w.]+)/g,
        ),
      ].map(([, id]) => id ?? ""),
    ];
    expect(used.filter((id) => !declared.includes(id))).toEqual([]);
  });

  test("views, editors, debug types, languages, tools", () => {
    expect(
      Object.values(contributes.views)
        .flat()
        .map(({ id }) => id),
    ).toEqual(Object.values(VIEWS));
    expect(contributes.customEditors.map(({ viewType }) => viewType)).toEqual(
      Object.values(EDITORS),
    );
    expect(contributes.debuggers.map(({ type }) => type)).toEqual([DEBUG_TYPE]);
    expect(contributes.languages.map(({ id }) => id)).toEqual([
      LANGUAGE,
      GOLDEN_LANGUAGE,
      RECORDS_LANGUAGE,
    ]);
    expect(contributes.languageModelTools.map(({ name }) => name)).toEqual(Object.values(TOOLS));
  });

  test("settings; where a token may be sent is decided per machine, never by a workspace", () => {
    const { section, ...keys } = SETTINGS;
    const { properties } = contributes.configuration;
    const declared = Object.keys(properties);
    expect(declared.toSorted()).toEqual(
      Object.values(keys)
        .map((key) => `${section}.${key}`)
        .toSorted(),
    );
    for (const key of declared.filter((name) => name.includes(".gateway."))) {
      expect(properties[key]?.scope, key).toBe("machine");
    }
  });
});
