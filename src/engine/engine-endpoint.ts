/** One endpoint of a socket, as the socket sees it. */

/** `EndpointOwner.gone` follows when it is over. */
export interface EngineEndpoint {
  /** As the user wrote it; the resolved one once it is bound. */
  readonly endpoint: string;
  /** Whether `text`, an endpoint as a user may write it, means this one. */
  isAt(text: string): boolean;
  /** Closed already, though it may linger. */
  readonly isClosing: boolean;
  /** True when all that was sent has left. */
  readonly isIdle: boolean;
  /**
   * Ends it. What is queued is still sent, for `lingerMs` at most (-1: no limit, 0: not at all), and keeps the process
   * alive meanwhile.
   */
  close(lingerMs: number): void;
  /** Writes what is batched as far as the kernel takes it. For the end of the process. */
  flushNow(): void;
}

export interface ConnectedEndpoint extends EngineEndpoint {
  start(): void;
}

export interface BoundEndpoint extends EngineEndpoint {
  /** Resolves once it listens. Rejects with a ZmqError. */
  start(): Promise<void>;
  /** As `start`, at once; throws ENOTSUP where the transport or runtime cannot. */
  startSync(): void;
  /** Frees the address; what is connected stays, until `close`. Absent for datagrams. */
  stopListening?(): void;
}
