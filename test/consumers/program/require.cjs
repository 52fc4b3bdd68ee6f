const { Context, Pull, Push, curveKeyPair } = require("zmq-ts");
const v5 = require("zmq-ts/v5-compat");

(async () => {
  const pull = new Pull();
  await pull.bind("tcp://127.0.0.1:*");
  const push = new Push({ context: new Context({ ioThreads: 1 }) });
  push.connect(pull.lastEndpoint);
  await push.send(curveKeyPair().publicKey.length === 40 ? "bundled" : "no key");
  const [message] = await pull.receive();
  await pull.bind("inproc://older");
  const older = v5.socket("push");
  older.connect("inproc://older");
  older.send(message);
  console.log(String(await pull.receive()));
  older.close();
  push.close();
  pull.close();
})();
