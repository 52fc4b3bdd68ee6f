/** Entry for browsers that brings the crypto library of CURVE: tweetnacl, 11 KiB gzipped. Import it for its effect. */

import { provideCrypto } from "./browser.ts";
import { smallPrimitives } from "./security/small-primitives.ts";

provideCrypto(smallPrimitives);
