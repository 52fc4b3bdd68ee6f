#!/usr/bin/env node

/**
 * The `zmq` command: its commands, one file each, and how their results become
 * exit codes. docs/cli.md describes it.
 */

import { createRequire } from "node:module";
import { Command, CommanderError } from "commander";
import { addBench } from "./commands/bench.ts";
import { addDoctor } from "./commands/doctor.ts";
import { addKeygen } from "./commands/keygen.ts";
import { addMonitor } from "./commands/monitor.ts";
import { addOptions } from "./commands/options.ts";
import { addProxy } from "./commands/proxy.ts";
import { addTap } from "./commands/tap.ts";
import { describe, EXIT, exitCodeOf } from "./failure.ts";
import { addSocketCommands } from "./socket/command.ts";
import { complain, warn } from "./terminal.ts";

const { version } = createRequire(import.meta.url)("../../package.json") as { version: string };
const program = new Command("zmq");
program
  .description("ZeroMQ on the command line: send, receive, forward and inspect messages.")
  .configureHelp({ sortSubcommands: false, subcommandTerm: (command) => command.name() })
  .version(version, "-V, --version")
  .exitOverride()
  .configureOutput({
    outputError: (text, write) =>
      write(
        `zmq: ${text
          .replace(/^error: /, "")
          .trim()
          .replace(/\.$/, "")
          .replace("\n(Did", " (Did")}; ${seeHelp()}\n`,
      ),
  })
  .helpCommand("help [command]", "print the help of a command");

addSocketCommands(program, finish);
program.commandsGroup("Tools:");
for (const add of [addProxy, addMonitor, addTap, addKeygen, addBench]) add(program, finish);
const optionsPage = new URL("../../docs/options.md", import.meta.url);
addDoctor(program, finish, optionsPage);
addOptions(program, finish, optionsPage);
program.commandsGroup("Help:");

/** Where the right command line stands. */
function seeHelp(): string {
  const [name] = process.argv.slice(2).filter((word) => program.commands.some((command) => command.name() === word));
  return `see ${name === undefined ? "zmq" : `zmq ${name}`} --help`;
}

/** Runs a command's action, and ends the process with its exit code. */
async function finish(action: () => Promise<number>): Promise<void> {
  // The event loop must not run dry before the action is done; an end before that is no success.
  process.exitCode = EXIT.failed;
  const alive = setInterval(() => {}, 2 ** 30);
  try {
    process.exitCode = await action();
  } catch (error) {
    process.exitCode = exitCodeOf(error);
    complain(process.exitCode === EXIT.usage ? `${describe(error)}; ${seeHelp()}` : describe(error));
  }
  clearInterval(alive);
  process.exit();
}

// Warnings of the library, in our own words: one line, without the hints for developers.
process.removeAllListeners("warning");
process.on("warning", ({ message }) => warn(message));

// A reader that went away, as `head` does, ends the command, unless the command sees to that itself.
process.stdout.on("error", ({ code }: NodeJS.ErrnoException) => {
  if (process.stdout.listenerCount("error") === 1) process.exit(code === "EPIPE" ? EXIT.done : EXIT.failed);
});
// The reader of stderr is gone: the work goes on.
process.stderr.on("error", () => {});

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  // commander has written the message or the help already.
  process.exitCode = error.exitCode === 0 ? EXIT.done : EXIT.usage;
}
