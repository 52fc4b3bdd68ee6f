/**
 * STREAM over a link that breaks at each byte: with another STREAM, and with a
 * raw peer that dials or is dialed. What must hold each time: bytes come in
 * order and without a gap for as long as the connection lasts, the coming and
 * the going of each connection are told of once, and no byte of one connection
 * reaches another.
 */

import assert from "node:assert/strict";
import type { Link } from "../../src/base/link.ts";
import { Stream } from "../../src/index.ts";
import type { Outcome } from "./every-offset.ts";
import { type Faults, type FaultyTransport, faultyContext } from "./faulty-transport.ts";

type Side = "dialer" | "binder";
/** Which of the two is a STREAM; the other one is raw. */
export interface StreamPairing {
  readonly name: string;
  readonly dialer: "STREAM" | "raw";
  readonly binder: "STREAM" | "raw";
}

export const STREAM_PAIRINGS: readonly StreamPairing[] = [
  { name: "STREAM to STREAM", dialer: "STREAM", binder: "STREAM" },
  { name: "raw peer to bound STREAM", dialer: "raw", binder: "STREAM" },
  { name: "STREAM to raw peer", dialer: "STREAM", binder: "raw" },
];

const ENDPOINT = "tcp://127.0.0.1:1000";
/** Octets of the pieces in which each side sends. */
const PIECES = [5, 1, 90, 30, 4, 20];
const TOTAL = PIECES.reduce((sum, piece) => sum + piece, 0);

/** What a side sends on its connection number `life`: no two alike, and nowhere the same octet at the same place. */
function octet(side: Side, life: number, at: number): number {
  return (at * 7 + life * 50 + (side === "dialer" ? 1 : 130)) & 255;
}

function pieces(side: Side, life: number): Uint8Array[] {
  let at = 0;
  return PIECES.map((length) => Uint8Array.from({ length }, () => octet(side, life, at++)));
}

/** One connection, as one side sees it. */
class Life {
  received = 0;
  isOver = false;
  readonly #from: Side;
  readonly #number: number;

  constructor(from: Side, number: number) {
    this.#from = from;
    this.#number = number;
  }

  take(chunk: Uint8Array): void {
    assert.ok(!this.isOver, "bytes behind the end of their connection");
    for (const byte of chunk) {
      const expected = octet(this.#from, this.#number, this.received);
      assert.equal(byte, expected, `byte ${this.received} of connection ${this.#number} from the ${this.#from}`);
      this.received++;
    }
  }
}

/** What one side has seen. */
class Log {
  readonly lives: Life[] = [];
  readonly side: Side;
  failure: unknown;

  constructor(side: Side) {
    this.side = side;
  }

  begin(): Life {
    const life = new Life(this.side === "dialer" ? "binder" : "dialer", this.lives.length);
    this.lives.push(life);
    return life;
  }
}

/** A STREAM that sends its pieces as soon as it hears of a connection. */
function play(stream: Stream, log: Log): void {
  const open = new Map<string, Life>();
  void (async () => {
    for (;;) {
      const [id, body] = await stream.receive();
      const key = Buffer.from(id).toString("hex");
      const life = open.get(key);
      if (body.length > 0) {
        assert.ok(life, "bytes before the notice of their connection, or behind that of its end");
        life.take(body);
      } else if (life !== undefined) {
        life.isOver = true;
        open.delete(key);
      } else {
        const number = log.lives.length;
        open.set(key, log.begin());
        // Where the connection is lost or the socket closed meanwhile, what is left of them is refused.
        for (const piece of pieces(log.side, number)) stream.send([id, piece]).catch((error) => refused(stream, error));
      }
    }
  })().catch((error: unknown) => {
    if (!stream.closed) log.failure = error;
  });
}

function refused(stream: Stream, error: { code?: string }): void {
  assert.equal(error.code, stream.closed ? "EAGAIN" : "EHOSTUNREACH");
}

/** A raw peer's end of a connection. */
function playRaw(link: Link, log: Log, closed: () => void): void {
  const number = log.lives.length;
  const life = log.begin();
  link.handler = {
    data(chunk) {
      try {
        life.take(chunk);
      } catch (error) {
        log.failure ??= error;
      }
    },
    drained() {},
    closed() {
      life.isOver = true;
      closed();
    },
  };
  link.write(pieces(log.side, number));
}

/** A raw peer that dials, again after the connection was lost. Returns what closes its connection. */
function dialRaw(transport: FaultyTransport, log: Log): () => void {
  let link: Link | undefined;
  let isDone = false;
  const again = (): void => {
    if (isDone) return;
    void transport.connect().then((fresh) => {
      link = fresh;
      playRaw(fresh, log, again);
    });
  };
  again();
  return () => {
    isDone = true;
    link?.close();
  };
}

export async function runStream(pairing: StreamPairing, faults: Faults): Promise<Outcome> {
  const { context, transport, advance } = faultyContext(faults);
  const options = { context, linger: 0, reconnectInterval: 10, sendHighWaterMark: 2 };
  const logs = { dialer: new Log("dialer"), binder: new Log("binder") };
  const sockets: Stream[] = [];
  const open = (side: Side): Stream => {
    const stream = new Stream(options);
    sockets.push(stream);
    play(stream, logs[side]);
    return stream;
  };
  let last: Link | undefined;
  if (pairing.binder === "STREAM") open("binder").bindSync(ENDPOINT);
  else {
    const accepted = (link: Link): void => {
      last = link;
      playRaw(link, logs.binder, () => {});
    };
    transport.listenSync({ text: ENDPOINT } as never, {} as never, { accepted, failed() {} });
  }
  let end: () => void;
  if (pairing.dialer === "raw") end = dialRaw(transport, logs.dialer);
  else {
    const dialer = open("dialer");
    dialer.connect(ENDPOINT, { routingId: "server" });
    end = () => {
      if (pairing.binder === "raw") last?.close();
      else void dialer.send(["server", new Uint8Array(0)]);
    };
  }
  await advance(150);
  const bytes = { ...transport.bytes };
  end();
  await advance(15);
  const seen = { dialer: [...logs.dialer.lives], binder: [...logs.binder.lives] };
  for (const socket of sockets) socket.close();
  await advance(5);

  for (const side of ["dialer", "binder"] as const) {
    if (logs[side].failure !== undefined) throw logs[side].failure;
    const lives = seen[side];
    assert.ok(lives.length >= (transport.isCut ? 2 : 1), `${side}: ${lives.length} connections`);
    const whole = lives[transport.isCut ? 1 : 0];
    assert.equal(whole?.received, TOTAL, `${side}: all bytes of the connection that was not cut`);
    if (transport.isCut) assert.ok(lives[0]?.isOver, `${side}: was told of the cut`);
    // A STREAM that closes a connection itself is not told of its end.
    if (side === "dialer" && pairing.dialer === "STREAM" && pairing.binder === "STREAM") {
      assert.equal(whole?.isOver, false, "no notice of what this side closed");
      assert.equal(lives.length, transport.connections, `${side}: a notice too many`);
    } else assert.ok(whole?.isOver, `${side}: was told of the end`);
    assert.ok(lives.length <= transport.connections, `${side}: a notice too many`);
  }
  return { bytes, isCut: transport.isCut, received: [] };
}
