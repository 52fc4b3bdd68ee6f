/** Entry for browsers that brings CURVE, computed by tweetnacl (8 KB gzipped together). Import it for its effect. */

import "./browser.ts";
import { Crypto } from "./security/crypto.ts";
import { curveClients } from "./security/curve-clients.ts";
import { smallPrimitives } from "./security/small-primitives.ts";
import { provideCurve } from "./web/platform.ts";

provideCurve(new Crypto(smallPrimitives), curveClients);
