import type { IForbiddenRuleType } from "dependency-cruiser";

/** One row of the layering table: what the files below a folder may import. */
interface Layer {
  readonly name: string;
  /** Regular expression over paths relative to the repository root. */
  readonly from: string;
  /** The same for what may be imported from the workspace; its own folder is always allowed. */
  readonly may: readonly string[];
  /** Names of the npm packages that may be imported; `any` for all but the editor's. */
  readonly packages?: readonly string[] | "any";
  readonly node?: boolean;
}

const PORTS = "^plugin/src/runtime/ports(\\.ts$|/)";
const SUBPATHS = "^plugin/src/(events|core|replay|explain|importing)/";

/**
 * The arrows of the design: `events <- core <- replay`; the runtime stands on events and core; Baileys, journal, channel
 * and recorder stand on the runtime's ports; the entries and the command line put everything together.
 */
export const LAYERS: readonly Layer[] = [
  { name: "events", from: "^plugin/src/events/", may: [] },
  { name: "core", from: "^plugin/src/core/", may: ["^plugin/src/events/"] },
  { name: "replay", from: "^plugin/src/replay/", may: ["^plugin/src/(events|core)/"] },
  {
    name: "runtime",
    from: "^plugin/src/runtime/",
    may: ["^plugin/src/(events|core)/"],
    node: true,
  },
  {
    name: "baileys",
    from: "^plugin/src/baileys/",
    may: ["^plugin/src/events/", PORTS],
    packages: ["@whiskeysockets/baileys", "pino"],
    node: true,
  },
  {
    name: "journal",
    from: "^plugin/src/journal/",
    may: ["^plugin/src/events/", PORTS],
    node: true,
  },
  {
    name: "recorder",
    from: "^plugin/src/recorder/",
    may: ["^plugin/src/events/", PORTS],
    packages: ["pino"],
    node: true,
  },
  {
    name: "channel",
    from: "^plugin/src/channel/",
    may: ["^plugin/src/(events|core|runtime|recorder)/"],
    packages: ["openclaw"],
    node: true,
  },
  {
    name: "importers",
    from: "^plugin/src/recorder/importers/",
    may: ["^plugin/src/events/"],
  },
  {
    name: "explain",
    from: "^plugin/src/explain/",
    may: ["^plugin/src/(events|core|replay)/", "^plugin/src/recorder/importers/"],
  },
  {
    name: "importing",
    from: "^plugin/src/importing/",
    may: ["^plugin/src/(events|replay|explain)/", "^plugin/src/recorder/importers/"],
  },
  {
    // Puts the parts together behind the channel's interface, so that the channel itself loads neither Baileys nor a database.
    name: "composition",
    from: "^plugin/src/composition/",
    may: ["^plugin/src/(events|core|runtime|baileys|journal|recorder|channel)/"],
    node: true,
  },
  {
    name: "cli",
    from: "^plugin/src/cli/",
    may: ["^plugin/src/", "^plugin/index\\.ts$"],
    node: true,
  },
  {
    name: "entries",
    from: "^plugin/(index|setup-entry)\\.ts$",
    may: ["^plugin/src/"],
    packages: ["openclaw"],
    node: true,
  },
  {
    name: "fixtures",
    from: "^fixtures/",
    may: [],
    packages: "any",
    node: true,
  },
  {
    name: "extension model",
    from: "^vscode-extension/src/(model|protocol)/",
    may: ["^vscode-extension/src/(model|protocol)/", SUBPATHS],
  },
  {
    name: "extension sources and adapter",
    from: "^vscode-extension/src/(sources|adapter)/",
    may: ["^vscode-extension/src/(sources|adapter|model|protocol)/", SUBPATHS],
    packages: "any",
    node: true,
  },
  {
    name: "extension in the editor",
    from: "^vscode-extension/src/(views/|debug/|testing/|[^/]+\\.ts$)",
    may: ["^vscode-extension/src/", SUBPATHS],
    packages: ["vscode", "@types/vscode", "@vscode/debugadapter", "@vscode/debugprotocol"],
    node: true,
  },
  {
    name: "webview",
    from: "^vscode-extension/webview/",
    may: ["^vscode-extension/src/(model|protocol)/", "^plugin/src/events/"],
  },
];

/** Tests may look at everything; they are no part of what ships. */
const TESTS =
  "(\\.test|\\.test-support)\\.ts$|^plugin/(test|bench)/|^vscode-extension/test/|/vitest\\.[a-z.]*config\\.ts$|/build\\.ts$";

/** The table as rules of dependency-cruiser, with what holds everywhere. */
export function layerRules(): IForbiddenRuleType[] {
  return [
    ...LAYERS.flatMap(rulesOf),
    {
      name: "every file belongs to a layer",
      severity: "error",
      from: {
        path: "^(plugin|vscode-extension)/",
        pathNot: [TESTS, ...LAYERS.map((layer) => layer.from)],
      },
      to: {},
    },
    {
      name: "everything resolves",
      severity: "error",
      from: {},
      to: { couldNotResolve: true, pathNot: "^vscode$" },
    },
    {
      name: "no cycles",
      severity: "error",
      from: {},
      // A cycle of types alone exists only for the compiler.
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
    {
      name: "what ships is declared",
      severity: "error",
      from: { path: "^plugin/", pathNot: TESTS },
      to: {
        dependencyTypes: ["npm-no-pkg", "npm-unknown", "npm-dev"],
        dependencyTypesNot: ["npm-peer", "type-only"],
      },
    },
  ];
}

function rulesOf(layer: Layer): IForbiddenRuleType[] {
  const from = { path: layer.from, pathNot: TESTS };
  const packages =
    layer.packages === "any"
      ? ["(^|/)node_modules/(?!\\.pnpm/|@types/vscode/)"]
      : (layer.packages ?? []).map((name) => `(^|/)node_modules/${name}/|^${name}$`);
  const allowed = [layer.from, ...layer.may, ...packages];
  const imports: IForbiddenRuleType = {
    name: `${layer.name} imports only what lies below it`,
    severity: "error",
    from,
    to: { pathNot: allowed, dependencyTypesNot: ["core"] },
  };
  const node: IForbiddenRuleType = {
    name: `${layer.name} does not import Node`,
    severity: "error",
    from,
    to: { dependencyTypes: ["core"] },
  };
  return layer.node === true ? [imports] : [imports, node];
}
