/** Target: requests of any frames to a REP, and the same through a ROUTER, whose replies come back in their envelopes. */

import type { Message } from "../../../src/base/message.ts";
import { RouterPattern } from "../../../src/pattern/dealer-router.ts";
import { RepPattern } from "../../../src/pattern/request-reply.ts";
import { FakeHost, FakePeer } from "../../fake-pipe.ts";
import { joined } from "../mutate.ts";
import type { Random } from "../random.ts";
import { expectBytes, expectSame, finding, type Target } from "../target.ts";

/** An octet a frame: its length. */
function makeLengths(random: Random): Uint8Array {
  const count = random.oneIn(20) ? 200 + random.below(2000) : random.below(8);
  return joined(Array.from({ length: count }, () => (random.oneIn(3) ? 0 : random.below(20))));
}

function expectMessage(ours: Message | undefined, reference: Message | undefined, what: string): void {
  expectSame(ours?.length, reference?.length, `frames of ${what}`);
  for (let i = 0; i < (reference?.length ?? 0); i++) expectBytes(ours?.[i], reference?.[i], what);
}

const envelopes: Target = {
  name: "envelopes",
  make: makeLengths,
  check(input, random) {
    const request = Array.from(input, (length, i) => Buffer.alloc(length, i + 1));
    if (request.length === 0) return;
    const reply = Array.from({ length: 1 + random.below(4) }, (_, i) => Buffer.from(`reply${i}`));
    const delimiter = request.findIndex((frame) => frame.length === 0);
    const isGood = delimiter >= 0 && delimiter < request.length - 1;

    const pattern = new RepPattern(new FakeHost("REP"));
    const peer = new FakePeer(pattern);
    peer.send(...request);
    expectMessage(pattern.receive(), isGood ? request.slice(delimiter + 1) : undefined, "request");
    expectSame(pattern.send(reply.slice()), isGood, "a reply is taken");
    expectMessage(peer.sent[0], isGood ? [...request.slice(0, delimiter + 1), ...reply] : undefined, "reply");
    peer.send("", "next");
    if (pattern.receive()?.length !== 1) finding("the next request is not there");

    const router = new RouterPattern(new FakeHost("ROUTER"));
    const dealer = new FakePeer(router, { routingId: "id" });
    dealer.send(...request);
    const received = router.receive();
    expectMessage(received, [Buffer.from("id"), ...request], "message of a ROUTER");
    if (received !== undefined) router.send(received);
    expectMessage(dealer.sent[0], request, "echo");
  },
};

export const ENVELOPE_TARGETS: readonly Target[] = [envelopes];
