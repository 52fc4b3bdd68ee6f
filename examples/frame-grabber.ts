/**
 * Pictures of a camera, 4K and uncompressed, go from the thread that grabs them to one that looks at them, without a
 * copy: 33 MB each, of which only a reference travels. The memory is a SharedArrayBuffer in slots; the looker gives each
 * slot back when it is done with it, so that the grabber never writes where somebody reads.
 *
 *     node --import tsx examples/frame-grabber.ts
 *
 * From threads.ts: starting the thread.
 */

import { Pair, passByReference } from "zmq-ts";
import { inThread, startThread } from "./threads.ts";

const [WIDTH, HEIGHT, OCTETS_PER_PIXEL] = [3840, 2160, 4];
const PICTURE_BYTES = WIDTH * HEIGHT * OCTETS_PER_PIXEL;
const SLOTS = 3;
const PICTURES = 60;
const ADDRESS = "inproc://pictures";

/** The main thread: grabs pictures into slots that are free. */
async function grab() {
  const socket = new Pair();
  await socket.bind(ADDRESS);
  const looker = startThread(import.meta.url, "look");
  const memory = new SharedArrayBuffer(PICTURE_BYTES * SLOTS);
  passByReference(memory);
  const free = Array.from({ length: SLOTS }, (_, slot) => slot);
  const begun = performance.now();
  for (let number = 0; number < PICTURES; number++) {
    const slot = free.pop() ?? Number(await socket.receiveString());
    const picture = new Uint8Array(memory, slot * PICTURE_BYTES, PICTURE_BYTES);
    grabInto(picture, number);
    await socket.send([`${slot}`, `${number}`, picture]);
  }
  for (let back = free.length; back < SLOTS; back++) await socket.receive();
  await socket.send(["", "", ""]); // no more
  const right = await socket.receiveString();
  console.log(`${right} of ${PICTURES} pictures were right, and in shared memory`);
  const ms = performance.now() - begun;
  console.log(`${PICTURES} pictures of ${(PICTURE_BYTES / 1e6).toFixed(0)} MB, ${(ms / PICTURES).toFixed(1)} ms each`);
  socket.close();
  await looker.terminate();
}

/** Stands for the camera's driver, which fills the memory by itself: here some pixels of a line that moves. */
function grabInto(picture: Uint8Array, number: number) {
  picture.fill(0, 0, WIDTH * OCTETS_PER_PIXEL);
  picture[number * OCTETS_PER_PIXEL] = 255;
}

/** The other thread: looks where the line is, and gives the slot back. */
async function look() {
  const socket = new Pair();
  socket.connect(ADDRESS);
  let right = 0;
  for await (const [slot = "", number = "", picture] of socket) {
    if (picture === undefined || picture.length === 0) break;
    const at = picture.indexOf(255) / OCTETS_PER_PIXEL;
    if (at === Number(`${number}`) && picture.buffer instanceof SharedArrayBuffer) right++;
    await socket.send(`${slot}`);
  }
  await socket.send(`${right}`);
}

if (!inThread({ look })) await grab();
