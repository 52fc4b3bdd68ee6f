/**
 * Where a runtime is known to differ: the name of the check, what it fails with there, and why. A check that is named
 * here and passes fails the run, so that the list says no more than is so. `docs/runtimes.md` has it for readers.
 */

export const differences = {
  deno: {
    "binding to an address that is nobody's here: EADDRNOTAVAIL": {
      error: /EINVAL/,
      why: "Deno tells EINVAL of such an address, so that is what bind() rejects with",
    },
  },
  bun: {
    "bindSync has bound when it returns": {
      error: /^ENOTSUP/,
      why: "Bun has no way to listen without waiting; it throws ENOTSUP, and bind() works",
    },
    "bindSync in a worker of a cluster binds in that process, and for it alone": {
      error: /ENOTSUP/,
      why: "as above",
    },
  },
};
