/**
 * A program in TypeScript for zeromq.js 6. types.test.ts compiles it twice, with
 * zeromq.js's types and with ours, and only the name in its import changed.
 * It is never run.
 */

import * as zmq from "zmq-ts";

const context: zmq.Context = new zmq.Context({ ioThreads: 2, ipv6: true, maxSockets: 10 });
context.blocky = false;
const threads: number = context.ioThreads + zmq.context.maxSocketsLimit;
const keys: { publicKey: string; secretKey: string } = zmq.curveKeyPair();
const canCurve: boolean | undefined = zmq.capability.curve;
const libzmq: string = zmq.version;

/** A class of the program's own, with the options of its parent. */
class Service extends zmq.Reply {
  readonly name: string;
  constructor(name: string, options?: zmq.SocketOptions<zmq.Reply>) {
    super(options);
    this.name = name;
  }
}

/** One straight from `Socket`. */
class Plain extends zmq.Socket {
  constructor(options?: zmq.SocketOptions<Plain>) {
    super(5, options);
    const backlog: number = this.getInt32Option(19);
    this.setStringOption(5, Buffer.from([backlog]));
  }
}

const publisherOptions: zmq.SocketOptions<zmq.Publisher> = { noDrop: true, sendHighWaterMark: 5, context };

export async function everySocket(): Promise<void> {
  const publisher = new zmq.Publisher(publisherOptions);
  const subscriber = new zmq.Subscriber({ conflate: true, invertMatching: false, receiveTimeout: 1 });
  const request = new zmq.Request({ correlate: true, relaxed: true, routingId: "me" });
  const router = new zmq.Router({ mandatory: true, handover: true, probeRouter: false });
  const dealer = new zmq.Dealer({ linger: 0, tcpKeepalive: 1, heartbeatInterval: 10, plainUsername: null });
  const publishing = new zmq.XPublisher({ verbosity: "allSubs", welcomeMessage: "hi", manual: true });
  const subscribing = new zmq.XSubscriber();
  const stream = new zmq.Stream({ notify: false });
  const service = new Service("adder", { zapDomain: "test" });
  const plain = new Plain({ linger: 0 });

  await publisher.bind("tcp://127.0.0.1:*");
  const endpoint: string | null = publisher.lastEndpoint;
  if (endpoint === null) throw new Error("not bound");
  subscriber.connect(endpoint);
  subscriber.subscribe();
  subscriber.subscribe("a", Buffer.from("b"));
  subscriber.unsubscribe("a");
  router.connect("tcp://127.0.0.1:1", { routingId: "peer" });
  stream.connect("tcp://127.0.0.1:1", { routingId: "peer" });
  const mechanism: null | "plain" | "curve" | "gssapi" = dealer.securityMechanism;

  await publisher.send(["topic", Buffer.from("x"), 5, null, new Uint8Array(1).buffer]);
  await subscribing.send(Buffer.from([1]));
  await stream.send([Buffer.from("id"), "bytes"]);
  const [id, bytes]: [zmq.Message, zmq.Message] = await stream.receive();
  const parts: zmq.Message[] = await request.receive();
  const text: string = parts.map((part) => part.toString("utf8")).join() + id.length + bytes.readUInt8(0);

  for await (const [topic, message] of subscriber) {
    if (topic !== undefined && message !== undefined) console.log(topic.toString(), message.length);
  }
  for await (const [question] of service) await service.send(question ?? null);

  await forward(dealer, publishing);
  const proxy = new zmq.Proxy(new zmq.Router(), new zmq.Dealer());
  await proxy.frontEnd.bind("inproc://front");
  proxy.backEnd.sendTimeout = 5;
  const running: Promise<void> = proxy.run();
  proxy.pause();
  proxy.resume();
  proxy.terminate();
  await running;

  const sockets: zmq.Socket[] = [publisher, subscriber, request, router, dealer, publishing, service, plain, stream];
  for (const socket of sockets) if (!socket.closed) socket.close();
  console.log(text, mechanism, threads, keys.publicKey, canCurve, libzmq);
}

/** Over whatever can be read, to whatever can be written. */
async function forward(from: zmq.Readable, to: zmq.Writable): Promise<void> {
  to.sendTimeout = from.receiveTimeout;
  const message: zmq.MessageLike[] = await from.receive();
  await to.send(message);
}

export async function everyEvent(socket: zmq.Socket): Promise<void> {
  const observer: zmq.Observer = socket.events;
  observer.on("connect:retry", ({ interval, address }) => console.log(interval + 1, address.length));
  observer.on("bind:error", (event: zmq.EventOfType<"bind:error">) => console.log(event.error.code, event.error.errno));
  observer.off("end", () => {});
  const types: zmq.EventType[] = ["accept", "handshake", "end"];
  for await (const event of observer) {
    switch (event.type) {
      case "end":
      case "unknown":
        break;
      case "connect:retry":
        console.log(event.interval, event.address);
        break;
      case "handshake:error:auth":
        console.log(event.error.status === 400, event.address);
        break;
      case "handshake:error:protocol":
        console.log(event.error.code === "ERR_ZMTP_UNSPECIFIED");
        break;
      case "accept:error":
      case "bind:error":
      case "close:error":
      case "handshake:error:other":
        console.log(event.error.code, event.error.errno, event.address);
        break;
      default:
        console.log(event.address, types.includes(event.type));
    }
  }
}

export function capture<E extends zmq.EventType>(socket: zmq.Socket, type: E): Promise<zmq.EventOfType<E>> {
  return new Promise((resolve) => {
    socket.events.on<E>(type, resolve);
  });
}
