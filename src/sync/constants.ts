/** Numbers that programs name: socket types, flags, events, devices, context options, errors. libzmq's values, pyzmq's names. */

export const PAIR = 0;
export const PUB = 1;
export const SUB = 2;
export const REQ = 3;
export const REP = 4;
export const DEALER = 5;
export const ROUTER = 6;
export const PULL = 7;
export const PUSH = 8;
export const XPUB = 9;
export const XSUB = 10;
export const STREAM = 11;

/** Names of ZeroMQ 2: DEALER, ROUTER, PULL and PUSH. */
export const XREQ = 5;
export const XREP = 6;
export const UPSTREAM = 7;
export const DOWNSTREAM = 8;

/** Flags of `send` and `recv`. */
export const NOBLOCK = 1;
export const DONTWAIT = 1;
export const SNDMORE = 2;

/** Bits of `poll`. */
export const POLLIN = 1;
export const POLLOUT = 2;
export const POLLERR = 4;

/** Kinds of `device`. */
export const STREAMER = 1;
export const FORWARDER = 2;
export const QUEUE = 3;

/** Values of MECHANISM. */
export const NULL = 0;
export const PLAIN = 1;
export const CURVE = 2;

/** Options of a context, for its `set` and `get`. */
export const IO_THREADS = 1;
export const MAX_SOCKETS = 2;
export const SOCKET_LIMIT = 3;
export const MAX_MSGSZ = 5;
export const BLOCKY = 70;

/** Values of an error's `errno`. */
export const EAGAIN = 11;
export const EACCES = 13;
export const EFAULT = 14;
export const EBUSY = 16;
export const EINVAL = 22;
export const EMFILE = 24;
export const ENOTSOCK = 88;
export const EMSGSIZE = 90;
export const EPROTONOSUPPORT = 93;
export const ENOTSUP = 95;
export const EADDRINUSE = 98;
export const EADDRNOTAVAIL = 99;
export const EHOSTUNREACH = 113;
export const EFSM = 156384763;
export const ENOCOMPATPROTO = 156384764;
export const ETERM = 156384765;
export const EMTHREAD = 156384766;
