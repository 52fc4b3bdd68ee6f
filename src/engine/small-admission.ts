/** `Admission` of admission.ts for pages: the build for browsers puts it in the place of that one. Nobody else is asked. */

import { ownCopyOf } from "../base/bytes.ts";
import type { Applicant, Admission as Strict } from "./admission.ts";

export type { Applicant } from "./admission.ts";

export class Admission implements Omit<Strict, "turnBegan"> {
  readonly #applicant: Applicant;

  constructor(applicant: Applicant) {
    this.#applicant = applicant;
  }

  data(chunk: Uint8Array): void {
    this.#applicant.shake([ownCopyOf(chunk)]);
  }

  authorize(): void {}
  describe(): void {}
  end(): void {}
}
