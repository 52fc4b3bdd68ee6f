import { Authenticator, Context, curveKeyPair, Pull, Push } from "zmq-ts";
import v5 from "zmq-ts/v5-compat";

new Authenticator({ curve: "any" }).start();
const [server, client] = [curveKeyPair(), curveKeyPair()];
const pull = new Pull({ curveServer: true, curveSecretKey: server.secretKey });
await pull.bind("tcp://127.0.0.1:*");
// Its connection is in an I/O thread, whose program is part of the bundle.
const push = new Push({
  context: new Context({ ioThreads: 1 }),
  curveServerKey: server.publicKey,
  curvePublicKey: client.publicKey,
  curveSecretKey: client.secretKey,
});
push.connect(pull.lastEndpoint);
await push.send("bundled");
const [message] = await pull.receive();

// The older interface shares the library: inproc meets.
await pull.bind("inproc://older");
const older = v5.socket("push");
older.connect("inproc://older");
older.send(message);
console.log(String(await pull.receive()));
older.close();
push.close();
pull.close();
