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
    covers: (difference) =>
      isOf(difference, "STREAM") && "address" in difference.step && difference.ours.endsWith(" EPROTONOSUPPORT"),
  },
  {
    text: "STREAM cannot send to a peer that is gone: EHOSTUNREACH at once; with libzmq not until its end was read",
    covers: (difference) =>
      isOf(difference, "STREAM") &&
      leftBefore(difference) &&
      /^(done|rejects EAGAIN)$/.test(difference.theirs) &&
      difference.ours === "rejects EHOSTUNREACH",
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
    text: "connections of an endpoint that is given up end at once; with libzmq something may still be sent to them",
    covers: (difference) =>
      endsBefore(difference) &&
      ((/done$/.test(difference.theirs) && /^ ?rejects (EAGAIN|EHOSTUNREACH)$/.test(difference.ours)) ||
        isWithout(difference)),
  },
  {
    text: "inproc: a connection that its peer ended is none that can be given up; with libzmq until it was read",
    covers: (difference) =>
      difference.program.endpoints[0] === "inproc" &&
      (leftBefore(difference) || isOf(difference, "PAIR")) &&
      difference.theirs === "done" &&
      difference.ours.endsWith(" ENOENT"),
  },
  {
    text: "immediate: what a connection had brought stays readable when it is lost; libzmq drops it",
    covers: (difference) => hasSet(difference, "immediate") && leftBefore(difference) && isWithout(difference),
  },
  {
    text: "conflate: what a peer had sent stays readable when it is gone; libzmq drops it",
    covers: (difference) => hasSet(difference, "conflate") && leftBefore(difference) && isWithout(difference),
  },
  {
    text: "a ROUTER that probes a REQ breaks the protocol, and the connection ends; with libzmq something may be sent before",
    covers: (difference) =>
      isOf(difference, "REQ") &&
      difference.program.endpoints[0] !== "inproc" &&
      difference.program.sockets.some(({ type, options }) => type === "ROUTER" && options.probeRouter === true) &&
      (difference.step.act === "events" || (difference.theirs === "done" && difference.ours === "rejects EAGAIN")),
  },
  {
    text: "over ws, libzmq tells at once of what a probe to a REQ breaks, and the REQ keeps its endpoint",
    covers: ({ program, step, theirs, ours }) =>
      program.endpoints[0] === "ws" &&
      program.sockets.some(({ type }) => type === "REQ") &&
      program.sockets.some(({ type, options }) => type === "ROUTER" && options.probeRouter === true) &&
      (step.act === "events" ||
        (theirs === "done" && ours === "throws ENOENT") ||
        (theirs === "rejects EHOSTUNREACH" && ours === "done")),
  },
  {
    text: "REP drops a probe, which is no request; a REP of libzmq may lose the reply after it",
    covers: (difference) =>
      isOf(difference, "REQ") &&
      difference.program.sockets.some(({ type }) => type === "REP") &&
      difference.program.sockets.some(({ type, options }) => type === "REQ" && options.probeRouter === true) &&
      leftBefore(difference) &&
      isWithout(difference),
  },
  {
    text: "zeromq.js loses the error of a bind when somebody listens to the socket's events",
    covers: ({ program, step, theirs, ours }) =>
      step.act === "bindTo" &&
      program.sockets[step.socket]?.isWatched === true &&
      theirs === "rejects EAGAIN" &&
      /^rejects E[A-Z]+$/.test(ours),
  },
  {
    text: "handover: the connection of the former peer ends, and what it had sent stays readable; with libzmq neither",
    covers: (difference) =>
      joinsTwice(difference) &&
      difference.program.sockets.some(({ options }) => options.handover === true) &&
      (isWithout(difference) ||
        difference.step.act === "events" ||
        (difference.theirs === "done" && difference.ours === "rejects EHOSTUNREACH")),
  },
  {
    text: "REP serves a second peer of one routing id; libzmq leaves it aside",
    covers: (difference) =>
      difference.program.sockets.some(({ type }) => type === "REP") &&
      difference.program.sockets.some(({ options }) => options.routingId !== undefined) &&
      joinsTwice(difference) &&
      /^(receive|drain|serve|crowd|send)$/.test(difference.step.act),
  },
  {
    text: "asked whether it can, a REP, ROUTER or STREAM of libzmq takes a part of a message out, and who is next with it",
    covers: (difference) => asksBeforehand(difference) && isOtherOrder(difference),
  },
  {
    text: "PAIR takes the next peer when the former is gone; with libzmq those that come before it was read are left aside",
    covers: (difference) =>
      isOf(difference, "PAIR") && leftBefore(difference) && (isWithout(difference) || isSentHereOnly(difference)),
  },
  {
    text: "XPUB has messages in the order in which they came; with libzmq a peer at a time, as far as they came between two calls",
    covers: (difference) =>
      isOf(difference, "XPUB") &&
      difference.program.steps.slice(0, difference.at).some(({ act }) => act === "burst") &&
      isSameInOtherOrder(difference),
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
function endsBefore(difference: Difference, socket?: number): boolean {
  return done(difference).some(
    (step) => (step.act === "disconnect" || step.act === "unbind") && (socket ?? step.socket) === step.socket,
  );
}

/** The steps before this one that did something on either side. */
function done({ program, at, outcomes }: Difference): Step[] {
  return program.steps
    .slice(0, at)
    .filter(
      (_, i) => !/^(throws|rejects)/.test(`${outcomes.theirs[i]}`) || !/^(throws|rejects)/.test(`${outcomes.ours[i]}`),
    );
}

/** Whether two sockets were joined twice before the step. */
function joinsTwice(difference: Difference): boolean {
  const joined = done(difference).flatMap((step) => {
    return step.act === "connect" ? [`${step.socket} ${step.endpoint}`] : [];
  });
  return new Set(joined).size < joined.length;
}

/** Whether a peer left before the step. */
function leftBefore(difference: Difference): boolean {
  return done(difference).some(({ act }) => act === "disconnect" || act === "unbind" || act === "close");
}

/** Whether what the socket of the step received in the whole program there is a part of what it received here. */
function isWithout(difference: Difference): boolean {
  const { theirs, ours, outcomes } = difference;
  if (/^(done|throws)/.test(theirs) || /^(done|rejects|throws)/.test(ours)) return false;
  // It receives one message and then has to answer: the others do not show.
  if (isOf(difference, "REP")) return true;
  const all = received(difference, outcomes.ours);
  const foreign = received(difference, outcomes.theirs).filter((one) => {
    const at = all.indexOf(one);
    if (at >= 0) all.splice(at, 1);
    return at < 0;
  });
  // A SUB of libzmq that lost a pipe behind the first frame of a message joins that frame to the next message.
  return foreign.length <= (isOf(difference, "SUB") ? 1 : 0);
}

/** Whether the socket of the step tried to send before: zeromq.js asks then, and so does the differential of ours. */
function asksBeforehand(difference: Difference): boolean {
  const { program, at, step } = difference;
  if (!["REP", "ROUTER", "STREAM"].includes(program.sockets[step.socket]?.type ?? "")) return false;
  const earlier = program.steps.slice(0, at).filter(({ socket }) => socket === step.socket);
  // The differential asks all sockets behind these.
  if (leftBefore(difference)) return true;
  return earlier.some(({ act }) => ["send", "burst", "reply", "serve", "crowd"].includes(act));
}

/** Whether the socket of the step received the same in other order in the whole program, or serves nobody less often. */
function isOtherOrder(difference: Difference): boolean {
  const { step, theirs, ours } = difference;
  if (step.act === "serve")
    return theirs.endsWith(" done") && ours.endsWith(" done") && isFair(theirs, ours, step.clients);
  if (step.act !== "receive" && step.act !== "drain") return false;
  // It receives one message and then has to answer: the others do not show.
  if (isOf(difference, "REP")) return !theirs.startsWith("rejects") && !ours.startsWith("rejects");
  return isSameInOtherOrder(difference);
}

function isSameInOtherOrder(difference: Difference): boolean {
  const { theirs, ours } = difference.outcomes;
  const sorted = (outcome: Outcome): string => received(difference, outcome).sort().join();
  return sorted(theirs) === sorted(ours);
}

/** Whether each client was served as often there as here, give or take one turn. */
function isFair(theirs: string, ours: string, clients: readonly number[]): boolean {
  const turns = (served: string, client: number): number =>
    served.split(" ").filter((one) => one === `${client}`).length;
  return clients.every((client) => Math.abs(turns(theirs, client) - turns(ours, client)) <= 1);
}

/** All messages that the socket of the step received in a program; with handover without the routing ids, which change. */
function received(difference: Difference, outcome: Outcome): string[] {
  const { program, step } = difference;
  return program.steps
    .flatMap(({ act, socket }, i) => {
      const isOne = socket === step.socket && (act === "receive" || act === "drain");
      return isOne ? (outcome[i] ?? "").split(", ") : [];
    })
    .filter((one) => !one.startsWith("rejects"))
    .map((one) => (hasSet(difference, "handover") ? one.slice(one.indexOf(" ")) : one));
}
