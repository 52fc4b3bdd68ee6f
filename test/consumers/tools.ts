/** The tools of package users, with their versions: the one place that pins them. */

export const TOOLS: Readonly<Record<string, string>> = {
  "@rollup/plugin-commonjs": "29.0.3",
  "@rollup/plugin-node-resolve": "16.0.3",
  esbuild: "0.28.2",
  express: "5.3.0",
  fastify: "5.12.8",
  jest: "30.5.2",
  "jest-environment-jsdom": "30.5.2",
  postject: "1.0.0-alpha.6",
  rollup: "4.68.8",
  "socket.io": "4.8.4",
  "socket.io-client": "4.8.4",
  vite: "8.4.0",
  vitest: "4.1.12",
  webpack: "5.113.0",
  ws: "8.23.0",
};

export interface Compiler {
  readonly version: string;
  /** The declarations of Node that go with it: later ones are for later compilers. */
  readonly nodeTypes: string;
  /** The pairs of `--module` and `--moduleResolution` that people set. */
  readonly modules: readonly (readonly [module: string, resolution: string])[];
}

/** The first is the lowest that is supported; the second pair goes out of use, and the newest does not know it. */
export const COMPILERS: readonly Compiler[] = [
  {
    version: "5.0.4",
    nodeTypes: "20.8.0",
    modules: [
      ["node16", "node16"],
      ["esnext", "node"],
      ["esnext", "bundler"],
    ],
  },
  { version: "5.4.5", nodeTypes: "20.12.0", modules: [["esnext", "node"]] },
  { version: "5.6.3", nodeTypes: "20.19.43", modules: [["node16", "node16"]] },
  { version: "5.9.3", nodeTypes: "20.19.43", modules: [["esnext", "bundler"]] },
  {
    version: "7.0.2",
    nodeTypes: "20.19.43",
    modules: [
      ["node16", "node16"],
      ["esnext", "bundler"],
    ],
  },
];
