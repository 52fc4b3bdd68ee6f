/** Differences between the two libraries that are on purpose, by their looks. docs/wire.md lists the same. */

import type { SocketTypeName } from "../../../src/base/socket-types.ts";
import type { Outcome, Program, Step } from "./program.ts";

/** A step that came to something else here than there. */
export interface Difference {
  readonly program: Program;
  /** Which step, the first of that kind. */
  readonly at: number;
  readonly step: Step;
  readonly theirs: string;
  readonly ours: string;
  readonly outcomes: { readonly theirs: Outcome; readonly ours: Outcome };
}

interface Reason {
  readonly text: string;
  readonly covers: (difference: Difference) => boolean;
}

const REASONS: readonly Reason[] = [
  {
    text: "libzmq ends the process",
    covers: ({ theirs }) => theirs.startsWith("the process"),
  },
  {
    text: "STREAM is for tcp, as libzmq documents it, though it takes ipc",
    covers: ({ program, step, ours }) =>
      program.sockets[step.socket]?.type === "STREAM" && / EPROTONOSUPPORT$/.test(ours),
  },
  {
    text: "STREAM cannot send to a peer that is gone: EHOSTUNREACH at once; with libzmq EAGAIN until its end was read",
    covers: ({ program, step, theirs, ours }) =>
      program.sockets[step.socket]?.type === "STREAM" && theirs === "rejects EAGAIN" && ours === "rejects EHOSTUNREACH",
  },
  {
    text: "STREAM tells of connections that it ends itself; libzmq drops what it had to tell of them",
    covers: (difference) => isOf(difference, "STREAM") && endsBefore(difference) && isWithout(difference),
  },
  {
    text: "what an endpoint had brought stays readable when it is given up; libzmq drops it",
    covers: (difference) => endsBefore(difference, difference.step.socket) && isWithout(difference),
  },
  {
    text: "zeromq.js asks for events before it sends, for which libzmq passes over empty pipes or takes a message out",
    covers: (difference) => asksBeforehand(difference) && isOtherOrder(difference),
  },
  {
    text: "a peer that left keeps its place until its turn comes; with libzmq the last one takes it at once",
    covers: (difference) => leftBefore(difference) && isOtherOrder(difference, "everywhere"),
  },
  {
    text: "connections of an endpoint that is given up end at once; with libzmq something may still be sent to them",
    covers: (difference) =>
      endsBefore(difference) &&
      ((difference.theirs === "done" && difference.ours === "rejects EAGAIN") || isWithout(difference)),
  },
  {
    text: "inproc: a second connection between the same two sockets has its turns; libzmq leaves it aside, or lets it wait",
    covers: ({ program, at, step }) =>
      program.endpoints[0] === "inproc" &&
      ["serve", "receive", "drain"].includes(step.act) &&
      connectsTwice(program.steps.slice(0, at)),
  },
  {
    text: "inproc: a connection that its peer ended is none that can be given up; with libzmq until it was read",
    covers: (difference) =>
      difference.program.endpoints[0] === "inproc" &&
      leftBefore(difference) &&
      difference.theirs === "done" &&
      difference.ours.endsWith(" ENOENT"),
  },
  {
    text: "immediate: what a connection had brought stays readable when it is lost; libzmq drops it",
    covers: (difference) => hasSet(difference, "immediate") && isWithout(difference),
  },
  {
    text: "handover: what the former peer had sent stays readable, and it is sent nothing more; libzmq drops both",
    covers: ({ program, step }) =>
      program.sockets.some(({ options }) => options.handover === true) && /^(receive|drain)$/.test(step.act),
  },
  {
    text: "a PAIR that is not the first over inproc may send into the void, as over tcp; with libzmq it waits",
    covers: (difference) =>
      isOf(difference, "PAIR") &&
      difference.program.endpoints[0] === "inproc" &&
      (isSentHereOnly(difference) || (difference.theirs.endsWith(" ENOENT") && difference.ours === "done")),
  },
  {
    text: "PAIR takes the next peer when the former is gone; with libzmq those that come before it was read are left aside",
    covers: (difference) =>
      isOf(difference, "PAIR") && leftBefore(difference) && (isWithout(difference) || isSentHereOnly(difference)),
  },
  {
    text: "XPUB hears of the topics of a peer that left in the order of its subscriptions; with libzmq in that of their bytes",
    covers: (difference) => {
      const { theirs, ours } = difference;
      return isOf(difference, "XPUB") && (areShuffled(theirs, ours) || areNotices([theirs, ours]));
    },
  },
  {
    text: "REQ, relaxed: a second request that cannot be sent leaves the first one in force; with libzmq it ends that",
    covers: (difference) =>
      hasSet(difference, "relaxed") &&
      difference.theirs.endsWith("rejects EFSM") &&
      difference.ours.endsWith("rejects EAGAIN"),
  },
  {
    text: "a message that cannot be is refused before it matters that the socket is closed",
    covers: ({ theirs, ours }) => theirs === "throws EBADF" && ours.startsWith("throws TypeError"),
  },
];

/** Why they differ; undefined: nobody knows. */
export function reasonOf(difference: Difference): string | undefined {
  return REASONS.find(({ covers }) => covers(difference))?.text;
}

function isOf({ program, step }: Difference, type: SocketTypeName): boolean {
  return program.sockets[step.socket]?.type === type;
}

function hasSet({ program, step }: Difference, option: string): boolean {
  return program.sockets[step.socket]?.options[option] === true;
}

function isSentHereOnly({ theirs, ours }: Difference): boolean {
  return theirs.endsWith("rejects EAGAIN") && (ours === "done" || ours.endsWith(" sent"));
}

/** Whether an endpoint was given up before the step, by this socket or by any. */
function endsBefore({ program, at }: Difference, socket?: number): boolean {
  const earlier = program.steps.slice(0, at);
  return earlier.some(
    (step) => (step.act === "disconnect" || step.act === "unbind") && (socket ?? step.socket) === step.socket,
  );
}

function connectsTwice(steps: readonly Step[]): boolean {
  const connects = steps.flatMap((step) => (step.act === "connect" ? [`${step.socket} ${step.endpoint}`] : []));
  return new Set(connects).size < connects.length;
}

/** Whether a peer left before the step. */
function leftBefore({ program, at }: Difference): boolean {
  return program.steps.slice(0, at).some(({ act }) => act === "disconnect" || act === "unbind" || act === "close");
}

/** Whether what the socket of the step received in the whole program there is a part of what it received here. */
function isWithout(difference: Difference): boolean {
  const { theirs, ours, outcomes } = difference;
  if (/^(done|throws)/.test(theirs) || /^(done|rejects|throws)/.test(ours)) return false;
  const all = received(difference, outcomes.ours);
  const foreign = received(difference, outcomes.theirs).filter((one) => {
    const at = all.indexOf(one);
    if (at >= 0) all.splice(at, 1);
    return at < 0;
  });
  // A SUB of libzmq that lost a pipe behind the first frame of a message joins that frame to the next message.
  return foreign.length <= (isOf(difference, "SUB") ? 1 : 0);
}

/** All messages that one socket, or every socket, received in a program. */
function received({ program, step }: Difference, outcome: Outcome, where?: "everywhere"): string[] {
  return program.steps
    .flatMap(({ act, socket }, i) => {
      const isOne = where !== undefined || socket === step.socket;
      return isOne && (act === "receive" || act === "drain") ? (outcome[i] ?? "").split(", ") : [];
    })
    .filter((one) => !one.startsWith("rejects"));
}

function asksBeforehand({ program, at, step }: Difference): boolean {
  const earlier = program.steps.slice(0, at).filter(({ socket }) => socket === step.socket);
  return earlier.some(({ act }) => ["send", "burst", "reply", "serve", "crowd"].includes(act));
}

function areShuffled(theirs: string, ours: string): boolean {
  const sorted = (received: string): string => received.split(", ").sort().join();
  return sorted(theirs) === sorted(ours);
}

/** Of topics that nobody has any more. */
function areNotices(received: readonly string[]): boolean {
  return received.every((one) => one.startsWith('"\\u0000'));
}

/** Whether the socket of the step, or all of them, received the same in other order in the whole program. */
function isOtherOrder(difference: Difference, where?: "everywhere"): boolean {
  const { program, step, outcomes } = difference;
  // A REP receives one message and then has to answer: the others do not show.
  const isReply = program.sockets[step.socket]?.type === "REP";
  if (where === undefined && (isReply || step.act === "serve" || step.act === "crowd")) return true;
  if (step.act !== "receive" && step.act !== "drain") return false;
  const sorted = (outcome: Outcome): string => received(difference, outcome, where).sort().join();
  return sorted(outcomes.theirs) === sorted(outcomes.ours);
}
