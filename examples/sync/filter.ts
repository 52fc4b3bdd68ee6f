/**
 * A filter of two feeds: passes on what both publish of some topics.
 *
 *     node --import tsx examples/sync/filter.ts OUT FEED FEED TOPIC…
 */

import * as zmq from "zmq-ts/sync";

const [out = "tcp://127.0.0.1:4003", one = "tcp://127.0.0.1:4001", other = "tcp://127.0.0.1:4002", ...topics] =
  process.argv.slice(2);
const context = new zmq.Context();
const input = context.socket(zmq.SUB);
for (const topic of topics) input.subscribe(topic);
input.connect(one);
input.connect(other);
const output = context.socket(zmq.PUB);
output.bind(out);
console.log(`bound to ${output.lastEndpoint}`);

while (true) output.sendMultipart(input.recvMultipart());
