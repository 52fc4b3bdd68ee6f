/**
 * Which pages may connect. A browser lets every page open WebSockets to every host, this machine included, and says in
 * the Origin header where the page comes from. So a page from elsewhere is let in only if it is listed.
 */

/** Whether the host of a Host header or an origin is this machine. */
export function isLoopbackName(host: string): boolean {
  const name = host.replace(/:\d+$/, "").toLowerCase();
  return name === "localhost" || name.endsWith(".localhost") || name === "[::1]" || /^127(\.\d{1,3}){3}$/.test(name);
}

export function isLoopbackAddress(address: string): boolean {
  return address === "::1" || /^(::ffff:)?127\./.test(address);
}

/**
 * Why a page may not connect; undefined when it may. `isLoopback`: only this machine can connect, so that no other name
 * than its own can lead here honestly (a page's own name may be made to: DNS rebinding).
 */
export function originRefusal(
  origin: string | undefined,
  host: string,
  allowed: readonly string[],
  isLoopback: boolean,
): string | undefined {
  if (origin === undefined || allowed.includes("*")) return undefined;
  if (allowed.some((other) => other.toLowerCase() === origin.toLowerCase())) return undefined;
  const [, scheme = "", authority] = /^([a-z]+):\/\/([^/]+)$/i.exec(origin) ?? [];
  const isSame = authority !== undefined && withPort(authority, scheme) === withPort(host, scheme);
  if (isSame && (!isLoopback || isLoopbackName(host))) return undefined;
  return `a page from ${origin} is not allowed here; list it in wsAllowedOrigins if it should be`;
}

/** `name:port`, in small letters, with the port that a page of this scheme leaves out. */
function withPort(authority: string, scheme: string): string {
  const name = authority.toLowerCase();
  return /:\d+$/.test(name) ? name : `${name}:${scheme.toLowerCase() === "https" ? 443 : 80}`;
}
