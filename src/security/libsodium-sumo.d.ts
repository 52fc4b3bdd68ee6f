/** The part of the raw libsodium build that sodium.ts calls. Pointers are offsets in `HEAPU8`; 64-bit lengths come as two halves. */
declare module "libsodium-sumo" {
  export interface SodiumModule {
    readonly HEAPU8: Uint8Array<ArrayBuffer>;
    _sodium_init(): number;
    _malloc(bytes: number): number;
    _free(pointer: number): void;
    _crypto_scalarmult_base(publicKey: number, secretKey: number): number;
    _crypto_box_beforenm(sharedKey: number, publicKey: number, secretKey: number): number;
    /** `constant` 0 stands for Salsa20's own. */
    _crypto_core_hsalsa20(out: number, input: number, key: number, constant: number): number;
    _crypto_stream_salsa20(out: number, lengthLow: number, lengthHigh: number, nonce: number, key: number): number;
    /** Begins at block `counter` of the stream; `out` may be `text`. */
    _crypto_stream_salsa20_xor_ic(
      out: number,
      text: number,
      lengthLow: number,
      lengthHigh: number,
      nonce: number,
      counterLow: number,
      counterHigh: number,
      key: number,
    ): number;
    /** The same as `_crypto_onetimeauth`, for a text in parts. */
    _crypto_onetimeauth_init(state: number, key: number): number;
    _crypto_onetimeauth_update(state: number, text: number, lengthLow: number, lengthHigh: number): number;
    _crypto_onetimeauth_final(state: number, tag: number): number;
    _crypto_onetimeauth(tag: number, text: number, lengthLow: number, lengthHigh: number, key: number): number;
  }
  /** Fills `module` with its functions; at once when `instantiateWasm` hands the instance over at once. */
  export default function instantiate(module: {
    getRandomValue(): number;
    instantiateWasm?(imports: object, receive: (instance: object) => void): object;
  }): Promise<SodiumModule>;
}
