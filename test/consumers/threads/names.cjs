/**
 * What two files of a test runner do, in two threads of one process: both bind one name, at the same time, and each is
 * heard by its own peers alone. `here` is one of the two, `there` the other.
 */

const { existsSync, writeFileSync } = require("node:fs");
const { join } = require("node:path");
const { isMainThread, Worker } = require("node:worker_threads");
const zmq = require("zmq-ts");

exports.meetOwnPeers = async (here, there) => {
  const { NAMES_FOLDER: folder } = process.env;
  if (isMainThread) throw new Error("the runner runs its files in processes");
  const pull = new zmq.Pull();
  await pull.bind("inproc://same-name");
  writeFileSync(join(folder, here), "");
  for (let ms = 0; !existsSync(join(folder, there)); ms += 20) {
    if (ms > 30_000) throw new Error("the two files do not run at the same time");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const push = new zmq.Push();
  push.connect("inproc://same-name");
  await push.send(here);
  const worker = new Worker(
    `const { workerData: { library, here } } = require("node:worker_threads");
    const push = new (require(library).Push)();
    push.connect("inproc://same-name");
    push.send("a thread of " + here);`,
    { eval: true, workerData: { library: require.resolve("zmq-ts"), here } },
  );
  const heard = [String(await pull.receive()), String(await pull.receive())];
  await worker.terminate();
  push.close();
  pull.close();
  return heard.sort();
};

exports.useIoThread = async () => {
  const context = new zmq.Context({ ioThreads: 1 });
  const [reply, request] = [new zmq.Reply({ context }), new zmq.Request({ context })];
  await reply.bind("tcp://127.0.0.1:*");
  request.connect(reply.lastEndpoint);
  await request.send("question");
  const [question] = await reply.receive();
  reply.close();
  request.close();
  await context.close();
  return String(question);
};
