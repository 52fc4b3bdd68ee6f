/** The types of kernel.js, which pages load as it is. */

export interface KernelAddress {
  /** Of tcp, or of ws through a relay. */
  readonly endpoints: Readonly<Record<"shell" | "control" | "stdin" | "iopub" | "hb", string>>;
  readonly key: string;
}

export interface ExecuteOptions {
  readonly onOutput?: (kind: "stdout" | "stderr" | "result" | "error", text: string) => void;
  readonly onInput?: (prompt: string) => string | Promise<string>;
}

export interface Reply {
  readonly status: "ok" | "error" | "aborted";
  readonly ename?: string;
}

export class Kernel {
  static connect(zmq: object, address: KernelAddress): Promise<Kernel>;
  execute(code: string, options?: ExecuteOptions): Promise<Reply>;
  interrupt(): Promise<Reply>;
  shutdown(): Promise<Reply>;
  isAlive(limitMs?: number): Promise<boolean>;
  close(): void;
}
