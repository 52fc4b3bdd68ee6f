// The program of a page: asks the server of the page, and shows its answer.
import { Request } from "zmq-ts";
import "zmq-ts/browser/curve";

const { serverKey, publicKey, secretKey } = Object.fromEntries(new URLSearchParams(location.search));
const request = new Request({
  curveServerKey: serverKey,
  curvePublicKey: publicKey,
  curveSecretKey: secretKey,
  heartbeatInterval: 1000,
});
request.connect(`ws://${location.host}/ask`);
await request.send("bundled");
const [answer] = await request.receive();
document.title = new TextDecoder().decode(answer);
request.close();
