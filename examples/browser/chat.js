/** The page of chat.ts: it proves by CURVE that it speaks to the server whose key stands in the link, and seals what is said. */

import "/zmq/browser-curve.js";
import { curveKeyPair, Dealer } from "/zmq/browser.js";

const decoder = new TextDecoder();
const byId = (id) => document.getElementById(id);
const curveServerKey = decodeURIComponent(location.hash.slice(1));
let name = "";
const present = new Set();

if (curveServerKey.length === 40) {
  byId("join").onsubmit = join;
  byId("name").focus();
} else {
  show("This link has no key of a server behind its #. Copy all of the link that chat.ts printed.");
  byId("join").hidden = true;
}

async function join(event) {
  event.preventDefault();
  name = byId("name").value;
  byId("join").hidden = true;
  show("connecting");
  const { publicKey, secretKey } = curveKeyPair();
  const chat = new Dealer({
    curveServerKey,
    curvePublicKey: publicKey,
    curveSecretKey: secretKey,
    reconnectInterval: 200,
    reconnectMaxInterval: 5000,
  });
  // Each connection is a new peer to the server, which is to know whose it is.
  let isKnown = false;
  chat.events.on("handshake", () => {
    isKnown = true;
    chat.send(["hello", name]);
  });
  chat.events.on("disconnect", () => {
    if (isKnown) show("The connection is lost; connecting again.");
    isKnown = false;
  });
  chat.events.on("handshake:error:other", () => show("The server cannot be reached, or has not the key of this link."));
  chat.connect(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/chat`);

  byId("say").hidden = false;
  byId("text").focus();
  byId("say").onsubmit = async (submit) => {
    submit.preventDefault();
    const text = byId("text").value;
    byId("text").value = "";
    await chat.send(["say", name, text]);
  };
  for await (const frames of chat) heard(...frames.map((frame) => decoder.decode(frame)));
}

function heard(verb, who, ...rest) {
  switch (verb) {
    case "welcome":
      name = who;
      present.clear();
      for (const each of [...rest, who]) present.add(each);
      break;
    case "joined":
      present.add(who);
      line("news", `${who} joined`);
      break;
    case "left":
      present.delete(who);
      line("news", `${who} left`);
      break;
    case "said":
      line(who === name ? "own" : "", rest[0], who);
  }
  const names = [...present].map((each) => (each === name ? `${each} (you)` : each));
  show(`Here: ${names.join(", ")}. Sealed by CURVE for the key in this link.`);
}

function show(state) {
  byId("state").textContent = state;
}

/** Texts of others are shown as text, never as HTML. */
function line(kind, text, who) {
  const item = document.createElement("li");
  item.className = kind;
  if (who !== undefined) item.append(Object.assign(document.createElement("b"), { textContent: who }));
  item.append(text);
  byId("lines").append(item);
  item.scrollIntoView();
}
