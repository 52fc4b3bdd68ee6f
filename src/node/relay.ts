/**
 * Passes the bytes of each connection on to another endpoint, unread: pages that speak ZMTP over WebSocket thus reach a
 * tcp or ipc socket, with the mechanism of the two ends between them. With CURVE the relay sees boxes alone.
 *
 *   page --ws, zmtp3.1.stream--> front   back --tcp--> socket
 */

import { ownCopyOf } from "../base/bytes.ts";
import { parseEndpoint } from "../base/endpoint.ts";
import type { Endpoint } from "../base/endpoint-grammar.ts";
import { ZmqError } from "../base/errors.ts";
import type { Link, Listener, ListenHandler, Transport } from "../base/link.ts";
import type { OptionValues } from "../base/options.ts";
import { STREAM } from "../wire/subprotocols.ts";
import { nodeTransports } from "./platform.ts";

export interface RelayHandler {
  /** Something went wrong with one connection; the others go on. */
  failed(error: Error): void;
}

export class Relay implements ListenHandler {
  readonly #back: Endpoint;
  readonly #transport: Transport;
  readonly #options: OptionValues;
  readonly #handler: RelayHandler;
  readonly #links = new Set<Link>();
  readonly #end = new AbortController();
  #listener: Listener | undefined = undefined;

  /** `back`: tcp, ipc, ws or wss. Throws a ZmqError for an endpoint that is none. */
  constructor(back: string, options: OptionValues, handler: RelayHandler) {
    this.#back = parseEndpoint(back, "connect", options.ipv6);
    this.#transport = transportOf(this.#back);
    this.#options = options;
    this.#handler = handler;
  }

  /** Binds; resolves to the endpoint. `front`: ws, wss, tcp or ipc. Rejects with a ZmqError. */
  async listen(front: string): Promise<string> {
    const endpoint = parseEndpoint(front, "bind", this.#options.ipv6);
    const { wsAccept } = this.#options;
    // Frames of ZWS are no part of a stream of bytes.
    const options: OptionValues = {
      ...this.#options,
      wsAccept: (request) => request.protocols.includes(STREAM) && (wsAccept === null || wsAccept(request)),
    };
    const listener = await transportOf(endpoint).listen(endpoint, options, this);
    this.#listener = listener;
    return listener.address;
  }

  close(): void {
    this.#listener?.close();
    this.#end.abort(new ZmqError("ECANCELED"));
    for (const link of this.#links) link.close();
  }

  accepted(front: Link): void {
    this.#links.add(front);
    this.#transport.connect(this.#back, this.#options, this.#end.signal).then(
      (back) => this.#join(front, back),
      (error: unknown) => {
        this.#links.delete(front);
        front.destroy();
        if (!this.#end.signal.aborted) this.failed(error instanceof Error ? error : new Error(String(error)));
      },
    );
  }

  failed(error: Error): void {
    this.#handler.failed(error);
  }

  #join(front: Link, back: Link): void {
    this.#links.add(back);
    if (back.protocol !== undefined) {
      this.failed(
        new ZmqError("EPROTO", { detail: `${this.#back.text} speaks ZWS, which no stream of bytes becomes` }),
      );
      front.destroy();
      back.destroy();
      return;
    }
    this.#pass(front, back);
    this.#pass(back, front);
  }

  #pass(from: Link, to: Link): void {
    from.handler = {
      data(chunk) {
        if (!to.write([ownCopyOf(chunk)])) from.pause();
      },
      drained: () => to.resume(),
      closed: () => {
        this.#links.delete(from);
        to.close();
      },
    };
  }
}

function transportOf(endpoint: Endpoint): Transport {
  const transport = nodeTransports.find(({ scheme }) => scheme === endpoint.scheme);
  if (transport !== undefined) return transport;
  const detail = `a relay joins tcp, ipc, ws and wss, not ${endpoint.scheme}`;
  throw new ZmqError("EPROTONOSUPPORT", { address: endpoint.text, detail });
}
