/**
 * Conformance: the draft socket types, whose messages are one frame. RADIO and DISH are in radio-dish.ts.
 */

import assert from "node:assert/strict";
import { describe } from "node:test";
import { Channel, Client, Gather, Peer, Radio, Scatter, Server } from "../../src/draft.ts";
import { Bench, bodyOf, it, pause, type TransportUnderTest, text, until } from "./bench.ts";

/** Time for a message to arrive: asking the receiver would be its turn. */
const ARRIVAL_MS = 15;
/** More than all queues and the kernel's buffers hold. */
const LARGE = Buffer.alloc(200_000);

export function draft(transport: TransportUnderTest): void {
  describe(`draft sockets over ${transport.name}`, () => {
    const bench = new Bench(transport);

    // --- SERVER and CLIENT ---

    it("SERVER answers the client that asked, by a routing id that is a number", async () => {
      const server = new Server();
      const clients = [new Client(), new Client(), new Client()];
      for (const client of clients) await bench.join(server, client);
      for (const [i, client] of clients.entries()) await client.send(`from ${i}`);
      const ids = new Set<number>();
      for (let i = 0; i < clients.length; i++) {
        const [body, { routingId }] = await server.receive();
        assert.ok(Number.isInteger(routingId) && routingId > 0 && routingId < 2 ** 32);
        ids.add(routingId);
        await server.send(`to ${body}`, { routingId });
      }
      assert.equal(ids.size, clients.length);
      for (const [i, client] of clients.entries()) assert.equal(await text(client), `to from ${i}`);
    });

    it("SERVER keeps a client's routing id, and may send to it unasked", async () => {
      const server = new Server();
      const client = new Client();
      await bench.join(server, client);
      await client.send("here");
      const [, from] = await server.receive();
      for (const body of ["1", "2", "3"]) await server.send(body, from);
      for (const body of ["1", "2", "3"]) assert.equal(await text(client), body);
      await client.send("again");
      assert.deepEqual((await server.receive())[1], from);
    });

    it("SERVER may connect, and its clients bind", async () => {
      const server = new Server();
      const client = new Client();
      await bench.join(client, server);
      await client.send("asked");
      const [body, from] = await server.receive();
      await server.send(`${body} and answered`, from);
      assert.equal(await text(client), "asked and answered");
    });

    it("clients with one message in flight each are read in turn", async () => {
      const server = new Server();
      const clients = new Map<string, Client>();
      for (const name of "ABC") {
        const client = new Client();
        await bench.join(server, client);
        clients.set(name, client);
      }
      for (const [name, client] of clients) {
        await client.send(name);
        await pause(ARRIVAL_MS);
      }
      let order = "";
      for (let i = 0; i < 9; i++) {
        const [body] = await server.receive();
        order += body;
        await clients.get(String(body))?.send(body);
        await pause(ARRIVAL_MS);
      }
      assert.equal(order, "ABCABCABC");
    });

    it("CLIENT asks its servers in turn, those that come later too, and none that left", async () => {
      const client = new Client();
      const servers = [new Server(), new Server()];
      for (const server of servers) await bench.join(client, server);
      for (const body of ["1", "2", "3", "4"]) await client.send(body);
      const [first, second] = servers as [Server, Server];
      assert.deepEqual([await bodyOf(first), await bodyOf(first)], ["1", "3"]);
      assert.deepEqual([await bodyOf(second), await bodyOf(second)], ["2", "4"]);
      first.close();
      await pause(ARRIVAL_MS);
      await assert.rejects(Object.assign(client, { receiveTimeout: 20 }).receive(), { code: "EAGAIN" });
      const third = new Server();
      await bench.join(client, third);
      for (const body of ["5", "6"]) await client.send(body);
      assert.deepEqual([await bodyOf(second), await bodyOf(third)].sort(), ["5", "6"]);
    });

    it("CLIENT waits for a server", async () => {
      const client = bench.open(new Client({ sendTimeout: 10 }));
      await assert.rejects(client.send("to nobody"), { code: "EAGAIN" });
      client.sendTimeout = -1;
      const endpoint = await bench.bind(client);
      const sent = client.send("to somebody");
      const server = bench.open(new Server());
      server.connect(endpoint);
      await sent;
      assert.equal(await bodyOf(server), "to somebody");
    });

    it("SERVER rejects what is for nobody with EHOSTUNREACH, also when the peer was there before", async () => {
      const server = new Server({ receiveTimeout: 20 });
      await assert.rejects(bench.open(server).send("x", { routingId: 12_345 }), { code: "EHOSTUNREACH" });
      const client = new Client();
      await bench.join(server, client);
      await client.send("here");
      const [, from] = await server.receive();
      client.close();
      await pause(ARRIVAL_MS);
      await assert.rejects(server.receive(), { code: "EAGAIN" });
      await assert.rejects(server.send("x", from), { code: "EHOSTUNREACH" });
    });

    it("SERVER waits for a client at its high-water mark, and serves others meanwhile", async () => {
      const server = new Server({ sendHighWaterMark: 2, sendTimeout: 50 });
      const deaf = new Client({ receiveHighWaterMark: 2 });
      const other = new Client();
      for (const client of [deaf, other]) await bench.join(server, client);
      await deaf.send("deaf");
      const [, toDeaf] = await server.receive();
      await other.send("other");
      const [, toOther] = await server.receive();
      let sent = 0;
      await assert.rejects(
        async () => {
          for (; sent < 300; sent++) await server.send(LARGE, toDeaf);
        },
        { code: "EAGAIN" },
      );
      await server.send("still served", toOther);
      assert.equal(await text(other), "still served");
      for (let i = 0; i < sent; i++) assert.equal((await deaf.receive())[0].length, LARGE.length);
      await server.send("room again", toDeaf);
      assert.equal(await text(deaf), "room again");
    });

    it("a message of several frames is refused with EINVAL, and changes nothing", async () => {
      const server = new Server();
      const client = new Client();
      await bench.join(server, client);
      await assert.rejects(client.send(["a", "b"] as unknown as string), { code: "EINVAL" });
      await client.send("one");
      const [, from] = await server.receive();
      await assert.rejects(server.send(["a", "b"] as unknown as string, from), { code: "EINVAL" });
      await server.send("", from);
      assert.equal(await text(client), "");
      const scatter = new Scatter();
      await bench.join(new Gather(), scatter);
      await assert.rejects(scatter.send(["a", "b"] as unknown as string), { code: "EINVAL" });
      await assert.rejects(bench.open(new Radio()).send(["a", "b"] as unknown as string, { group: "g" }), {
        code: "EINVAL",
      });
    });

    it("send of SERVER and RADIO wants options that name a peer or a group", () => {
      const server = bench.open(new Server());
      const radio = bench.open(new Radio());
      // biome-ignore lint/suspicious/noExplicitAny: against the declared types
      const wrong = (value: any) => value;
      for (const socket of [server, radio]) {
        assert.throws(() => wrong(socket).send(), /^TypeError: Message must be present/);
        assert.throws(() => wrong(socket).send("x"), /^TypeError: Options must be an object/);
        assert.throws(() => wrong(socket).send("x", {}), { code: "EINVAL" });
      }
      assert.throws(() => wrong(server).send("x", { routingId: "12" }), /^TypeError: A number was expected/);
      assert.throws(() => server.send("x", { routingId: 0 }), { code: "EINVAL" });
      assert.throws(() => wrong(radio).send("x", { group: 5 }), /^TypeError: Value must be a string or buffer/);
      assert.throws(() => wrong(radio).send("x", { group: null }), /^TypeError: Value must be a string or buffer/);
    });

    // --- SCATTER and GATHER ---

    it("SCATTER deals out in turn, and GATHER collects in turn", async () => {
      const scatter = new Scatter();
      const gathers = [new Gather(), new Gather()];
      for (const gather of gathers) await bench.join(scatter, gather);
      for (const body of ["1", "2", "3", "4"]) await scatter.send(body);
      const [first, second] = gathers as [Gather, Gather];
      assert.deepEqual([await text(first), await text(first)], ["1", "3"]);
      assert.deepEqual([await text(second), await text(second)], ["2", "4"]);

      const gather = new Gather();
      const scatters = [new Scatter(), new Scatter(), new Scatter()];
      for (const each of scatters) await bench.join(gather, each);
      for (const [i, each] of scatters.entries()) {
        for (const part of "ab") await each.send(`${i}${part}`);
        await pause(ARRIVAL_MS);
      }
      let order = "";
      for (let i = 0; i < 6; i++) order += `${await text(gather)} `;
      assert.equal(order, "0a 1a 2a 0b 1b 2b ");
    });

    it("SCATTER waits for a GATHER, and for room", async () => {
      const scatter = bench.open(new Scatter({ sendTimeout: 30, sendHighWaterMark: 2 }));
      await assert.rejects(scatter.send("to nobody"), { code: "EAGAIN" });
      const gather = new Gather({ receiveHighWaterMark: 2 });
      await bench.join(scatter, gather);
      let sent = 0;
      await assert.rejects(
        async () => {
          for (; sent < 300; sent++) await scatter.send(LARGE);
        },
        { code: "EAGAIN" },
      );
      for (let i = 0; i < sent; i++) assert.equal((await gather.receive())[0].length, LARGE.length);
      await scatter.send("room again");
      assert.equal(await text(gather), "room again");
    });

    // --- PEER and CHANNEL ---

    it("connectPeer gives the routing id at once, which sends before there is a connection", async () => {
      const address = await bench.freeAddress();
      const one = bench.open(new Peer());
      const routingId = one.connectPeer(address);
      assert.ok(routingId > 0);
      await one.send("early", { routingId });
      const two = bench.open(new Peer());
      await two.bind(address);
      const [body, from] = await two.receive();
      await two.send(`${body} and back`, from);
      const [answer, source] = await one.receive();
      assert.equal(String(answer), "early and back");
      assert.deepEqual(source, { routingId });
      assert.notEqual(one.connectPeer(await bench.freeAddress()), routingId);
      one.immediate = true;
      assert.throws(() => one.connectPeer(address), { code: "EFAULT" });
    });

    it("CHANNEL talks to one peer both ways; the next gets its turn when that has left", async () => {
      const one = new Channel({ receiveTimeout: 30 });
      const two = new Channel();
      await bench.join(one, two);
      for (const [from, to] of [
        [one, two],
        [two, one],
      ] as const) {
        await from.send("hello");
        assert.equal(await text(to), "hello");
      }
      await assert.rejects(one.send(["a", "b"] as unknown as string), { code: "EINVAL" });
      const endpoint = one.lastEndpoint as string;
      two.close();
      await until(() => one.peers.length === 0);
      const three = bench.open(new Channel());
      three.connect(endpoint);
      await three.send("next");
      one.receiveTimeout = -1;
      assert.equal(await text(one), "next");
    });

    if (transport.hasLinks) reconnections(bench);
  });
}

function reconnections(bench: Bench): void {
  it("CLIENT finds a server that went away and came back, with what it queued meanwhile", async () => {
    const address = await bench.freeAddress();
    const client = bench.open(new Client({ reconnectInterval: 5 }));
    client.connect(address);
    for (let round = 0; round < 3; round++) {
      await client.send(`asked ${round}`);
      const server = bench.open(new Server());
      await server.bind(address);
      const [body, from] = await server.receive();
      await server.send(`${body}, answered`, from);
      assert.equal(await text(client), `asked ${round}, answered`);
      server.close();
      await pause(ARRIVAL_MS);
    }
  });

  it("the routing id of a connected SERVER's peer outlives its connection", async () => {
    const address = await bench.freeAddress();
    const server = bench.open(new Server({ reconnectInterval: 5 }));
    server.connect(address);
    const ids = new Set<number>();
    for (let round = 0; round < 2; round++) {
      const client = bench.open(new Client());
      await client.bind(address);
      await client.send("asked");
      ids.add((await server.receive())[1].routingId);
      client.close();
      await pause(ARRIVAL_MS);
    }
    assert.equal(ids.size, 1);
  });
}
