/**
 * A client of a Jupyter kernel, the same in Node and in a page: messages of the Jupyter protocol 5.3, signed by HMAC-SHA-256.
 *
 *     shell    DEALER --> ROUTER    code to run, and its reply
 *     iopub    SUB    --> PUB       what running code prints and shows, and whether the kernel is busy
 *     stdin    DEALER --> ROUTER    what running code asks its user
 *     control  DEALER --> ROUTER    interrupt and shutdown, which do not wait for code
 *     hb       REQ    --> REP       is it alive
 *
 * A message has the frames: routing ids…, "<IDS|MSG>", signature, header, parent header, metadata, content, buffers….
 */

const DELIMITER = "<IDS|MSG>";
const encoder = new TextEncoder();
const decoder = new TextDecoder();

export class Kernel {
  #key;
  #session = crypto.randomUUID();
  #shell;
  #iopub;
  #stdin;
  #control;
  #heartbeat;
  /** By the id of a request: whom its reply, its output and its questions concern. */
  #requests = new Map();

  /** `zmq`: the classes of zmq-ts, or of zmq-ts/browser. `endpoints`: where the five sockets connect. Resolves when output arrives. */
  static async connect(zmq, { endpoints, key }) {
    const kernel = new Kernel(zmq, endpoints);
    const algorithm = { name: "HMAC", hash: "SHA-256" };
    kernel.#key = await crypto.subtle.importKey("raw", encoder.encode(key), algorithm, false, ["sign", "verify"]);
    for (const socket of [kernel.#shell, kernel.#control, kernel.#iopub, kernel.#stdin]) kernel.#listen(socket);
    await kernel.#heard();
    return kernel;
  }

  /** Called by `connect` alone. */
  constructor({ Dealer, Request, Subscriber }, endpoints) {
    const options = { routingId: this.#session, linger: 0 };
    this.#shell = new Dealer(options);
    this.#control = new Dealer(options);
    this.#stdin = new Dealer(options);
    this.#iopub = new Subscriber({ linger: 0 });
    this.#iopub.subscribe("");
    this.#heartbeat = new Request({ relaxed: true, correlate: true, linger: 0 });
    this.#shell.connect(endpoints.shell);
    this.#control.connect(endpoints.control);
    this.#stdin.connect(endpoints.stdin);
    this.#iopub.connect(endpoints.iopub);
    this.#heartbeat.connect(endpoints.hb);
  }

  /**
   * Runs code; resolves to the content of its reply, once all of its output is there. `onOutput(kind, text)`: what it prints
   * (`stdout`, `stderr`), shows (`result`) and fails with (`error`). `onInput(prompt)`: the user's answer, or a promise of it.
   */
  execute(code, { onOutput = () => {}, onInput } = {}) {
    const content = {
      code,
      silent: false,
      store_history: true,
      user_expressions: {},
      allow_stdin: onInput !== undefined,
    };
    return this.#request(this.#shell, "execute_request", content, { onOutput, onInput });
  }

  /** Ends what runs, as Ctrl-C does. */
  interrupt() {
    return this.#request(this.#control, "interrupt_request", {});
  }

  shutdown() {
    return this.#request(this.#control, "shutdown_request", { restart: false });
  }

  /** Whether the kernel answers within so long, busy or not. */
  async isAlive(limitMs = 1000) {
    this.#heartbeat.receiveTimeout = limitMs;
    await this.#heartbeat.send("ping");
    return this.#heartbeat.receive().then(
      () => true,
      () => false,
    );
  }

  close() {
    for (const socket of [this.#shell, this.#iopub, this.#stdin, this.#control, this.#heartbeat]) socket.close();
  }

  /** A SUB misses what was published before its subscription was there: the kernel is asked until its output is heard. */
  async #heard() {
    for (let isHeard = false; !isHeard; ) {
      const status = new Promise((resolve) => {
        void this.#request(this.#shell, "kernel_info_request", {}, { onStatus: () => resolve(true) });
      });
      isHeard = await Promise.race([status, new Promise((resolve) => setTimeout(resolve, 300, false))]);
    }
  }

  async #request(socket, type, content, { onOutput = () => {}, onInput, onStatus = () => {} } = {}) {
    const header = this.#header(type);
    const done = new Promise((resolve) => {
      const request = { onOutput, onInput, onStatus, reply: undefined, isIdle: socket !== this.#shell, settle };
      this.#requests.set(header.msg_id, request);
      function settle() {
        if (request.reply !== undefined && request.isIdle) resolve(request.reply);
      }
    });
    await this.#send(socket, header, {}, content);
    const reply = await done;
    this.#requests.delete(header.msg_id);
    return reply;
  }

  #header(type) {
    const [msg_id, date] = [crypto.randomUUID(), new Date().toISOString()];
    return { msg_id, session: this.#session, username: "", date, msg_type: type, version: "5.3" };
  }

  async #send(socket, header, parent, content) {
    const parts = [header, parent, {}, content].map((part) => encoder.encode(JSON.stringify(part)));
    const signature = await crypto.subtle.sign("HMAC", this.#key, joined(parts));
    await socket.send([DELIMITER, hexOf(new Uint8Array(signature)), ...parts]);
  }

  async #listen(socket) {
    for await (const frames of socket) {
      const start = frames.findIndex(
        (frame) => frame.length === DELIMITER.length && decoder.decode(frame) === DELIMITER,
      );
      const [signature, ...parts] = frames.slice(start + 1);
      const signed = parts.slice(0, 4);
      // A message that somebody else signed is none.
      const isGenuine =
        start >= 0 &&
        signed.length === 4 &&
        (await crypto.subtle.verify("HMAC", this.#key, bytesOf(signature), joined(signed)));
      if (isGenuine) this.#received(socket, ...signed.map((part) => JSON.parse(decoder.decode(part))));
    }
  }

  #received(socket, header, parent, _metadata, content) {
    const request = this.#requests.get(parent.msg_id);
    if (request === undefined) return; // Of another client.
    if (socket === this.#iopub) {
      this.#output(request, header.msg_type, content);
    } else if (socket === this.#stdin) {
      void this.#answer(request, header, content);
    } else {
      request.reply = content;
      request.settle();
    }
  }

  #output(request, type, content) {
    switch (type) {
      case "stream":
        request.onOutput(content.name, content.text);
        break;
      case "execute_result":
      case "display_data":
        request.onOutput("result", content.data["text/plain"]);
        break;
      case "error":
        request.onOutput("error", `${content.ename}: ${content.evalue}`);
        break;
      case "status":
        request.onStatus();
        // All output of a request comes before it.
        if (content.execution_state === "idle") {
          request.isIdle = true;
          request.settle();
        }
    }
  }

  async #answer(request, header, { prompt }) {
    const value = await request.onInput?.(prompt);
    await this.#send(this.#stdin, this.#header("input_reply"), header, { value: value ?? "" });
  }
}

function joined(parts) {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

function hexOf(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The octets that a frame of hex means. */
function bytesOf(hex) {
  return Uint8Array.from(decoder.decode(hex).match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}
