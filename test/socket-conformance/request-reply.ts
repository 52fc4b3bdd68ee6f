/**
 * Conformance: REQ, REP, DEALER and ROUTER; routing ids, and the messages that connections begin and end with.
 */

import assert from "node:assert/strict";
import { describe } from "node:test";
import { Dealer, type DropEvent, Reply, Request, Router } from "../../src/index.ts";
import { Bench, it, pause, type TransportUnderTest, text, until } from "./bench.ts";

export function requestReply(transport: TransportUnderTest): void {
  describe(`request and reply over ${transport.name}`, () => {
    const bench = new Bench(transport);

    it("REQ asks its peers in turn, and each answers its own question", async () => {
      const req = new Request();
      const reps = [new Reply(), new Reply()];
      for (const rep of reps) await bench.join(req, rep);
      for (let i = 0; i < 6; i++) {
        await req.send(`question ${i}`);
        const rep = reps[i % 2] as Reply;
        assert.equal(await text(rep), `question ${i}`);
        await rep.send(["answer", String(i)]);
        assert.equal(await text(req), `answer,${i}`);
      }
    });

    it("REQ takes a reply from the peer it asked only", async () => {
      const req = new Request();
      const first = new Router();
      const second = new Router();
      await bench.join(req, first);
      await bench.join(req, second);
      await req.send("1");
      const [firstId] = await first.receive();
      await first.send([firstId as Buffer, "", "reply 1"]);
      assert.equal(await text(req), "reply 1");
      await req.send("2");
      const [secondId] = await second.receive();
      await first.send([firstId as Buffer, "", "unasked"]);
      await pause(20);
      assert.equal(req.readable, false);
      await second.send([secondId as Buffer, "", "reply 2"]);
      assert.equal(await text(req), "reply 2");
    });

    it("a reply that comes too late does not answer the next request", async () => {
      const req = new Request({ relaxed: true, correlate: true });
      const router = new Router();
      await bench.join(router, req);
      await req.send("1");
      const [id, first] = await router.receive();
      await req.send("2");
      const [, second] = await router.receive();
      assert.equal(first?.length, 4);
      assert.notDeepEqual(first, second);
      await router.send([id as Buffer, first as Buffer, "", "late"]);
      await router.send([id as Buffer, second as Buffer, "", "right"]);
      assert.equal(await text(req), "right");
    });

    it("REQ out of turn rejects with EFSM, or with relaxed asks again", async () => {
      const req = new Request({ sendTimeout: 0, receiveTimeout: 0 });
      const rep = new Reply();
      await bench.join(rep, req);
      await assert.rejects(req.receive(), { code: "EFSM" });
      await req.send("1");
      await assert.rejects(req.send("2"), { code: "EFSM" });
      req.relaxed = true;
      await req.send("2");
      assert.equal(await text(rep), "1");
      await rep.send("answer 1");
      assert.equal(await text(rep), "2");
      await rep.send("answer 2");
    });

    it("REP answers through the envelope that the request came with", async () => {
      const rep = new Reply();
      const dealer = new Dealer();
      await bench.join(rep, dealer);
      await dealer.send(["hop 1", "hop 2", "", "question", "", "more"]);
      assert.equal(await text(rep), "question,,more");
      await rep.send(["answer", ""]);
      assert.equal(await text(dealer), "hop 1,hop 2,,answer,");
    });

    it("REP passes over a request without a delimiter, and counts it", async () => {
      const rep = new Reply();
      const dealer = new Dealer();
      await bench.join(rep, dealer);
      await dealer.send("no delimiter");
      await dealer.send(["", "question"]);
      assert.equal(await text(rep), "question");
      assert.equal(rep.drops.invalid, 1);
    });

    it("REP's reply to a peer that is gone is dropped, and the next request is served", async () => {
      const rep = new Reply();
      const gone = new Request();
      const next = new Request();
      await bench.join(rep, gone);
      await gone.send("1");
      assert.equal(await text(rep), "1");
      gone.linger = 0;
      gone.close();
      await until(() => rep.peers.length === 0);
      await rep.send("nobody hears this");
      await bench.join(rep, next);
      await next.send("2");
      assert.equal(await text(rep), "2");
      await rep.send("answer");
      assert.equal(await text(next), "answer");
    });

    it("ROUTER drops a message to nobody, and rejects it with EHOSTUNREACH when mandatory", async () => {
      const router = new Router();
      await bench.bind(router);
      await router.send(["nobody", "x"]);
      assert.deepEqual(router.drops, { unroutable: 1 });
      router.mandatory = true;
      await assert.rejects(router.send(["nobody", "x"]), { code: "EHOSTUNREACH" });
      assert.deepEqual(router.drops, { unroutable: 1 });
    });

    it("ROUTER names its peers by their routing ids, and makes up five octets for the others", async () => {
      const router = new Router();
      await bench.bind(router);
      const named = new Dealer({ routingId: "name" });
      const nameless = [new Dealer(), new Dealer()] as const;
      await bench.join(router, named);
      for (const dealer of nameless) await bench.join(router, dealer);
      await named.send("x");
      assert.equal(await text(router), "name,x");
      const ids: string[] = [];
      for (const dealer of nameless) {
        await dealer.send("x");
        const [id] = await router.receive();
        assert.equal(id?.length, 5);
        assert.equal(id?.[0], 0);
        ids.push((id as Buffer).toString("hex"));
        await router.send([id as Buffer, "back"]);
        assert.equal(await text(dealer), "back");
      }
      assert.notEqual(ids[0], ids[1]);
    });

    it("without handover a second peer of the same routing id is left aside", async () => {
      const router = new Router();
      const first = new Dealer({ routingId: "name" });
      const second = bench.open(new Dealer({ routingId: "name" }));
      const endpoint = await bench.join(router, first);
      await first.send("first");
      assert.equal(await text(router), "name,first");
      second.connect(endpoint);
      await second.send("second");
      await pause(40);
      assert.equal(router.readable, false);
      await router.send(["name", "to the first"]);
      assert.equal(await text(first), "to the first");
    });

    it("a peer that comes with the routing id of another is told of, with its address, and counted", async () => {
      const router = new Router();
      assert.deepEqual(router.drops, {});
      const dropped = new Promise<DropEvent>((resolve) => router.events.on("drop", resolve));
      const endpoint = await bench.join(router, new Dealer({ routingId: "name" }));
      bench.open(new Dealer({ routingId: "name" })).connect(endpoint);
      const event = await dropped;
      assert.deepEqual(event, { type: "drop", reason: "duplicateRoutingId", address: endpoint });
      assert(router.peers.some(({ address }) => address === (event.remoteAddress ?? "")));
      assert.deepEqual(router.drops, { duplicateRoutingId: 1 });
    });

    it("with handover the second peer of a routing id takes the place of the first", async () => {
      const router = new Router({ handover: true });
      const first = new Dealer({ routingId: "name" });
      const second = bench.open(new Dealer({ routingId: "name" }));
      const endpoint = await bench.join(router, first);
      await first.send("first");
      assert.equal(await text(router), "name,first");
      second.connect(endpoint);
      await second.send("second");
      assert.equal(await text(router), "name,second");
      await router.send(["name", "to the second"]);
      assert.equal(await text(second), "to the second");
    });

    it("connect gives a peer a routing id of one's own choice, once", async () => {
      const dealer = new Dealer({ routingId: "its own name" });
      const router = bench.open(new Router({ mandatory: true }));
      const endpoint = await bench.bind(dealer);
      router.connect(endpoint, { routingId: "mine" });
      await router.send(["mine", "x"]);
      assert.equal(await text(dealer), "x");
      await dealer.send("y");
      assert.equal(await text(router), "mine,y");
      assert.throws(() => router.connect(endpoint, { routingId: "mine" }), { code: "EINVAL" });
      const other = new Dealer({ routingId: "other" });
      router.connect(await bench.bind(other));
      await other.send("z");
      assert.equal(await text(router), "other,z");
    });

    it("probeRouter shows DEALER, REQ and ROUTER to a ROUTER before they have sent anything", async () => {
      const router = new Router();
      await bench.bind(router);
      for (const Type of [Dealer, Request, Router]) {
        const peer = new Type({ probeRouter: true, routingId: Type.name });
        await bench.join(router, peer);
        assert.equal(await text(router), `${Type.name},`);
      }
    });

    it("routerNotify tells of peers that come and go", async () => {
      const router = new Router({ routerNotify: 3 });
      const dealer = new Dealer({ routingId: "d" });
      await bench.join(router, dealer);
      assert.equal(await text(router), "d,");
      await dealer.send("x");
      assert.equal(await text(router), "d,x");
      dealer.close();
      assert.equal(await text(router), "d,");
    });

    it("two ROUTERs talk by the names they chose", async () => {
      const left = new Router({ routingId: "left", mandatory: true });
      const right = new Router({ routingId: "right", mandatory: true });
      await bench.join(left, right);
      await left.send(["right", "hello"]);
      assert.equal(await text(right), "left,hello");
      await right.send(["left", "hello"]);
      assert.equal(await text(left), "right,hello");
    });

    it("a hello message comes before all others", async () => {
      const router = new Router({ helloMessage: "hello from router" });
      const dealer = bench.open(new Dealer({ helloMessage: "hello from dealer", routingId: "d" }));
      await bench.bind(router);
      const address = router.lastEndpoint as string;
      dealer.connect(address);
      await dealer.send("first");
      assert.equal(await text(router), "d,hello from dealer");
      assert.equal(await text(router), "d,first");
      assert.equal(await text(dealer), "hello from router");
    });

    if (transport.hasLinks) {
      it("a disconnect message tells ROUTER which peer it lost, behind what that peer had sent", async () => {
        const router = new Router({ disconnectMessage: "gone" });
        const dealer = new Dealer({ routingId: "d" });
        await bench.join(router, dealer);
        await dealer.send("last words");
        dealer.close();
        assert.equal(await text(router), "d,last words");
        assert.equal(await text(router), "d,gone");
      });

      it("a hiccup message tells DEALER that its connection was lost, and hello is said again", async () => {
        const router = new Router();
        const dealer = bench.open(
          new Dealer({ hiccupMessage: "hiccup", helloMessage: "hello", routingId: "d", reconnectInterval: 5 }),
        );
        const address = await bench.bind(router);
        dealer.connect(address);
        assert.equal(await text(router), "d,hello");
        router.close();
        assert.equal(await text(dealer), "hiccup");
        const second = bench.open(new Router());
        await second.bind(address);
        assert.equal(await text(second), "d,hello");
      });
    }

    if (!transport.hasLinks) {
      it("REQ passes over what is no reply, and keeps its peer", async () => {
        const router = new Router({ probeRouter: true });
        const request = new Request({ routingId: "r" });
        await bench.join(router, request);
        await request.send("question");
        assert.equal(await text(router), "r,,question");
        await router.send(["r", "", "answer"]);
        assert.equal(await text(request), "answer");
      });
    }

    it("receiveFrom tells what the peer said of itself", async () => {
      const router = new Router();
      const dealer = new Dealer({ routingId: "d", metadata: { "X-Colour": "blue" } });
      await bench.join(router, dealer);
      await dealer.send("x");
      const { message, metadata, peer } = await router.receiveFrom();
      assert.equal(String(message), "d,x");
      assert.equal(metadata["Socket-Type"], "DEALER");
      assert.equal(metadata.Identity, "d");
      assert.equal(metadata["X-Colour"], "blue");
      if (transport.name === "tcp") assert.equal(metadata["Peer-Address"], "127.0.0.1");
      assert.equal(peer?.connected, true);
      assert.equal(peer?.dialed, false);
      assert.equal(peer?.endpoint, router.lastEndpoint);
      assert.equal(String(peer?.routingId), "d");
      assert.equal(peer?.messagesReceived, 1);
    });
  });
}
