/** The part of the raw libsodium build that sodium.ts calls. Pointers are offsets in `HEAPU8`; 64-bit lengths come as two halves. */
declare module "libsodium" {
  export interface SodiumModule {
    readonly HEAPU8: Uint8Array<ArrayBuffer>;
    _sodium_init(): number;
    _malloc(bytes: number): number;
    _free(pointer: number): void;
    _crypto_scalarmult_base(publicKey: number, secretKey: number): number;
    _crypto_box_beforenm(sharedKey: number, publicKey: number, secretKey: number): number;
    _crypto_box_easy_afternm(
      box: number,
      text: number,
      lengthLow: number,
      lengthHigh: number,
      nonce: number,
      key: number,
    ): number;
    _crypto_box_open_easy_afternm(
      text: number,
      box: number,
      lengthLow: number,
      lengthHigh: number,
      nonce: number,
      key: number,
    ): number;
  }
  /** Fills `module` with its functions; at once when `instantiateWasm` hands the instance over at once. */
  export default function instantiate(module: {
    getRandomValue(): number;
    instantiateWasm(imports: object, receive: (instance: object) => void): object;
  }): Promise<SodiumModule>;
}
