/**
 * Entry for browsers that brings CURVE: its code and tweetnacl (8 KB gzipped), and libsodium once a page seals much.
 * Import it for its effect.
 */

import "./browser.ts";
import { bringKeys, keyText } from "./base/options/kinds.ts";
import { Crypto } from "./security/crypto.ts";
import { curveClients } from "./security/curve-clients.ts";
import { smallPrimitives } from "./security/small-primitives.ts";
import { swiftPrimitives } from "./security/swift-primitives.ts";
import { provideCurve } from "./web/platform.ts";

const loadSodium = () => import("./browser-sodium.ts").then(({ loadSodium }) => loadSodium());

bringKeys(keyText);
provideCurve(new Crypto(() => swiftPrimitives(smallPrimitives(), loadSodium)), curveClients);
