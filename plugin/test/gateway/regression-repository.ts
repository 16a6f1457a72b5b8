/** A team's repository with an incident and its golden committed, and the commands that replay it there. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type CoreEdit, copyWithEditedCore } from "../edited-plugin.ts";

const PLUGIN = resolve(import.meta.dirname, "../..");
const REPLAY_LIMIT_MS = 60_000;

/** What a command printed and how it ended. */
export interface CommandEnd {
  readonly status: number | null;
  readonly out: string;
}

export class RegressionRepository {
  readonly #folder = mkdtempSync(join(tmpdir(), "regression-repository-"));
  readonly #cli: string;

  /** @param tarball of the plugin as it is published; its command replays */
  constructor(tarball: string) {
    execFileSync("tar", ["-xzf", tarball, "-C", this.#folder]);
    symlinkSync(join(PLUGIN, "node_modules"), join(this.#folder, "package/node_modules"));
    this.#cli = join(this.#folder, "package/dist/cli.js");
    this.#git("init", "--quiet", "team");
  }

  /** Saves an incident, accepts its golden with the published command, and commits both. */
  commit(fileName: string, text: string): CommandEnd {
    const incidents = join(this.#folder, "team/incidents");
    mkdirSync(incidents, { recursive: true });
    writeFileSync(join(incidents, fileName), text);
    const accepted = this.#run(this.#cli, ["replay", incidents, "--update"]);
    this.#git("-C", "team", "add", ".");
    const author = ["-c", "user.name=Test", "-c", "user.email=test@example.invalid"];
    this.#git("-C", "team", ...author, "commit", "--quiet", "-m", "Regression test of an outage");
    // Only what was committed counts from here on.
    this.#git("clone", "--quiet", "team", "checkout");
    return accepted;
  }

  /** Replays a fresh checkout with the published command. */
  replay(): CommandEnd {
    return this.#run(this.#cli, ["replay", join(this.#folder, "checkout/incidents")]);
  }

  /** The same with the plugin's sources, in which the core was changed. */
  replayEdited(edit: CoreEdit): CommandEnd {
    const main = copyWithEditedCore(join(this.#folder, "edited"), edit);
    return this.#run(main, ["replay", join(this.#folder, "checkout/incidents")]);
  }

  /** Everything in the repository, as its history holds it. */
  contents(): string {
    const command = ["-C", join(this.#folder, "team"), "log", "-p", "--text"];
    return execFileSync("git", command, { encoding: "utf8", maxBuffer: 64 * 1024 * 1024 });
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #git(...args: readonly string[]): void {
    execFileSync("git", args, { cwd: this.#folder });
  }

  #run(script: string, args: readonly string[]): CommandEnd {
    const { status, stdout, stderr, error } = spawnSync(process.execPath, [script, ...args], {
      encoding: "utf8",
      timeout: REPLAY_LIMIT_MS,
    });
    if (error !== undefined) throw error;
    return { status, out: `${stdout}${stderr}` };
  }
}
