/**
 * Whether two endings are alike, for streams that nobody has looked at: what
 * is random by nature is left out, and a difference that has a reason is known
 * by its looks. docs/wire.md lists the same.
 */

import type { Case } from "./cases.ts";
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
  // As libzmq has it for NULL; with the others it looks at the form of the command first.
  const isSecure = play.options?.plainServer === true || play.options?.curveServer === true;
  if (isOver && sameMessages && (isSecure || isBroken) && failed(theirs) && failed(ours)) {
    return "another code for the same error";
  }
  if (ours.events[0] === "handshake" && failed(theirs) && theirs.sent.length <= GREETING_DIGITS) {
    return "libzmq takes nothing before its own READY is sent";
  }
  const isLegacy = speaksLegacy(play) && isSameEnd;
  // A ROUTER that is told too late who somebody was has nobody to deliver from.
  if (isLegacy && isOver && ours.sent.startsWith(theirs.sent) && (sameMessages || theirs.messages.length === 0)) {
    return "what was not written yet goes down with the connection";
  }
  if (ours.events[0] === "handshake" && !theirs.isKept && hasTwice(play, "Socket-Type")) return "a property twice";
  if (isLegacy && sameMessages && ours.sent.startsWith(theirs.sent) && ours.sent.includes(PONG)) {
    return "a PING of a ZMTP 2.0 peer is answered";
  }
  const isShorter = theirs.sent.startsWith(ours.sent) && theirs.sent.length > ours.sent.length;
  if (isOver && sameMessages && isShorter && isSameEnd) return "what was not written yet goes down with the connection";
  if (isLegacy && sameMessages && isShorter) return "a peer of ZMTP 2.0 or 1.0 is spoken to once its identity came";
  const isSameElse = theirs.sent === ours.sent && isSameEnd;
  if (play.type === "XPUB" && isSameElse && hasAll(theirs, ours)) {
    return "a subscription within a message is not joined to it";
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

const PONG = Buffer.from("\x04PONG").toString("hex");
/** Of a greeting, in hex. */
const GREETING_DIGITS = 128;

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

/** Without the routing ids that ROUTER makes up, and without what a CURVE server sends, of which the length counts. */
function plain(play: Case, ending: Ending): Ending {
  const messages =
    play.type === "ROUTER"
      ? ending.messages.map((message) => message.replace(/^00[0-9a-f]{8}\b/, "made up"))
      : ending.messages;
  const sent = play.options?.curveServer === true ? `${ending.sent.length / 2} octets` : ending.sent;
  return { ...ending, messages, sent };
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
