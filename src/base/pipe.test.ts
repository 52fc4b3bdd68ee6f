import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "../../test/fake-clock.ts";
import { fromText, toText } from "./bytes.ts";
import { DepartedBacklog } from "./departed-backlog.ts";
import { ZmqError } from "./errors.ts";
import type { FarEnd, Outlet } from "./far-end.ts";
import { type Control, type Message, NO_PROPERTIES } from "./message.ts";
import type { PipeOwner } from "./near-end.ts";
import { createPipe, type Pipe } from "./pipe.ts";

/** Writes down what the pipe tells its owner. */
class Owner implements PipeOwner {
  readonly log: string[] = [];
  opened = () => void this.log.push("opened");
  readable = () => void this.log.push("readable");
  writable = () => void this.log.push("writable");
  connected = () => void this.log.push("connected");
  disconnected = () => void this.log.push("disconnected");
  control = (_pipe: unknown, { kind }: Control) => void this.log.push(kind);
  ended = () => void this.log.push("ended");
  discarded = (_pipe: unknown, message: Message) => void this.log.push(`discarded ${text(message)}`);
  idle = () => void this.log.push("idle");
  told(): string[] {
    return this.log.splice(0);
  }
}

/** Writes down what the pipe asks of its outlet. */
class Recorder implements Outlet {
  queues = true;
  canWrite = true;
  readonly log: string[] = [];
  write(message: Message): boolean {
    if (this.canWrite) this.log.push(text(message));
    return this.canWrite;
  }
  writeControl({ kind }: Control): boolean {
    if (this.canWrite) this.log.push(kind);
    return this.canWrite;
  }
  resume(): void {
    this.log.push("resume");
  }
  supply(): void {
    this.log.push("supply");
  }
  close(lingerMs: number): void {
    this.log.push(`close ${lingerMs}`);
  }
  asked(): string[] {
    return this.log.splice(0);
  }
}

function text(message: Message): string {
  return message.map(toText).join("|");
}

function message(body: string): Message {
  return [fromText(body)];
}

/** What a far side pulls now. */
function pulled(pipe: FarEnd): string[] {
  const all: string[] = [];
  for (let item = pipe.pull(); item !== undefined; item = pipe.pull()) {
    all.push(Array.isArray(item) ? text(item) : item.kind);
  }
  return all;
}

const SUBSCRIBE: Control = { kind: "subscribe", topic: fromText("a") };

function connection(mark = 1000): { owner: Owner; outlet: Recorder; pipe: Pipe } {
  const owner = new Owner();
  const outlet = new Recorder();
  const limits = { sendHighWaterMark: mark, receiveHighWaterMark: mark, conflate: false };
  const pipe = createPipe(owner, "tcp://fake", true, limits);
  pipe.attach(outlet);
  pipe.connect(NO_PROPERTIES, "tcp://peer");
  owner.told();
  return { owner, outlet, pipe };
}

test("the owner is told of a pipe's life in order", () => {
  const owner = new Owner();
  const limits = { sendHighWaterMark: 0, receiveHighWaterMark: 0, conflate: false };
  const pipe = createPipe(owner, "tcp://fake", true, limits, fromText("id"));
  pipe.open();
  for (const address of ["tcp://one", "tcp://two"]) {
    pipe.attach(new Recorder());
    pipe.connect(NO_PROPERTIES, address);
    assert.equal(pipe.remoteAddress, address);
    pipe.detach();
  }
  pipe.detach();
  pipe.end();
  assert.deepEqual(owner.told(), ["opened", "connected", "disconnected", "connected", "disconnected", "ended"]);
  assert.equal(toText(pipe.routingId ?? fromText("")), "id");
});

test("a message is offered to the outlet, and waits in order behind one that was refused", () => {
  const { outlet, pipe } = connection();
  pipe.write(message("1"));
  outlet.canWrite = false;
  pipe.write(message("2"));
  outlet.canWrite = true;
  pipe.write(message("3"));
  pipe.writeControl(SUBSCRIBE);
  assert.deepEqual(outlet.asked(), ["1"]);
  assert.deepEqual(pulled(pipe), ["2", "3", "subscribe"]);
});

test("a write that the high-water mark refused is followed by `writable` once there is room", () => {
  const { owner, outlet, pipe } = connection(2);
  outlet.canWrite = false;
  assert.deepEqual(
    ["1", "2", "3"].map(message).map((each) => pipe.write(each)),
    [true, true, false],
  );
  assert.equal(pipe.canWrite, false);
  assert.deepEqual(owner.told(), []);
  assert.deepEqual(pulled(pipe), ["1", "2"]);
  assert.deepEqual(owner.told(), ["writable"]);
});

test("an outlet that does not queue leaves a refused message with its writer until it signals room", () => {
  const { owner, outlet, pipe } = connection();
  outlet.queues = false;
  outlet.canWrite = false;
  assert.equal(pipe.write(message("1")), false);
  assert.equal(pipe.hasQueued, false);
  pipe.signalRoom();
  pipe.signalRoom();
  assert.deepEqual(owner.told(), ["writable"]);
});

test("messages wait for the next link; subscription changes are gone with theirs", () => {
  const { outlet, pipe } = connection();
  outlet.canWrite = false;
  pipe.write(message("1"));
  pipe.writeControl(SUBSCRIBE);
  pipe.detach();
  pipe.writeControl(SUBSCRIBE);
  pipe.write(message("2"));
  assert.deepEqual(pulled(pipe), ["1", "2"]);
});

test("`readable` comes with the first of several messages, `resume` when a full queue has room", () => {
  const { owner, outlet, pipe } = connection(4);
  for (const body of ["1", "2", "3", "4"]) pipe.deliver(message(body));
  assert.equal(pipe.inboundFull, true);
  assert.deepEqual(owner.told(), ["readable"]);
  pipe.read();
  assert.deepEqual(outlet.asked(), []);
  pipe.read();
  assert.deepEqual(outlet.asked(), ["resume"]);
});

test("a far side that is behind supplies the next message when the last one was read", () => {
  const { outlet, pipe } = connection();
  pipe.setBehind(true);
  pipe.deliver(message("1"));
  outlet.supply = () => pipe.append(message("2"));
  assert.equal(text(pipe.read() ?? []), "1");
  assert.equal(text(pipe.beginRead() ?? []), "2");
  assert.equal(pipe.canRead, false);
  pipe.endRead();
  assert.equal(pipe.canRead, true);
});

test("the near side pauses the far side, and lets it continue", () => {
  const { outlet, pipe } = connection();
  pipe.pauseReading(true);
  assert.equal(pipe.inboundFull, true);
  pipe.pauseReading(false);
  assert.equal(pipe.inboundFull, false);
  assert.deepEqual(outlet.asked(), ["resume"]);
});

test("after either side closed it nothing more is written, and what is queued may still be pulled", () => {
  for (const close of [(pipe: Pipe) => pipe.close(5), (pipe: Pipe) => pipe.closeWrites()]) {
    const { outlet, pipe } = connection();
    outlet.canWrite = false;
    pipe.write(message("1"));
    close(pipe);
    assert.equal(pipe.write(message("2")), false);
    assert.equal(pipe.canWrite, false);
    assert.deepEqual(pulled(pipe), ["1"]);
  }
});

test("a peer that breaks a limit is closed at once where the outlet knows no other way", () => {
  const { outlet, pipe } = connection();
  pipe.refuse(new ZmqError("EMSGSIZE"));
  pipe.close();
  assert.deepEqual(outlet.asked(), ["close 0"]);
});

test("at the end each message that waited is discarded, and unread ones stay readable", () => {
  const { owner, outlet, pipe } = connection();
  outlet.canWrite = false;
  pipe.write(message("out"));
  pipe.writeControl(SUBSCRIBE);
  pipe.deliver(message("in"));
  owner.told();
  pipe.end();
  assert.deepEqual(owner.told(), ["discarded out", "ended"]);
  assert.equal(text(pipe.read() ?? []), "in");
});

test("what a departed peer left counts until its last message was read", () => {
  const { pipe } = connection();
  const departedBacklog = new DepartedBacklog(new FakeClock(), () => 0);
  for (const body of ["1", "2"]) pipe.deliver(message(body));
  pipe.end();
  pipe.leaveTo(departedBacklog);
  const all = departedBacklog.bytes;
  pipe.read();
  assert.ok(departedBacklog.bytes < all && departedBacklog.bytes > 0);
  pipe.read();
  assert.equal(departedBacklog.bytes, 0);
});

/**
 * One direction between two pipes as two threads would have it: a bounded buffer that each side looks at in a turn of
 * its own. Nothing but the contract of far-end.ts is used.
 */
class Ring implements Outlet {
  readonly queues = true;
  readonly #room = 3;
  readonly #records: Message[] = [];
  #isClosed = false;
  readonly #from: FarEnd;
  readonly #to: FarEnd;

  constructor(from: FarEnd, to: FarEnd) {
    this.#from = from;
    this.#to = to;
  }
  get canWrite(): boolean {
    return this.#records.length < this.#room;
  }
  write(each: Message): boolean {
    if (!this.canWrite) return false;
    this.#records.push(each.map((frame) => frame.slice()));
    return true;
  }
  writeControl(): boolean {
    return true;
  }
  resume(): void {}
  close(): void {
    this.#isClosed = true;
  }
  /** The writing thread's turn. */
  pump(): void {
    while (this.canWrite) {
      const item = this.#from.pull();
      if (item === undefined) return;
      if (Array.isArray(item)) this.write(item);
    }
  }
  /** The reading thread's turn. */
  drain(): void {
    while (this.#records.length > 0 && !this.#to.inboundFull) this.#to.deliver(this.#records.shift() as Message);
    if (!this.#isClosed || this.#records.length > 0 || this.#from.hasQueued) return;
    this.#from.end();
    this.#to.end();
  }
}

test("a bounded buffer between two pipes, as between threads, keeps order, holds back and ends both", () => {
  const limits = { sendHighWaterMark: 4, receiveHighWaterMark: 4, conflate: false };
  const [writer, reader] = [new Owner(), new Owner()];
  const from = createPipe(writer, "inproc://x", true, limits);
  const to = createPipe(reader, "inproc://x", false, limits);
  const ring = new Ring(from, to);
  from.attach(ring);
  to.attach(new Recorder());
  for (const pipe of [to, from]) pipe.connect(NO_PROPERTIES);
  const got: string[] = [];
  let written = 0;
  while (got.length < 100) {
    while (written < 100 && from.write(message(String(written)))) written++;
    if (written === 100) from.close();
    assert.ok(written - got.length <= 4 + 3 + 4 + 4, "no more is on its way than the queues and the buffer hold");
    ring.pump();
    ring.drain();
    for (let next = to.read(); next !== undefined; next = to.read()) got.push(text(next));
  }
  ring.drain();
  assert.deepEqual(
    got,
    Array.from({ length: 100 }, (_, i) => String(i)),
  );
  assert.ok(writer.told().includes("writable"));
  assert.deepEqual([from.isClosed, to.isClosed, reader.told().at(-1)], [true, true, "ended"]);
});
