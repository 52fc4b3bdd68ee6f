/** The page of notebook.ts: it runs code in the kernel, and shows what it prints. */

import { Kernel } from "/kernel.js";
import * as zmq from "/zmq.js";

const byId = (id) => document.getElementById(id);
const kernel = await Kernel.connect(zmq, await (await fetch("/kernel")).json());
show("idle");
byId("run").disabled = false;
byId("run").onclick = run;
byId("code").onkeydown = (event) => {
  if (event.key !== "Enter" || !event.shiftKey) return;
  event.preventDefault();
  run();
};
byId("interrupt").onclick = () => kernel.interrupt();

async function run() {
  if (byId("run").disabled) return;
  byId("output").replaceChildren();
  byId("run").disabled = true;
  byId("interrupt").disabled = false;
  show("busy");
  const { status } = await kernel.execute(byId("code").value, { onOutput: print, onInput: ask });
  byId("run").disabled = false;
  byId("interrupt").disabled = true;
  show(status === "ok" ? "idle" : `idle; the last run ended with ${status}`);
}

function show(state) {
  byId("state").textContent = state;
}

function print(kind, text) {
  const part = document.createElement("span");
  part.className = kind;
  part.textContent = text;
  byId("output").append(part);
}

function ask(prompt) {
  byId("question").textContent = prompt || "?";
  return new Promise((resolve) => {
    byId("answer").onchange = ({ target }) => {
      resolve(target.value);
      target.value = "";
      byId("question").textContent = "";
    };
  });
}
