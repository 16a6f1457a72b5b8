import { execFileSync } from "node:child_process";
import { readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { runPnpm } from "./pnpm.mjs";
import { Failure } from "./problem.mjs";

/** Everything the package is made of besides `dist`. */
const SHIPPED = ["package.json", "openclaw.plugin.json", "README.md", "ARCHITECTURE.md", "LICENSE"];
const MAX_BYTES = 3 * 2 ** 20;

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly [field: string]: unknown;
}

/**
 * Packs the built plugin as it would be published and checks the result. `pnpm pack`, because `npm pack` leaves the
 * workspace's `catalog:` specifiers and the exports of the sources in the manifest.
 *
 * @param root the workspace
 * @returns absolute path of the tarball
 * @throws Failure with everything that is wrong with the tarball
 */
export async function packPlugin(root: string): Promise<string> {
  const folder = join(root, "plugin");
  const { name, version } = JSON.parse(
    readFileSync(join(folder, "package.json"), "utf8"),
  ) as Manifest;
  const tarball = join(folder, `${name}-${version}.tgz`);
  rmSync(tarball, { force: true });
  const { ok, output } = await runPnpm(root, folder, ["pack"]);
  if (!ok) throw new Failure(`pnpm pack failed:\n${output}`);
  const faults = findFaults(tarball);
  if (faults.length > 0)
    throw new Failure(`${tarball} must not be published:\n${faults.join("\n")}`);
  return tarball;
}

function findFaults(tarball: string): string[] {
  const tar = (...args: string[]): string => execFileSync("tar", [...args], { encoding: "utf8" });
  const files = tar("-tzf", tarball)
    .split("\n")
    .filter((file) => file !== "")
    .map((file) => file.replace(/^package\//u, ""));
  const manifest = JSON.parse(tar("-xzOf", tarball, "package/package.json")) as Manifest;
  const bytes = statSync(tarball).size;
  return [
    ...SHIPPED.filter((file) => !files.includes(file)).map((file) => `${file} is missing`),
    ...files
      .filter((file) => !SHIPPED.includes(file) && !/^dist\/[\w-]+\.js$/u.test(file))
      .map((file) => `${file} does not belong into the package`),
    ...targets(manifest)
      .filter((target) => !files.includes(target.replace(/^\.\//u, "")))
      .map((target) => `package.json points to ${target}, which is missing`),
    ...(/"(workspace|catalog|link|file):/u.test(JSON.stringify(manifest))
      ? ["a workspace specifier is left"]
      : []),
    ...("devDependencies" in manifest ? ["package.json has devDependencies"] : []),
    ...(bytes > MAX_BYTES ? [`it has ${bytes} bytes, more than ${MAX_BYTES}`] : []),
  ];
}

/** Every relative path that the manifest names as an entry. */
function targets({ exports, bin, openclaw }: Manifest): string[] {
  const paths: string[] = [];
  const collect = (value: unknown): void => {
    if (typeof value === "string" && value.startsWith("./")) paths.push(value);
    else if (typeof value === "object" && value !== null) Object.values(value).forEach(collect);
  };
  [exports, bin, openclaw].forEach(collect);
  return paths;
}
