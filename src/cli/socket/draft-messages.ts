/**
 * Messages of the draft socket types on the command line: what stands beside a body there, the routing id of a peer or
 * the name of a group, is the first frame here. A routing id is shown as a decimal number.
 */

import type { Message } from "../../base/message.ts";
import type { SocketTypeName } from "../../base/socket-types.ts";
import { type WaitOptions, ZmqError } from "../../index.ts";
import { beforeNul } from "../../pattern/group.ts";
import { decodeRoutingId } from "../../pattern/server-client.ts";
import { warn } from "../terminal.ts";
import type { AnySocket } from "./kinds.ts";

type Send = (body: Uint8Array | Message, options: object) => Promise<void>;

/** Sends the frames; undefined for types whose messages are frames. */
export function draftSender(
  type: SocketTypeName,
): ((socket: AnySocket, message: Message, wait: WaitOptions) => Promise<void>) | undefined {
  switch (type) {
    case "SERVER":
      return (socket, [id, ...body], wait) => sendTo(socket, numberOf(id), body, wait);
    case "PEER":
      return sendToPeers;
    case "RADIO":
      return (socket, [group, ...body], wait) => send(socket, body, { group: group ?? "", ...wait });
    default:
      return undefined;
  }
}

/** Whether what a socket of this type receives is more than frames. */
export function isDraftReceiver(type: SocketTypeName): boolean {
  return type === "SERVER" || type === "PEER" || type === "DISH" || type === "DGRAM";
}

/** A received message as frames; the address of a datagram without the NUL behind it. */
export function draftFrames(received: readonly object[]): Message {
  const [body, beside] = received;
  if (!(body instanceof Uint8Array) || beside === undefined) return [];
  if (beside instanceof Uint8Array) return [beforeNul(body), beside];
  if ("routingId" in beside) return [Buffer.from(String(beside.routingId)), body];
  return "group" in beside && beside.group instanceof Uint8Array ? [beside.group, body] : [body];
}

/** A message of one frame goes to all peers, once there is one; of two to the peer that the first names. */
async function sendToPeers(socket: AnySocket, message: Message, wait: WaitOptions): Promise<void> {
  if (message.length > 1) {
    await sendTo(socket, numberOf(message[0]), message.slice(1), wait);
    return;
  }
  await socket.connected(wait);
  for (const { routingId, connected } of socket.peers) {
    if (connected && routingId !== null) await sendTo(socket, decodeRoutingId(routingId), message, wait);
  }
}

/** A routing id is never given again: a peer that left gets nothing, and the command goes on. */
async function sendTo(socket: AnySocket, routingId: number, body: Message, wait: WaitOptions): Promise<void> {
  try {
    await send(socket, body, { routingId, ...wait });
  } catch (error) {
    if (!(error instanceof ZmqError) || error.code !== "EHOSTUNREACH") throw error;
    warn(`no peer has the routing id ${routingId}: a message was dropped`);
  }
}

function send(socket: AnySocket, body: Message, options: object): Promise<void> {
  if (body.length !== 1) {
    throw new ZmqError("EINVAL", {
      message: `expected a message of one frame behind the first, not of ${body.length}`,
    });
  }
  const call: Send = Reflect.get(socket, "send");
  return call.call(socket, body, options);
}

/** Throws EINVAL for what is no routing id. */
function numberOf(frame: Uint8Array | undefined): number {
  const text = String(frame === undefined ? "" : Buffer.from(frame));
  const id = /^\d{1,10}$/.test(text) ? Number(text) : 0;
  if (id > 0 && id < 2 ** 32) return id;
  throw new ZmqError("EINVAL", { message: `expected a routing id as first frame, a number, not "${text}"` });
}
