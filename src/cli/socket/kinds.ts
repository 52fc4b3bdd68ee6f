/** The socket commands: class, abilities, summary and examples for `--help`. Those of the draft types are in draft-kinds.ts. */

import type { SocketTypeName } from "../../base/socket-types.ts";
import {
  type Context,
  Dealer,
  Pair,
  Publisher,
  Pull,
  Push,
  type Readable,
  Reply,
  Request,
  Router,
  type Socket,
  Stream,
  Subscriber,
  type Writable,
  XPublisher,
  XSubscriber,
} from "../../index.ts";

/** A socket of any type: all have these methods, which reject with ENOTSUP where the type cannot. */
export type AnySocket = Socket & Readable & Writable & { linger: number };

/**
 * How the command works its socket.
 * - send, receive: one direction only.
 * - request: sends one, waits for its reply, prints it, and so on.
 * - reply: answers each request.
 * - both: sends its input and prints what comes, or answers with `--echo` and `--exec`.
 */
export type Role = "send" | "receive" | "request" | "reply" | "both";

export interface Kind {
  /** The command's name. */
  readonly name: string;
  readonly type: SocketTypeName;
  readonly role: Role;
  readonly summary: string;
  readonly examples: readonly (readonly [command: string, what: string])[];
  readonly Class: new (options: { context: Context }) => object;
}

export const KINDS: readonly Kind[] = [
  {
    name: "push",
    type: "PUSH",
    role: "send",
    Class: Push,
    summary: "Send messages, each to one peer in turn.",
    examples: [
      ["zmq push --bind :5555 one two three", "three messages, then end"],
      ["zmq push --connect tcp://host:5555 < tasks.txt", "each line is a message"],
      ["zmq push -c :5555 -c :5556 --file picture.png", "a whole file as one message"],
      ["tar c . | zmq push -c :5555 --format raw", "bytes as they come"],
      ["zmq push -b :5555 --interval 1s --count 10 tick", "ten ticks, one a second"],
    ],
  },
  {
    name: "pull",
    type: "PULL",
    role: "receive",
    Class: Pull,
    summary: "Receive messages from all peers in turn.",
    examples: [
      ["zmq pull --bind :5555", "one message per line"],
      ["zmq pull -b :5555 --format json | jq .", "each message as a JSON array of its frames"],
      ["zmq pull -c :5555 --exec 'wc -c'", "each message through a command"],
      ["zmq pull -b :5555 --stats > /dev/null", "the rate of messages"],
    ],
  },
  {
    name: "pub",
    type: "PUB",
    role: "send",
    Class: Publisher,
    summary: "Publish messages to all subscribers.",
    examples: [
      ["tail -f app.log | zmq pub --bind :5556", "publish a log"],
      ["zmq pub -b :5556 --topic weather sunny", "two frames: the topic and the text"],
      ["zmq pub -b :5556 --interval 1s --topic time tick", "a tick every second, for ever"],
      ["zmq pub -b :5556 --no-wait < lines", "do not wait for the first subscriber"],
    ],
  },
  {
    name: "sub",
    type: "SUB",
    role: "receive",
    Class: Subscriber,
    summary: "Receive published messages: of all topics, or those of --topic.",
    examples: [
      ["zmq sub --connect tcp://host:5556", "everything"],
      ["zmq sub -c :5556 --topic weather --topic news", "topics with either prefix"],
      ["zmq sub -c :5556 --format json | jq -r '.[1]'", "the second frame of each"],
      ["zmq sub -c :5556 --count 1 --timeout 5s", "one message, or exit code 3"],
    ],
  },
  {
    name: "req",
    type: "REQ",
    role: "request",
    Class: Request,
    summary: "Send requests, print the replies.",
    examples: [
      ["zmq req --connect tcp://host:5557 hello", "one request, one reply"],
      ["zmq req -c :5557 --timeout 2s ping || echo down", "exit code 3 without a reply"],
      ["zmq req -c :5557 < questions.txt > answers.txt", "one reply line per request line"],
    ],
  },
  {
    name: "rep",
    type: "REP",
    role: "reply",
    Class: Reply,
    summary: "Answer requests with --echo, --exec, arguments or lines of stdin.",
    examples: [
      ["zmq rep --bind :5557 --echo", "each request is its own reply"],
      ["zmq rep -b :5557 --exec 'tr a-z A-Z'", "any command as a service"],
      ["zmq rep -b :5557 ok", "always the same reply"],
    ],
  },
  {
    name: "dealer",
    type: "DEALER",
    role: "both",
    Class: Dealer,
    summary: "Send to all peers in turn and receive from all.",
    examples: [
      ["zmq dealer -c :5558 --count 1 --multipart '' hello", "a request to a rep: an empty frame first"],
      ["zmq dealer -c :5558 --exec ./work.sh", "a worker that answers each message"],
    ],
  },
  {
    name: "router",
    type: "ROUTER",
    role: "both",
    Class: Router,
    summary: "Receive with the peer's id as first frame; send to the peer named in it.",
    examples: [
      ["zmq router --bind :5558 --format json", "received messages, with binary ids visible"],
      ["zmq router -b :5558 --echo", "send everything back"],
      ["zmq router -b :5558 --multipart worker-1 hello", "waits for worker-1, then sends to it"],
    ],
  },
  {
    name: "pair",
    type: "PAIR",
    role: "both",
    Class: Pair,
    summary: "Exchange messages with exactly one peer.",
    examples: [
      ["zmq pair --bind :5559", "on one terminal, and on another:"],
      ["zmq pair --connect :5559", "a chat"],
    ],
  },
  {
    name: "xpub",
    type: "XPUB",
    role: "both",
    Class: XPublisher,
    summary: "Publish, and print subscriptions: byte 1 (subscribe) or 0 (cancel) and the topic.",
    examples: [
      ["zmq xpub --bind :5556 --format hex", "print subscriptions"],
      ["zmq xpub -b :5556 --topic weather sunny", "publish, and keep printing subscriptions"],
    ],
  },
  {
    name: "xsub",
    type: "XSUB",
    role: "both",
    Class: XSubscriber,
    summary: "Subscribe by messages: input goes to the publishers unchanged.",
    examples: [
      ["zmq xsub --connect :5556 --topic weather", "as sub does"],
      ["zmq xsub -c :5556 --input-format hex 0177", "a subscription by hand, to 'w'"],
    ],
  },
  {
    name: "stream",
    type: "STREAM",
    role: "both",
    Class: Stream,
    summary: "Talk to plain TCP peers without ZeroMQ's protocol. Input goes to all peers.",
    examples: [
      ["printf 'HEAD / HTTP/1.0\\r\\n\\r\\n' | zmq stream -c tcp://host:80 --count 1", "a web server's answer"],
      ["zmq stream --bind :7 --echo", "an echo service for telnet and nc"],
    ],
  },
];

/** A new socket of a kind. */
export function openSocket({ Class }: Kind, context: Context): AnySocket {
  return new Class({ context }) as AnySocket;
}
