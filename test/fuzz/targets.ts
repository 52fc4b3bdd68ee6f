/** All targets of the fuzzer. */

import type { Target } from "./target.ts";
import { AUTHENTICATOR_TARGETS } from "./targets/authenticator.ts";
import { BOX_TARGETS } from "./targets/boxes.ts";
import { CODEC_TARGETS } from "./targets/codecs.ts";
import { DATAGRAM_TARGETS } from "./targets/datagrams.ts";
import { ENVELOPE_TARGETS } from "./targets/envelopes.ts";
import { FRAME_TARGETS } from "./targets/frames.ts";
import { HANDSHAKE_TARGETS } from "./targets/handshakes.ts";
import { MULTICAST_TARGETS } from "./targets/multicast.ts";
import { RAW_TARGETS } from "./targets/raw.ts";
import { SESSION_TARGETS } from "./targets/session.ts";
import { TEXT_TARGETS } from "./targets/text.ts";
import { VALUE_TARGETS } from "./targets/values.ts";
import { WEB_PEER_TARGETS } from "./targets/web-peers.ts";
import { WEBSOCKET_TARGETS } from "./targets/websocket.ts";

export const TARGETS: readonly Target[] = [
  ...FRAME_TARGETS,
  ...CODEC_TARGETS,
  ...DATAGRAM_TARGETS,
  ...TEXT_TARGETS,
  ...HANDSHAKE_TARGETS,
  ...VALUE_TARGETS,
  ...SESSION_TARGETS,
  ...RAW_TARGETS,
  ...AUTHENTICATOR_TARGETS,
  ...ENVELOPE_TARGETS,
  ...BOX_TARGETS,
  ...MULTICAST_TARGETS,
  ...WEBSOCKET_TARGETS,
  ...WEB_PEER_TARGETS,
];
