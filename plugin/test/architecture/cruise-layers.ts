import { cruise, type ICruiseResult } from "dependency-cruiser";
import { layerRules } from "./layers.ts";

export interface LayerReport {
  /** Source files of the workspace that were read. */
  readonly modules: readonly string[];
  /** All edges that were read, as `from -> to`. */
  readonly edges: readonly string[];
  /** Edges that break a rule, as `rule: from -> to`. */
  readonly violations: readonly string[];
}

/**
 * Reads the import graph of the workspace and checks it against the layering table.
 *
 * @param root folder that holds `plugin`, `fixtures` and `vscode-extension`
 * @param folders the ones to read
 */
export async function cruiseLayers(root: string, folders: readonly string[]): Promise<LayerReport> {
  const { output } = await cruise([...folders], {
    baseDir: root,
    ruleSet: { forbidden: layerRules() },
    validate: true,
    // Type-only imports are arrows, too.
    tsPreCompilationDeps: true,
    doNotFollow: { path: "node_modules" },
    // Only our own output: packages have folders named dist as well, and an excluded edge breaks no rule.
    exclude: { path: "^(plugin|vscode-extension)/dist/" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "require", "node", "default", "types"],
      extensions: [".ts", ".js", ".mjs", ".cjs", ".d.ts"],
    },
  });
  const { modules, summary } = output as ICruiseResult;
  const own = modules.filter((module) =>
    folders.some((folder) => module.source.startsWith(`${folder}/`)),
  );
  return {
    modules: own.map((module) => module.source),
    edges: own.flatMap((module) =>
      module.dependencies.map(({ resolved }) => `${module.source} -> ${resolved}`),
    ),
    violations: summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} -> ${to}`),
  };
}
