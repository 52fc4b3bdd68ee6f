/**
 * The page of `bench/browser.ts`: asks for a job, does it, tells what came of it, and asks for the next. Plain JavaScript,
 * loaded as it is.
 */

import { Pull, Push, Request } from "/browser.js";

/** Between two looks at the clock. */
const AT_ONCE = 256;

const JOBS = {
  /** Sends messages for a while, then one of a single octet. */
  async send({ endpoint, size, ms }) {
    const push = new Push();
    push.connect(endpoint);
    await push.connected();
    const body = new Uint8Array(size);
    const end = performance.now() + ms;
    let sent = 0;
    do {
      for (let i = 0; i < AT_ONCE; i++) await push.send(body);
      sent += AT_ONCE;
    } while (performance.now() < end);
    await push.send(new Uint8Array(1));
    await push.drained();
    push.close();
    return { count: sent };
  },

  /** Receives until a message of one octet comes; the first `warm` do not count. */
  async receive({ endpoint, size, warm }) {
    const pull = new Pull();
    pull.connect(endpoint);
    let count = 0;
    let begun = 0;
    for await (const [body] of pull) {
      if (body.length !== size) break;
      if (++count === warm) begun = performance.now();
    }
    const seconds = (performance.now() - begun) / 1000;
    pull.close();
    return { count: count - warm, seconds };
  },

  async request({ endpoint, size, count }) {
    const request = new Request();
    request.connect(endpoint);
    const body = new Uint8Array(size);
    const result = await times(count, async () => {
      await request.send(body);
      await request.receive();
    });
    request.close();
    return result;
  },

  /** The WebSocket of the browser alone, against a server that sends each message back. */
  async echo({ endpoint, size, count }) {
    const socket = new WebSocket(endpoint, ["echo"]);
    socket.binaryType = "arraybuffer";
    let came = () => {};
    socket.onmessage = () => came();
    await new Promise((resolve, reject) => {
      socket.onopen = resolve;
      socket.onerror = reject;
    });
    const body = new Uint8Array(size);
    const result = await times(count, () => {
      const answer = new Promise((resolve) => {
        came = resolve;
      });
      socket.send(body);
      return answer;
    });
    socket.close();
    return result;
  },
};

/** Microseconds of a round trip, the mean of `count` behind a fifth of them that do not count: a page's clock is too coarse for one. */
async function times(count, once) {
  for (let i = 0; i < count / 5; i++) await once();
  const begun = performance.now();
  for (let i = 0; i < count; i++) await once();
  return { us: ((performance.now() - begun) * 1000) / count };
}

for (;;) {
  const job = await (await fetch("/job")).json();
  let result;
  try {
    result = await JOBS[job.kind](job);
  } catch (error) {
    result = { error: String(error) };
  }
  await fetch("/result", { method: "POST", body: JSON.stringify(result) });
}
