/**
 * One side of the comparison: `node side.js zeromq`, or our library under tsx. Both have the same API. Driven by its
 * parent over IPC: opens a bound socket for each case, and tells what came of it. Plain JavaScript, so that libzmq's
 * side starts without a compiler.
 */

const zmq = await import(process.argv[2]);

const CLASSES = {
  PAIR: zmq.Pair,
  PUB: zmq.Publisher,
  SUB: zmq.Subscriber,
  REQ: zmq.Request,
  REP: zmq.Reply,
  DEALER: zmq.Dealer,
  ROUTER: zmq.Router,
  PULL: zmq.Pull,
  PUSH: zmq.Push,
  XPUB: zmq.XPublisher,
  XSUB: zmq.XSubscriber,
};
const EVENTS = ["handshake", "handshake:error:protocol", "handshake:error:auth", "handshake:error:other", "disconnect"];
const open = new Map();

/** Where a mechanism asks: everybody may come in. */
async function letEverybodyIn() {
  const handler = new zmq.Reply({ linger: 0 });
  await handler.bind("inproc://zeromq.zap.01");
  for await (const [version, id] of handler) await handler.send([version, id, "200", "OK", "", ""]);
}
if (process.argv[3] === "zap") void letEverybodyIn();

process.on("message", async ({ id, act, type, options, subscribe, endpoint, send }) => {
  if (act === "open") process.send({ id, result: await start(id, type, options, subscribe, endpoint) });
  else if (act === "send") {
    await open
      .get(id)
      .socket.send(send.map((frame) => Buffer.from(frame, "hex")))
      .catch(() => {});
    process.send({ id, result: null });
  } else {
    const { socket, messages, events } = open.get(id);
    open.delete(id);
    process.send({ id, result: { messages, events } });
    socket.close();
  }
});

async function start(id, type, options, subscribe, endpoint) {
  const socket = new CLASSES[type]({ linger: 0, ...options });
  const messages = [];
  const events = [];
  open.set(id, { socket, messages, events });
  for (const name of EVENTS) {
    socket.events.on(name, ({ error }) => {
      const detail = error?.status ?? (name.endsWith("protocol") ? error?.code : undefined);
      events.push(detail === undefined ? name : `${name} ${detail}`);
    });
  }
  if (subscribe !== undefined) socket.subscribe(subscribe);
  await socket.bind(endpoint);
  if (socket.receive !== undefined) void collect(socket, messages);
  return socket.lastEndpoint;
}

/** Reads until the socket is closed. A REP answers, so that the next request can come; a REQ asks, again and again. */
async function collect(socket, messages) {
  try {
    while (socket instanceof zmq.Request) {
      await socket.send("request");
      const reply = await socket.receive();
      messages.push(reply.map((frame) => frame.toString("hex")).join(" "));
    }
    for await (const message of socket) {
      messages.push(message.map((frame) => frame.toString("hex")).join(" "));
      if (socket instanceof zmq.Reply) await socket.send(message);
    }
  } catch {
    // The socket was closed.
  }
}
