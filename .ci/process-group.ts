import { readdirSync, readFileSync } from "node:fs";

/**
 * Whether a process group has members that still run. Zombies do not count: in a container without an init process
 * nobody collects them.
 *
 * @param group process id of the group's leader, undefined when it could not be started
 */
export function isGroupAlive(group: number | undefined): boolean {
  if (group === undefined) return false;
  try {
    process.kill(-group, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
    throw error;
  }
  return (
    process.platform !== "linux" || readdirSync("/proc").some((pid) => isRunningMember(pid, group))
  );
}

/** @param pid entry of /proc; not all of them are processes */
function isRunningMember(pid: string, group: number): boolean {
  if (!/^\d+$/u.test(pid)) return false;
  try {
    // `pid (name) state parent group ...`; the name may hold anything, so reading starts after the last parenthesis.
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const [state, , processGroup] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return Number(processGroup) === group && state !== "Z" && state !== "X";
  } catch (error) {
    if (["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code ?? "")) return false;
    throw error;
  }
}
