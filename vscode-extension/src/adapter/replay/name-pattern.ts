/** A breakpoint's name as a pattern over kinds and rules; `*` stands for anything: `close/*`. */
export function patternOf(name: string): RegExp {
  const parts = name.trim().split("*");
  return new RegExp(`^${parts.map((part) => part.replaceAll(/[^\w-]/g, "\\$&")).join(".*")}$`);
}
