/** ZMTP with all of its versions. */

import { LegacyDecoder } from "./legacy-decoder.ts";
import { zmtpProtocol } from "./zmtp.ts";

export const zmtp = zmtpProtocol((limits) => new LegacyDecoder(limits));
