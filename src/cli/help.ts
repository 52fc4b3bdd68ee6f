/** The parts of `--help` that commander does not write: examples, aligned. */

/** A section of examples for the end of a command's help. */
export function examples(rows: readonly (readonly [command: string, what: string])[]): string {
  const width = Math.max(...rows.map(([command]) => command.length));
  return `\nExamples:\n${rows.map(([command, what]) => `  ${command.padEnd(width)}  # ${what}`).join("\n")}`;
}
