/** STREAM against libzmq: plain bytes, and ZMTP written by hand. */

import assert from "node:assert/strict";
import { after, describe } from "node:test";
import * as zmq from "../../src/index.ts";
import { ANY_PORT, hex, it, opener } from "./opener.ts";
import { type Library, Peer } from "./peer.ts";

/** What libzmq writes when it connects to a PULL of ours as a PUSH: signature, rest of the greeting, READY. */
const SIGNATURE = "ff00000000000000017f";
const GREETING_REST = `0301${hex("NULL")}${"00".repeat(16)}00${"00".repeat(31)}`;
const READY_PUSH = `041a05${hex("READY")}0b${hex("Socket-Type")}00000004${hex("PUSH")}`;

/** Registers the cases against one library. */
export function rawStreams(library: Library): void {
  describe(`STREAM against ${library}`, () => {
    const { ours, theirs, bound } = opener(() => peer);
    const peer = new Peer(library);
    after(() => peer.end());

    it("exchanges bytes with libzmq's STREAM, and tells of its coming and going", async () => {
      const stream = await bound(new zmq.Stream());
      const their = await theirs("STREAM");
      await their.connect(stream.lastEndpoint);
      const [[theirId, opened] = []] = await their.receive(1);
      assert.equal(opened, "");
      const [id, nothing] = await stream.receive();
      assert.equal(id.length, 5);
      assert.equal(nothing.length, 0);
      await stream.send([id, "hello"]);
      assert.deepEqual(await their.receive(1), [[theirId, hex("hello")]]);
      await their.send([{ hex: theirId as string }, "world"]);
      assert.deepEqual(await stream.receive(), [id, Buffer.from("world")]);
      await stream.send([id, ""]);
      assert.deepEqual(await their.receive(1), [[theirId, ""]]);
    });

    it("plays ZMTP by hand to libzmq's PULL", async () => {
      const pull = await theirs("PULL");
      const stream = ours(new zmq.Stream());
      stream.connect(await pull.bind(ANY_PORT));
      const [id] = await stream.receive();
      await stream.send([id, Buffer.from(SIGNATURE + GREETING_REST, "hex")]);
      let answer = Buffer.alloc(0);
      while (!answer.includes("READY")) answer = Buffer.concat([answer, (await stream.receive())[1]]);
      assert.equal(answer.subarray(0, 10).toString("hex"), SIGNATURE);
      await stream.send([id, Buffer.from(`${READY_PUSH}0005${hex("hello")}`, "hex")]);
      assert.deepEqual(await pull.receive(1), [[hex("hello")]]);
    });

    it("libzmq's STREAM plays ZMTP by hand to PULL", async () => {
      const pull = await bound(new zmq.Pull());
      const stream = await theirs("STREAM");
      await stream.connect(pull.lastEndpoint);
      const [[id = ""] = []] = await stream.receive(1);
      await stream.send([{ hex: id }, { hex: SIGNATURE + GREETING_REST }]);
      await stream.send([{ hex: id }, { hex: `${READY_PUSH}0005${hex("hello")}` }]);
      assert.equal(String(await pull.receive()), "hello");
    });
  });
}
