/**
 * When a page or a worker wakes: the network is back, the page is shown again, thawed, or taken out of the cache of the
 * Back button. A worker has no document and hears of the network alone. No browser tells of a computer that slept.
 */

/** The parts of a page and of a worker that are used here; a worker lacks `document`. */
interface Scope {
  addEventListener(type: "online" | "pageshow", listener: () => void): void;
  readonly document?: {
    readonly visibilityState: string;
    addEventListener(type: "visibilitychange" | "resume", listener: () => void): void;
  };
}

export function listenForWakeUps(wake: () => void): void {
  const scope = globalThis as unknown as Scope;
  const { document } = scope;
  scope.addEventListener("online", wake);
  scope.addEventListener("pageshow", wake);
  document?.addEventListener("resume", wake);
  document?.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") wake();
  });
}
