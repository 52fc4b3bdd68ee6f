/** What is used of WebAssembly; its full types are not the same in every runtime. */

export interface WebAssemblyPlatform {
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: object };
  readonly Memory: new (size: { initial: number }) => { readonly buffer: ArrayBuffer };
  validate(bytes: Uint8Array<ArrayBuffer>): boolean;
}

/** Throws where it is missing or forbidden. */
export function webAssembly(): WebAssemblyPlatform {
  const { WebAssembly } = globalThis as { WebAssembly?: WebAssemblyPlatform };
  if (WebAssembly === undefined) throw new Error("this runtime has no WebAssembly");
  return WebAssembly;
}
