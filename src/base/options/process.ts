/**
 * Options of contexts that say something of a process: its memory, the names and
 * processors of its threads. A page has none of them.
 */

import { bool, int, text } from "./kinds.ts";

export const PROCESS_OPTIONS = {
  /** ZMQ_SOCKET_LIMIT. Largest value of `maxSockets`. */
  maxSocketsLimit: int({ id: 3, default: 65535, access: "r" }),
  /** ZMQ_MAX_MSGSZ. Bytes of the largest message that may be sent. Default 2147483647. Note: Stored, without effect, as in libzmq: no send is refused for its size. `maxMessageSize` of a socket limits what it receives. */
  maxMessageSize: int({ id: 5, default: 2 ** 31 - 1, min: 0, applies: "now" }),
  /** ZMQ_MSG_T_SIZE. Bytes of libzmq's `zmq_msg_t`; a constant, for programs that print it. */
  messageStructSize: int({ id: 6, default: 64, access: "r" }),
  /** ZMQ_ZERO_COPY_RECV. Whether received messages may share the memory in which they arrived. Default true. Note: Stored, without effect: small frames share memory, large ones have their own. */
  zeroCopyReceive: bool({ id: 10, default: true, applies: "now" }),
  /** ZMQ_THREAD_PRIORITY. Scheduling priority of the I/O threads; -1 = the operating system's default. Default -1. Note: Stored, without effect: no JavaScript runtime sets it. */
  threadPriority: int({ id: 3, default: -1, min: -1, applies: "now" }),
  /** ZMQ_THREAD_SCHED_POLICY. Scheduling policy of the I/O threads; -1 = the operating system's default. Default -1. Note: Stored, without effect: no JavaScript runtime sets it. */
  threadSchedulingPolicy: int({ id: 4, default: -1, min: -1, applies: "now" }),
  /** ZMQ_THREAD_NAME_PREFIX. Prefix of the I/O threads' names, at most 16 bytes. Default null. Note: Of the names that `Worker` gives to debuggers; a change counts for threads that start later. */
  threadNamePrefix: text({ id: 9, max: 16, applies: "now" }),
  /** ZMQ_THREAD_AFFINITY_CPU_ADD. A processor for the I/O threads to run on. Default -1. Note: Stored, without effect: no JavaScript runtime sets it. */
  threadAffinityCpuAdd: int({ id: 7, default: -1, min: 0, applies: "now" }),
  /** ZMQ_THREAD_AFFINITY_CPU_REMOVE. A processor for the I/O threads not to run on. Default -1. Note: Stored, without effect: no JavaScript runtime sets it. */
  threadAffinityCpuRemove: int({ id: 8, default: -1, min: 0, applies: "now" }),
};
