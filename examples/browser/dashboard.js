/** The page of dashboard.ts: it subscribes to figures by topic, draws them, and sends commands. */

import { Request, Subscriber } from "/zmq.js";

const SHOWN = 120;
const text = new TextDecoder();
const here = `ws://${location.host}`;
const byId = (id) => document.getElementById(id);

const feed = new Subscriber({ reconnectInterval: 200 });
feed.subscribe("cpu.", "memory", "load");
feed.events.on("connect", () => show("connected"));
feed.events.on("disconnect", () => show("the feed is gone; connecting again"));
feed.connect(`${here}/feed`);

const commands = new Request();
commands.connect(`${here}/commands`);
byId("every").onchange = async ({ target }) => {
  await commands.send(`every ${target.value}`);
  const [answer] = await commands.receive();
  byId("answer").textContent = text.decode(answer);
};

/** By topic: its values, and where they are shown. */
const charts = new Map();
for await (const [topic, value] of feed) draw(text.decode(topic), Number(text.decode(value)));

function show(state) {
  byId("state").textContent = state;
}

function draw(topic, value) {
  let chart = charts.get(topic);
  if (chart === undefined) {
    const figure = document.createElement("figure");
    figure.innerHTML = "<figcaption><span></span><b></b></figcaption><canvas width=480 height=160></canvas>";
    figure.querySelector("span").textContent = topic;
    byId("figures").append(figure);
    chart = { values: [], figure };
    charts.set(topic, chart);
  }
  const { values, figure } = chart;
  values.push(value);
  if (values.length > SHOWN) values.shift();
  figure.querySelector("b").textContent = `${(value * 100).toFixed(0)} %`;
  const canvas = figure.querySelector("canvas");
  const pen = canvas.getContext("2d");
  const most = Math.max(1, ...values);
  pen.clearRect(0, 0, canvas.width, canvas.height);
  pen.beginPath();
  for (const [i, each] of values.entries()) {
    pen.lineTo((i / (SHOWN - 1)) * canvas.width, canvas.height * (1 - (each / most) * 0.95));
  }
  pen.strokeStyle = "#3b82f6";
  pen.lineWidth = 3;
  pen.stroke();
}
