/** As move-proxy.ts, for pages: the sockets stay. */

export function moveProxy(): undefined {}
