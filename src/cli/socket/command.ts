/** Adds `zmq push`, `zmq pull` and the other socket commands to the program. */

import type { Command } from "commander";
import { examples, type Finish } from "../help.ts";
import { addSocketFlags, type SocketFlags } from "./flags.ts";
import { KINDS } from "./kinds.ts";
import { runSocket } from "./run.ts";

export function addSocketCommands(program: Command, finish: Finish): void {
  program.commandsGroup("Sockets:");
  for (const kind of KINDS) {
    const command = program.command(kind.name).summary(kind.summary).description(kind.summary);
    if (kind.role !== "receive") command.argument("[message...]", "messages to send (default: lines of stdin)");
    else command.allowExcessArguments(); // Refused with a better text than commander's.
    addSocketFlags(command, kind);
    command.addHelpText("after", examples(kind.examples));
    command.action(() => finish(() => runSocket(kind, command.args, command.opts<SocketFlags>())));
  }
}
