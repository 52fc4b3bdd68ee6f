/**
 * Options of what pages do not have: I/O threads, buffers of the operating system, peers that come in, TCP, ipc, SOCKS, wss
 * with keys of its own, multicast.
 */

import { cidrs, ids } from "./additive.ts";
import { bool, int, text, uint64 } from "./kinds.ts";
import { RECEIVERS, SENDERS } from "./queues.ts";

const NO_PEER_CREDENTIALS = "no JavaScript runtime tells which process is at the other end of an ipc connection";
const NO_VMCI = "no JavaScript runtime supports VMCI sockets";
const NO_SOCKET_OPTION = "no JavaScript runtime sets this option of the operating system's sockets";
const NO_NORM = "the norm transport is not part of this library";

export const TRANSPORT_OPTIONS = {
  /** ZMQ_AFFINITY. Bit mask of the I/O threads that serve the socket's connections. Default 0. */
  affinity: uint64({ id: 4, default: 0 }),
  /** Not in libzmq. Connections of one bound endpoint that may be in the handshake at the same time; beyond that, the oldest one of the network (IPv4 address, IPv6 /64) with the most of them is closed. 0 = no limit. Default 4096. */
  maxPendingHandshakes: int({ id: -6, default: 4096, min: 0 }),
  /** ZMQ_IN_BATCH_SIZE. Bytes read from a connection at once. Default 8192. Note: A hint: the runtime chooses how much it reads. */
  inBatchSize: int({ id: 101, default: 8192, min: 1 }),
  /** ZMQ_OUT_BATCH_SIZE. Bytes gathered from small messages before they are written. Default 8192. Note: A hint: larger batches are made where that is faster. */
  outBatchSize: int({ id: 102, default: 8192, min: 1 }),
  /** ZMQ_SNDBUF. Bytes of the operating system's send buffer; -1 = its default. Default -1. Note: A hint: no runtime sets it for tcp and ipc. */
  sendBufferSize: int({
    id: 11,
    default: -1,
    min: -1,
    on: SENDERS,
  }),
  /** ZMQ_RCVBUF. Bytes of the operating system's receive buffer; -1 = its default. Default -1. Note: A hint: no runtime sets it for tcp and ipc. */
  receiveBufferSize: int({
    id: 12,
    default: -1,
    min: -1,
    on: RECEIVERS,
  }),

  /** ZMQ_BACKLOG. Connections that may wait to be accepted. Default 100. */
  backlog: int({ id: 19, default: 100, min: 0 }),
  /** ZMQ_USE_FD. File descriptor of a listening socket that the next `bind` uses; -1 = none. Default -1. */
  useFd: int({ id: 89, default: -1, min: -1 }),
  /** ZMQ_BINDTODEVICE. Name of the network interface that tcp and udp use; null = any. Default null. Note: By the interface's address, because no runtime binds to a device. */
  interface: text({ id: 92, max: 16 }),

  /** ZMQ_TCP_KEEPALIVE. TCP keepalive: 1 on, 0 off, -1 = the operating system's default. Default -1. */
  tcpKeepalive: int({ id: 34, default: -1, min: -1, max: 1 }),
  /** ZMQ_TCP_KEEPALIVE_IDLE. Seconds of silence before the first keepalive probe; -1 = the operating system's default. Default -1. */
  tcpKeepaliveIdle: int({ id: 36, default: -1, min: -1 }),
  /** ZMQ_TCP_KEEPALIVE_CNT. Unanswered keepalive probes that end a connection; -1 = the operating system's default. Default -1. Note: Takes effect where the runtime supports it; stored elsewhere. */
  tcpKeepaliveCount: int({ id: 35, default: -1, min: -1 }),
  /** ZMQ_TCP_KEEPALIVE_INTVL. Seconds between keepalive probes; -1 = the operating system's default. Default -1. Note: Takes effect where the runtime supports it; stored elsewhere. */
  tcpKeepaliveInterval: int({ id: 37, default: -1, min: -1 }),
  /** ZMQ_TCP_MAXRT. Milliseconds that sent bytes may stay unacknowledged before the connection is closed; 0 = the operating system's default. Default 0. Note: By a timer on bytes that do not leave. */
  tcpMaxRetransmitTimeout: int({ id: 80, default: 0, min: 0 }),
  /** ZMQ_TCP_ACCEPT_FILTER. Accepts tcp peers only from these addresses, `192.168.0.0/16`. Assignments add to it; null clears it. Reads as a list with commas. Default empty. */
  tcpAcceptFilter: cidrs({ id: 38 }),
  /** ZMQ_TOS. Type-of-service octet of outgoing packets. Default 0. Note: Takes effect where the runtime supports it; stored elsewhere. */
  typeOfService: int({ id: 57, default: 0, min: 0, max: 255 }),
  /** ZMQ_PRIORITY. Priority of outgoing packets (SO_PRIORITY). Default 0. */
  priority: int({ id: 112, default: 0, min: 0, honoured: NO_SOCKET_OPTION }),
  /** ZMQ_BUSY_POLL. Microseconds of busy polling (SO_BUSY_POLL). Default 0. */
  busyPoll: int({ id: 113, default: 0, honoured: NO_SOCKET_OPTION }),
  /** ZMQ_LOOPBACK_FASTPATH. Windows' fast path for loopback connections. Default false. Note: Stored, without effect: Windows removed it. */
  loopbackFastPath: bool({ id: 94, default: false }),

  /** ZMQ_IPC_FILTER_PID. Accepts ipc peers of these processes only. Default empty. */
  ipcFilterPid: ids({ id: 58, honoured: NO_PEER_CREDENTIALS }),
  /** ZMQ_IPC_FILTER_UID. Accepts ipc peers of these users only. Default empty. */
  ipcFilterUid: ids({ id: 59, honoured: NO_PEER_CREDENTIALS }),
  /** ZMQ_IPC_FILTER_GID. Accepts ipc peers of these groups only. Default empty. */
  ipcFilterGid: ids({ id: 60, honoured: NO_PEER_CREDENTIALS }),

  /** ZMQ_SOCKS_PROXY. `host:port` of the SOCKS5 proxy through which tcp connects; null = none. Default null. */
  socksProxy: text({ id: 68 }),
  /** ZMQ_SOCKS_USERNAME. User name for the proxy, at most 255 bytes. Default null. */
  socksUsername: text({ id: 99, max: 255 }),
  /** ZMQ_SOCKS_PASSWORD. Password for the proxy, at most 255 bytes. Default null. */
  socksPassword: text({ id: 100, max: 255, isSecret: true }),

  /** ZMQ_WSS_KEY_PEM. Private key of a wss server, in PEM. Default null. */
  wssKeyPem: text({ id: 103, isSecret: true }),
  /** ZMQ_WSS_CERT_PEM. Certificate of a wss server, in PEM. Default null. */
  wssCertPem: text({ id: 104 }),
  /** ZMQ_WSS_TRUST_PEM. Certificates that a wss client trusts, in PEM. Default null. */
  wssTrustPem: text({ id: 105 }),
  /** ZMQ_WSS_HOSTNAME. Host name that the server's certificate must have; null = the one connected to. Default null. */
  wssHostname: text({ id: 106 }),
  /** ZMQ_WSS_TRUST_SYSTEM. A wss client trusts the system's certificates. Default false. */
  wssTrustSystem: bool({ id: 107, default: false }),

  /** ZMQ_RATE. Kilobits per second that a multicast socket sends at most. Default 100. Note: Of epgm and pgm; should be the same on both sides. */
  rate: int({ id: 8, default: 100, min: 1 }),
  /** ZMQ_RECOVERY_IVL. Milliseconds for which lost multicast packets can be asked for again. Default 10000. Note: Of epgm and pgm; should be the same on both sides. */
  recoveryInterval: int({ id: 9, default: 10000, min: 0 }),
  /** ZMQ_MULTICAST_HOPS. Routers that an outgoing multicast packet may pass, plus one. Default 1. */
  multicastHops: int({ id: 25, default: 1, min: 1, on: SENDERS }),
  /** ZMQ_MULTICAST_MAXTPDU. Bytes of the largest multicast packet, the headers of IP and UDP included. Default 1500. Note: Of epgm and pgm; should be the same on both sides. */
  multicastMaxTransportDataUnit: int({ id: 84, default: 1500, min: 1 }),
  /** ZMQ_MULTICAST_LOOP. A host also receives the multicast that it sends. Default true. Note: On epgm and pgm too, where libzmq never does. */
  multicastLoop: bool({ id: 96, default: true }),

  /** ZMQ_VMCI_BUFFER_SIZE. Bytes of the vmci buffer. Default 0. */
  vmciBufferSize: uint64({ id: 85, default: 0, honoured: NO_VMCI, refusal: "EINVAL" }),
  /** ZMQ_VMCI_BUFFER_MIN_SIZE. Bytes of the smallest vmci buffer. Default 0. */
  vmciBufferMinSize: uint64({ id: 86, default: 0, honoured: NO_VMCI, refusal: "EINVAL" }),
  /** ZMQ_VMCI_BUFFER_MAX_SIZE. Bytes of the largest vmci buffer. Default 0. */
  vmciBufferMaxSize: uint64({ id: 87, default: 0, honoured: NO_VMCI, refusal: "EINVAL" }),
  /** ZMQ_VMCI_CONNECT_TIMEOUT. Milliseconds one attempt to connect by vmci may take; -1 = the default. Default -1. */
  vmciConnectTimeout: int({ id: 88, default: -1, min: -1, honoured: NO_VMCI, refusal: "EINVAL" }),

  /** ZMQ_NORM_MODE. Congestion control of norm, 0 to 4. Default 1. */
  normMode: int({ id: 117, default: 1, min: 0, max: 4, honoured: NO_NORM, refusal: "EINVAL" }),
  /** ZMQ_NORM_UNICAST_NACK. Sends NACKs by unicast. Default false. */
  normUnicastNack: bool({ id: 118, default: false, honoured: NO_NORM, refusal: "EINVAL" }),
  /** ZMQ_NORM_BUFFER_SIZE. Kilobytes of the norm buffer. Default 2048. */
  normBufferSize: int({ id: 119, default: 2048, min: 1, honoured: NO_NORM, refusal: "EINVAL" }),
  /** ZMQ_NORM_SEGMENT_SIZE. Bytes of a norm segment. Default 1400. */
  normSegmentSize: int({ id: 120, default: 1400, min: 1, honoured: NO_NORM, refusal: "EINVAL" }),
  /** ZMQ_NORM_BLOCK_SIZE. Segments of a norm block. Default 16. */
  normBlockSize: int({ id: 121, default: 16, min: 1, max: 255, honoured: NO_NORM, refusal: "EINVAL" }),
  /** ZMQ_NORM_NUM_PARITY. Parity segments of a norm block. Default 4. */
  normNumParity: int({ id: 122, default: 4, min: 0, max: 254, honoured: NO_NORM, refusal: "EINVAL" }),
  /** ZMQ_NORM_NUM_AUTOPARITY. Parity segments of a norm block that are sent unasked. Default 0. */
  normNumAutoparity: int({ id: 123, default: 0, min: 0, max: 254, honoured: NO_NORM, refusal: "EINVAL" }),
  /** ZMQ_NORM_PUSH. Norm's stream push. Default false. */
  normPush: bool({ id: 124, default: false, honoured: NO_NORM, refusal: "EINVAL" }),
};
