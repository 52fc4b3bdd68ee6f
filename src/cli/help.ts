/** Shared by the commands and the program: how an action ends, and the examples of `--help`. */

/** Runs an action and ends the process with the exit code it resolves to. */
export type Finish = (action: () => Promise<number>) => Promise<void>;

/** A section of examples for the end of a command's help, aligned. */
export function examples(rows: readonly (readonly [command: string, what: string])[]): string {
  const width = Math.max(...rows.map(([command]) => command.length));
  return `\nExamples:\n${rows.map(([command, what]) => `  ${command.padEnd(width)}  # ${what}`).join("\n")}`;
}
