/** A logger for the library that says nothing. */
export const quiet = {
  level: "silent",
  child: () => quiet,
  trace: () => undefined,
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
