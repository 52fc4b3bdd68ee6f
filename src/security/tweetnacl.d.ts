/** The functions of tweetnacl that are used; its own types leave these out. */
declare module "tweetnacl" {
  interface LowLevel {
    crypto_core_hsalsa20(out: Uint8Array, input: Uint8Array, key: Uint8Array, constants: Uint8Array): void;
    crypto_secretbox(box: Uint8Array, message: Uint8Array, length: number, nonce: Uint8Array, key: Uint8Array): number;
    crypto_secretbox_open(
      message: Uint8Array,
      box: Uint8Array,
      length: number,
      nonce: Uint8Array,
      key: Uint8Array,
    ): number;
    crypto_scalarmult(out: Uint8Array, scalar: Uint8Array, point: Uint8Array): number;
    crypto_scalarmult_base(out: Uint8Array, scalar: Uint8Array): number;
  }
  const nacl: { readonly lowlevel: LowLevel };
  export default nacl;
}
