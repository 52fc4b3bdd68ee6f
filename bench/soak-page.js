/** The page of soak-browser.ts: traffic both ways, a visitor each second, and the heap after a collection. */

import "/browser-curve.js";
import { curveKeyPair, Dealer, Pull, Push, Request } from "/browser.js";

const PACE_MS = 20;
const AT_ONCE = 40;
const { curveServerKey, reportMs } = JSON.parse(decodeURIComponent(location.hash.slice(1)));
const at = (name) => `ws://${location.host}/${name}`;
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const counts = { sent: 0, received: 0, echoed: 0, visits: 0 };

const keys = () => {
  const { publicKey, secretKey } = curveKeyPair();
  return { curveServerKey, curvePublicKey: publicKey, curveSecretKey: secretKey };
};
const connected = (socket, name) => {
  socket.connect(at(name));
  return socket;
};

async function send() {
  const push = connected(new Push(), "in");
  for (;;) {
    for (let i = 0; i < AT_ONCE; i++) await push.send(new Uint8Array(64 + i * 20));
    counts.sent += AT_ONCE;
    await pause(PACE_MS);
  }
}

async function receive() {
  for await (const _ of connected(new Pull(), "out")) counts.received++;
}

/** By CURVE, now and then a large one: libsodium takes over. */
async function echo() {
  const dealer = connected(new Dealer(keys()), "echo");
  for (;;) {
    await dealer.send(new Uint8Array(counts.echoed % 50 === 0 ? 1_048_576 : 64));
    await dealer.receive();
    counts.echoed++;
    await pause(PACE_MS);
  }
}

async function visit() {
  for (;;) {
    await using visitor = connected(new Dealer({ ...keys(), linger: 0 }), "echo");
    await visitor.send("hello");
    await visitor.receive();
    counts.visits++;
    await pause(1000);
  }
}

async function report() {
  const request = connected(new Request(), "reports");
  for (;;) {
    globalThis.gc();
    await request.send(JSON.stringify({ heap: performance.memory.usedJSHeapSize, ...counts }));
    await request.receive();
    await pause(reportMs);
  }
}

await Promise.all([send(), receive(), echo(), visit(), report()]);
