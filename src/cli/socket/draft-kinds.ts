/** The commands of the draft socket types. */

import { Channel, Client, Datagram, Dish, Gather, Peer, Radio, Scatter, Server } from "../../draft.ts";
import type { Kind } from "./kinds.ts";

export const DRAFT_KINDS: readonly Kind[] = [
  {
    name: "server",
    type: "SERVER",
    role: "both",
    Class: Server,
    summary: "Receive with the client's number as first frame; send to the client that the first frame names.",
    examples: [
      ["zmq server --bind :5560 --echo", "everything back to where it came from"],
      ["zmq server -b :5560 --exec 'tr a-z A-Z'", "a service out of any command"],
      ["zmq server -b :5560 --format json", "what comes, and from whom"],
    ],
  },
  {
    name: "client",
    type: "CLIENT",
    role: "both",
    Class: Client,
    summary: "Send to all servers in turn and receive from all.",
    examples: [
      ["zmq client -c :5560 --count 1 hello", "one question, one answer"],
      ["zmq client -c :5560 --exec ./work.sh", "answers what a server sends"],
    ],
  },
  {
    name: "radio",
    type: "RADIO",
    role: "send",
    Class: Radio,
    summary: "Send messages to all members of a group.",
    examples: [
      ["zmq radio --bind :5561 --group weather sunny", "to one group"],
      ["tail -f app.log | zmq radio -b :5561 --group log", "a log for whoever is in the group"],
      ["zmq radio -b :5561 --multipart weather sunny", "without --group the first frame names it"],
    ],
  },
  {
    name: "dish",
    type: "DISH",
    role: "receive",
    Class: Dish,
    summary: "Receive what is sent to groups; the group is the first frame.",
    examples: [
      ["zmq dish --connect tcp://host:5561 --group weather", "one group"],
      ["zmq dish -c :5561 --group weather --group news", "two groups"],
      ["zmq dish --bind 'udp://*:5561' --group weather", "what RADIOs send by UDP"],
    ],
  },
  {
    name: "dgram",
    type: "DGRAM",
    role: "both",
    Class: Datagram,
    summary: "Exchange UDP datagrams with anybody; the other side's address is the first frame.",
    examples: [
      ["zmq dgram --bind 'udp://*:7' --echo", "an echo service"],
      ["zmq dgram -b 'udp://*:5565' --multipart 192.168.0.7:53 hello", "one datagram, and what comes back"],
    ],
  },
  {
    name: "scatter",
    type: "SCATTER",
    role: "send",
    Class: Scatter,
    summary: "Send messages of one frame, each to one of the peers in turn.",
    examples: [["zmq scatter --bind :5562 one two three", "three messages, then end"]],
  },
  {
    name: "gather",
    type: "GATHER",
    role: "receive",
    Class: Gather,
    summary: "Receive messages of one frame from all peers in turn.",
    examples: [["zmq gather --connect :5562", "a message a line"]],
  },
  {
    name: "peer",
    type: "PEER",
    role: "both",
    Class: Peer,
    summary:
      "Receive with the peer's number as first frame; send to all peers, or to the one that the first of two frames names.",
    examples: [
      ["zmq peer --bind :5563 --echo", "on one terminal, and on another:"],
      ["zmq peer --connect :5563 --count 1 hello", "one message, and what comes back"],
    ],
  },
  {
    name: "channel",
    type: "CHANNEL",
    role: "both",
    Class: Channel,
    summary: "Exchange messages of one frame with exactly one peer.",
    examples: [
      ["zmq channel --bind :5564", "on one terminal, and on another:"],
      ["zmq channel --connect :5564", "a chat"],
    ],
  },
];
