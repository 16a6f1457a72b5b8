/*
 * Reads and writes of one file happen in the order they were asked for, across sockets: a predecessor's last write of a session comes before
 * its successor's first read. The queue is per process; between processes the owner lock does it.
 */

interface Folder {
  readonly tails: Map<string, Promise<unknown>>;
}
const folders = new Map<string, Folder>();

/** Runs the task after every earlier one of the same file, also when one of those failed. */
export function enqueueFileTask<T>(
  directory: string,
  name: string,
  task: () => Promise<T>,
): Promise<T> {
  const folder = folders.get(directory) ?? { tails: new Map<string, Promise<unknown>>() };
  folders.set(directory, folder);
  const result = (folder.tails.get(name) ?? Promise.resolve()).then(task);
  const tail = result.then(ignore, ignore).then(() => {
    // The map stays as small as the work under way.
    if (folder.tails.get(name) === tail) folder.tails.delete(name);
    if (folder.tails.size === 0 && folders.get(directory) === folder) folders.delete(directory);
  });
  folder.tails.set(name, tail);
  return result;
}

/** Resolves when nothing is under way in the folder, or after `limitMs`; the answer says which. */
export async function whenFilesIdle(directory: string, limitMs: number): Promise<boolean> {
  const folder = folders.get(directory);
  if (folder === undefined) return true;
  let timer: NodeJS.Timeout | undefined;
  const idle = Promise.all(folder.tails.values()).then(() => true);
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), limitMs);
  });
  try {
    return await Promise.race([idle, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** The failure belongs to the caller of the task; the next task must run anyway. */
function ignore(): undefined {
  return undefined;
}
