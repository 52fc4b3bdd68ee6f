const zmq = require("zmq-ts");
const v5 = require("zmq-ts/v5-compat");

test("a request is answered over tcp", async () => {
  const [reply, request] = [new zmq.Reply(), new zmq.Request()];
  await reply.bind("tcp://127.0.0.1:*");
  request.connect(reply.lastEndpoint);
  await request.send("question");
  expect(String((await reply.receive())[0])).toBe("question");
  await reply.send(Buffer.from("answer"));
  const [answer] = await request.receive();
  expect(answer).toEqual(Buffer.from("answer"));
  request.close();
  reply.close();
});

test("an I/O thread is started", async () => {
  const context = new zmq.Context({ ioThreads: 1 });
  const [pull, push] = [new zmq.Pull({ context }), new zmq.Push({ context })];
  await pull.bind("tcp://127.0.0.1:*");
  push.connect(pull.lastEndpoint);
  await push.send("by a thread");
  expect(String(await pull.receive())).toBe("by a thread");
  push.close();
  pull.close();
  await context.close();
});

test("CURVE keys are made at once, and carry a message", async () => {
  const authenticator = new zmq.Authenticator({ curve: "any" });
  authenticator.start();
  const [server, client] = [zmq.curveKeyPair(), zmq.curveKeyPair()];
  const pull = new zmq.Pull({ curveServer: true, curveSecretKey: server.secretKey });
  await pull.bind("tcp://127.0.0.1:*");
  const push = new zmq.Push({
    curveServerKey: server.publicKey,
    curvePublicKey: client.publicKey,
    curveSecretKey: client.secretKey,
  });
  push.connect(pull.lastEndpoint);
  await push.send("secret");
  expect(String(await pull.receive())).toBe("secret");
  push.close();
  pull.close();
  authenticator.stop();
});

test("an error is a ZmqError with its code", () => {
  const push = new zmq.Push();
  expect(() => push.connect("tcp://nowhere")).toThrow(zmq.ZmqError);
  expect(() => push.connect("tcp://nowhere")).toThrow(expect.objectContaining({ code: "EINVAL" }));
  push.close();
});

test("what was required may be replaced, by assignment and by a spy", () => {
  const { Reply } = zmq;
  class Fake {}
  zmq.Reply = Fake;
  expect(new (require("zmq-ts").Reply)()).toBeInstanceOf(Fake);
  zmq.Reply = Reply;
  const spy = jest.spyOn(zmq, "Push").mockImplementation(() => ({ mocked: true }));
  expect(new zmq.Push()).toEqual({ mocked: true });
  spy.mockRestore();
  expect(typeof v5.socket).toBe("function");
});
