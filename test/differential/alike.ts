/**
 * Whether two endings are alike, for streams that nobody has looked at: what
 * is random by nature is left out, and a difference that has a reason is known
 * by its looks. docs/wire.md lists the same.
 */

import type { Case } from "./case.ts";
import type { Ending } from "./compare.ts";

/** Why two endings that are not alike differ on purpose; undefined: nobody knows. */
function reason(play: Case, theirs: Ending, ours: Ending): string | undefined {
  const isOver = !theirs.isKept && !ours.isKept;
  const isSameEnd = theirs.isKept === ours.isKept && theirs.events.join() === ours.events.join();
  const sameMessages = theirs.messages.join() === ours.messages.join();
  const isBroken = ours.events[0]?.endsWith("ERR_ZMTP_INVALID_METADATA") === true;
  if (isBroken && !failed(theirs)) {
    if (isOver && sameMessages) return "broken metadata: ours tells of it by an event";
    if (theirs.events[0] === "handshake") return "broken metadata that libzmq overlooks";
  }
  if (isMuted(play, theirs, ours)) return "libzmq keeps what broke CURVE, mute, while a monitor listens";
  const isCutOff = play.type === "REQ" && ours.isKept && [...ours.events, "disconnect"].join() === theirs.events.join();
  if (isCutOff && sameMessages && ours.sent.startsWith(theirs.sent)) {
    return "REQ: a reply without a delimiter breaks the protocol once it is complete";
  }
  if (play.type === "REP" && sameMessages && isSameEnd && areShuffled(theirs.sent, ours.sent)) {
    return "a PING behind a request is answered behind the reply";
  }
  if (play.type === "REP" && isOver && sameMessages && isSameEnd && ours.sent.startsWith(theirs.sent)) {
    return "a request before a broken frame in one read: the reply leaves first";
  }
  const isEarly = play.type === "REQ" && speaksLegacy(play) && isSameEnd && ours.sent.startsWith(theirs.sent);
  if (isEarly && theirs.messages.length === 0 && ours.messages.length === 1) {
    return "REQ: a reply in the read that made the connection, for which a request was waiting";
  }
  if (isBroken && isOver && sameMessages && theirs.events[0]?.endsWith("ERR_ZMTP_UNEXPECTED_COMMAND")) {
    return "broken metadata that libzmq overlooks, and closes for what follows";
  }
  const isSecure = play.options?.plainServer === true || play.curve !== undefined;
  if (isSecure && isOver && sameMessages && isOtherForm(theirs, ours)) {
    return "with PLAIN and CURVE libzmq looks at the form of a command before its name";
  }
  const isBeforeReady = theirs.sent.length <= GREETING_DIGITS && ours.sent.length > GREETING_DIGITS;
  const isRefused = !theirs.isKept && theirs.events[0] !== "handshake";
  if (ours.events[0] === "handshake" && isRefused && isBeforeReady && ours.sent.startsWith(theirs.sent)) {
    return "libzmq takes nothing before its own READY is sent";
  }
  const isLegacy = speaksLegacy(play) && isSameEnd;
  // A ROUTER that is told too late who somebody was has nobody to deliver from.
  const isNobody = play.type === "ROUTER" && theirs.messages.length === 0;
  if (isLegacy && isOver && ours.sent.startsWith(theirs.sent) && (sameMessages || isNobody)) {
    return "what was not written yet goes down with the connection";
  }
  if (ours.events[0] === "handshake" && !theirs.isKept && hasTwice(play, "Socket-Type")) return "a property twice";
  if (isLegacy && sameMessages && ours.sent.startsWith(theirs.sent) && ours.sent.includes(PONG)) {
    return "a PING of a ZMTP 2.0 peer is answered";
  }
  const isShorter = theirs.sent.startsWith(ours.sent) && theirs.sent.length > ours.sent.length;
  if (isOver && sameMessages && isShorter && isSameEnd && areAnswers(play, theirs.sent.slice(ours.sent.length))) {
    return "what was not written yet goes down with the connection";
  }
  const isWaiting = ours.sent.length <= LEGACY_DIGITS;
  if (isLegacy && sameMessages && isShorter && isWaiting)
    return "a peer of ZMTP 2.0 or 1.0 is spoken to once its identity came";
  const isSameElse = theirs.sent === ours.sent && isSameEnd;
  if (play.type === "XPUB" && isSameElse && hasAll(theirs, ours)) {
    return "a subscription within a message is not joined to it";
  }
  const isOtherMechanism = ours.events[0]?.endsWith("ERR_ZMTP_MECHANISM_MISMATCH") === true;
  const isGreeting = ours.sent.trimEnd().length === GREETING_DIGITS && ours.sent.startsWith(theirs.sent.trimEnd());
  if (isOtherMechanism && isGreeting && isSameEnd && sameMessages) {
    return "a peer with another mechanism gets the whole greeting, and so learns why";
  }
  return undefined;
}

/** ZMTP 2.0 or 1.0, as libzmq recognizes it: by the last bit of the signature, and the revision behind it. */
function speaksLegacy({ steps }: Case): boolean {
  const head = Buffer.concat(steps);
  return head[0] !== 0xff || ((head[9] ?? 0) & 1) === 0 || (head[10] ?? 0) < 3;
}

/** Whether a property is there more than once: libzmq looks at each, ours at the first. */
function hasTwice({ steps }: Case, name: string): boolean {
  const text = Buffer.concat(steps).toString("latin1");
  return text.indexOf(name) !== text.lastIndexOf(name);
}

/** Of a frame behind a CURVE handshake. */
const MUTED = [
  "ERR_ZMTP_CRYPTOGRAPHIC",
  "ERR_ZMTP_INVALID_SEQUENCE",
  "ERR_ZMTP_MALFORMED_COMMAND_MESSAGE",
  "ERR_ZMTP_UNEXPECTED_COMMAND",
];
const PONG = Buffer.from("\x04PONG").toString("hex");
/** Of a greeting, in hex. */
const GREETING_DIGITS = 128;
/** Of a greeting of ZMTP 2.0 and an identity frame of no octets. */
const LEGACY_DIGITS = 28;

/** Behind the handshake the same error, upon which only ours closes; an XPUB is told of that by cancellations. */
function isMuted(play: Case, theirs: Ending, ours: Ending): boolean {
  if (play.curve === undefined || !theirs.isKept || ours.isKept || ours.events[0] !== "handshake") return false;
  if ([...theirs.events, "disconnect"].join() !== ours.events.join()) return false;
  if (!MUTED.some((code) => theirs.events.at(-1)?.endsWith(code))) return false;
  const more = ours.messages.slice(theirs.messages.length);
  const isSame = ours.messages.slice(0, theirs.messages.length).join() === theirs.messages.join();
  return isSame && more.every((message) => play.type === "XPUB" && message.startsWith("00"));
}

/** Upon the same command of the handshake. */
function isOtherForm(theirs: Ending, ours: Ending): boolean {
  const begin = "handshake:error:protocol ERR_ZMTP_";
  return (
    theirs.events.join() === `${begin}MALFORMED_COMMAND_UNSPECIFIED,disconnect` &&
    ours.events.join() === `${begin}UNEXPECTED_COMMAND,disconnect` &&
    theirs.sent === ours.sent
  );
}

/** Whether this, as hex or as `CurvePeer` has it, is answers to PING and no more. */
function areAnswers(play: Case, sent: string): boolean {
  if (play.curve !== undefined) return new RegExp(`^( ?0:sealed 2 ${PONG}[0-9a-f]*)+ ?$`).test(sent);
  return framesOf(sent).every((answer) => answer.startsWith("04") && answer.slice(4).startsWith(PONG));
}

/** As hex. */
function framesOf(sent: string): string[] {
  const octets = Buffer.from(sent, "hex");
  const found: string[] = [];
  for (let at = 0; at + 1 < octets.length; ) {
    const isLong = ((octets[at] as number) & 2) !== 0 && octets.length >= at + 9;
    const end = isLong ? at + 9 + Number(octets.readBigUInt64BE(at + 1)) : at + 2 + (octets[at + 1] as number);
    found.push(octets.subarray(at, end).toString("hex"));
    at = end;
  }
  return found;
}

/** The same frames behind the greeting, in another order. */
function areShuffled(one: string, other: string): boolean {
  const sorted = (sent: string): string => framesOf(sent.slice(GREETING_DIGITS)).sort().join();
  return one.length === other.length && sorted(one) === sorted(other);
}

function failed(ending: Ending): boolean {
  return ending.events.some((event) => event.startsWith("handshake:error:protocol"));
}

/** Whether all frames of one are among those of the other. */
function hasAll(theirs: Ending, ours: Ending): boolean {
  const left = frames(theirs);
  return frames(ours).every((frame) => {
    const at = left.indexOf(frame);
    if (at >= 0) left.splice(at, 1);
    return at >= 0;
  });
}

/** All frames of all messages. */
function frames(ending: Ending): string[] {
  return ending.messages.flatMap((message) => message.split(" "));
}

/** Without the routing ids that ROUTER makes up. */
function plain(play: Case, ending: Ending): Ending {
  const messages =
    play.type === "ROUTER"
      ? ending.messages.map((message) => message.replace(/^00[0-9a-f]{8}\b/, "made up"))
      : ending.messages;
  return { ...ending, messages };
}

export interface Verdict {
  readonly isAlike: boolean;
  /** Of a difference that is on purpose. */
  readonly reason?: string | undefined;
}

export function compare(play: Case, theirs: Ending, ours: Ending): Verdict {
  const [a, b] = [plain(play, theirs), plain(play, ours)];
  if (JSON.stringify(a) === JSON.stringify(b)) return { isAlike: true };
  return { isAlike: false, reason: reason(play, a, b) };
}
