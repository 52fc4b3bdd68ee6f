/** The `zmq` command and `epgm://`: a publisher, subscribers, and what `monitor` shows of losses. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { udpSockets } from "../../src/transport/node/udp-sockets.ts";
import { DATA_HEADER_BYTES, encodeSpm, finishData, ODATA } from "../../src/wire/pgm.ts";
import { Shell } from "./zmq.ts";

const GROUP = "239.192.113.9";
const loopback = udpSockets.networkInterface("127.0.0.1", 4);

/** A port that nobody has now. */
async function freePort(): Promise<number> {
  const socket = await udpSockets.open({ family: 4, address: "127.0.0.1", port: 0 }, { datagram() {} });
  socket.close();
  return socket.local.port;
}

test("zmq pub reaches zmq sub by multicast", async (t) => {
  const shell = new Shell(t);
  const endpoint = `epgm://127.0.0.1;${GROUP}:${await freePort()}`;
  const sub = shell.start("sub", "-c", endpoint, "-t", "b", "-n", "1");
  // When the subscriber is there is left to chance.
  const pub = shell.start("pub", "--bind", endpoint, "--interval", "20ms", "b1");
  assert.equal((await sub.ended).stdout, "b1\n");
  pub.kill("SIGINT");
  await pub.ended;
});

test("zmq monitor tells which packets of a multicast source are lost", async (t) => {
  const shell = new Shell(t);
  const port = await freePort();
  const monitor = shell.start("monitor", `epgm://127.0.0.1;${GROUP}:${port}`, "--json");
  await monitor.until("stdout", /"event":"connect"/);
  const source = await udpSockets.open(
    { family: 4, address: "127.0.0.1", port: 0, iface: loopback },
    { datagram() {} },
  );
  const tsi = { gsi: Uint8Array.of(1, 2, 3, 4, 5, 6), port: 7 };
  const first = new Uint8Array(DATA_HEADER_BYTES + 5);
  first.set([0, 0, 2, 0, 97], DATA_HEADER_BYTES);
  finishData(first, ODATA, tsi, port, 0, 0);
  const to = { address: GROUP, port };
  source.send(first, to);
  source.send(encodeSpm(tsi, port, { sequence: 0, trail: 5, lead: 4 }, Uint8Array.of(127, 0, 0, 1)), to);
  const [line] = await monitor.until("stdout", /.*"event":"loss".*/);
  const { packets, source: address } = JSON.parse(line);
  assert.equal(packets, 4);
  assert.equal(address, `epgm://127.0.0.1:${source.local.port}`);
  source.close();
  monitor.kill("SIGINT");
  await monitor.ended;
});
