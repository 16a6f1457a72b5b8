/** One value that a decision changed. */
export interface Change {
  /** Below `state`, for example `connection.phase` or `timers[1].timer`. */
  readonly path: string;
  readonly before: unknown;
  readonly after: unknown;
}

/** What differs between two states, in the order of the fields. Lists of other elements differ as a whole. */
export function changesBetween(before: unknown, after: unknown): readonly Change[] {
  const changes: Change[] = [];
  collect(before, after, "", changes);
  return changes;
}

function collect(before: unknown, after: unknown, path: string, changes: Change[]): void {
  if (Object.is(before, after)) return;
  if (isList(before) && isList(after) && isSameList(before, after)) {
    for (const [index, value] of after.entries())
      collect(before[index], value, `${path}[${index}]`, changes);
    return;
  }
  if (isObject(before) && isObject(after)) {
    for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
      collect(before[key], after[key], path === "" ? key : `${path}.${key}`, changes);
    }
    return;
  }
  if (JSON.stringify(before) === JSON.stringify(after)) return;
  changes.push({ path, before, after });
}

/** The same elements, perhaps changed: the first field of ours is always the id. */
function isSameList(before: readonly unknown[], after: readonly unknown[]): boolean {
  if (before.length !== after.length) return false;
  return after.every((element, index) => Object.is(idOf(element), idOf(before[index])));
}

function idOf(element: unknown): unknown {
  return isObject(element) ? Object.values(element)[0] : element;
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
