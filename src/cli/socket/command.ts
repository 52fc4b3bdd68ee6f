/** Adds `zmq push`, `zmq pull` and the other socket commands to the program. */

import type { Command } from "commander";
import { examples, type Finish } from "../help.ts";
import { DRAFT_KINDS } from "./draft-kinds.ts";
import { addSocketFlags, type SocketFlags } from "./flags.ts";
import { KINDS, type Kind } from "./kinds.ts";
import { runSocket } from "./run.ts";

export function addSocketCommands(program: Command, finish: Finish): void {
  program.commandsGroup("Sockets:");
  addKinds(program, KINDS, finish);
  program.commandsGroup("Draft sockets:");
  addKinds(program, DRAFT_KINDS, finish);
}

function addKinds(program: Command, kinds: readonly Kind[], finish: Finish): void {
  for (const kind of kinds) {
    const command = program.command(kind.name).summary(kind.summary).description(kind.summary);
    if (kind.role !== "receive") command.argument("[message...]", "messages to send (default: lines of stdin)");
    else command.allowExcessArguments(); // Refused with a better text than commander's.
    addSocketFlags(command, kind);
    command.addHelpText("after", examples(kind.examples));
    command.action(() => finish(() => runSocket(kind, command.args, command.opts<SocketFlags>())));
  }
}
