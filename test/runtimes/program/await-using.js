/** In a file of its own, for runtimes that cannot parse it. */

export async function usingSockets(zmq) {
  await using pull = new zmq.Pull();
  await pull.bind("tcp://127.0.0.1:*");
  await using push = new zmq.Push();
  push.connect(pull.lastEndpoint);
  await push.send("used");
  return [String(await pull.receive()), [pull, push]];
}
