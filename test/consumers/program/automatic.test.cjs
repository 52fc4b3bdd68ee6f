jest.mock("zmq-ts");
const { Push } = require("zmq-ts");

test("Jest makes a mock of the package by itself", () => {
  const push = new Push();
  push.connect("tcp://127.0.0.1:1");
  expect(Push.mock.instances).toHaveLength(1);
  expect(push.connect).toHaveBeenCalledWith("tcp://127.0.0.1:1");
});
