/**
 * Keeps the memory of large frames in the process between one and the next. They are freed by the dozen, when the garbage
 * collector has found 32 MiB of them, and glibc gives free memory at the end of its heap back to the system as soon
 * as that is more than twice the largest block that it has seen go. The next frames would then be read into pages that the
 * system has to map anew, 256 for a MiB: two thirds of what receiving it costs.
 *
 * glibc has no other way for a program without native code to say so than to free a large block, as any program does that
 * reads a large file: one of 31 MiB, the most that it counts. Nothing is written to it, so it never is memory. Afterwards up to 62 MiB of what
 * was in use stay in the process. Other systems and other allocators take no notice.
 */

const LARGEST_COUNTED_BYTES = 31 << 20;

let isDone = false;

/** What a frame has to bring at once to count as a large one: an announced length alone does nothing. */
const LARGE_READ_BYTES = 65_536;

/** A read of `length` bytes was of a large frame, which goes on. The garbage collector will free a large block. */
export function keepFreedMemory(length: number): void {
  if (isDone || length < LARGE_READ_BYTES) return;
  isDone = true;
  if (process.platform === "linux") Buffer.allocUnsafeSlow(LARGEST_COUNTED_BYTES);
}
