/**
 * `node bundle.mjs BUNDLER PROGRAM OUT [browser]`: bundles PROGRAM with all that it needs into the one file OUT, in the format
 * of its name, for Node or for a page. Prints warnings and nothing else. It is run from a copy in the folder where the bundlers
 * are installed.
 */

import { basename, dirname } from "node:path";

const [bundler, program, out, target] = process.argv.slice(2);
const isPage = target === "browser";
const isCommonJs = out.endsWith(".cjs");

const bundlers = {
  async webpack() {
    const { default: webpack } = await import("webpack");
    const output = { path: dirname(out), filename: basename(out) };
    const settings = {
      target: isPage ? "web" : "node",
      mode: isCommonJs ? "development" : "production",
      entry: program,
      output,
    };
    if (!isCommonJs) {
      Object.assign(settings, { experiments: { outputModule: true } });
      Object.assign(output, { module: true, library: { type: "module" } });
    }
    await new Promise((resolve, reject) => {
      webpack(settings, (error, result) => {
        if (error) return reject(error);
        const { errors, warnings } = result.toJson({ all: false, errors: true, warnings: true });
        for (const { message } of [...errors, ...warnings]) console.log(message);
        resolve();
      });
    });
  },

  async vite() {
    const { build, createLogger } = await import("vite");
    const logger = {
      ...createLogger("silent"),

      warn: console.log,
      warnOnce: console.log,
      error: console.log,
    };
    const output = { format: isCommonJs ? "cjs" : "es", entryFileNames: basename(out) };
    await build({
      configFile: false,
      logLevel: "warn",
      root: dirname(program),
      customLogger: logger,
      ...(isPage ? {} : { ssr: { noExternal: true } }),
      build: {
        ...(isPage ? {} : { ssr: program }),
        outDir: dirname(out),
        emptyOutDir: false,
        rollupOptions: { ...(isPage ? { input: program } : {}), output },
      },
    });
  },

  async esbuild() {
    const { build } = await import("esbuild");
    const format = isCommonJs ? "cjs" : "esm";
    const settings = { bundle: true, platform: isPage ? "browser" : "node", format, minify: true, logLevel: "silent" };
    const { warnings } = await build({ ...settings, entryPoints: [program], outfile: out });
    for (const { text } of warnings) console.log(text);
  },

  async rollup() {
    const { rollup } = await import("rollup");
    const { nodeResolve } = await import("@rollup/plugin-node-resolve");
    const { default: commonjs } = await import("@rollup/plugin-commonjs");
    // A program that imports needs no plug-in for CommonJS.
    const resolve = nodeResolve(isPage ? { browser: true } : { preferBuiltins: true });
    const plugins = [resolve, ...(isCommonJs ? [commonjs()] : [])];
    const onwarn = ({ message }) => console.log(message);
    const bundle = await rollup({ input: program, external: isPage ? [] : /^node:/, plugins, onwarn });
    // One file: what the library loads later, such as the program of an I/O thread, is then part of it.
    await bundle.write({ file: out, format: isCommonJs ? "cjs" : "es", inlineDynamicImports: true });
    await bundle.close();
  },
};

await bundlers[bundler]();
