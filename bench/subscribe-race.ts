/**
 * How safe a program is that connects its SUB before it sends: `tsx bench/subscribe-race.ts [--rounds 200] [--starts 15]`.
 *
 * A client makes three DEALERs and then a SUB, connects all to one server process, and at once calls `subscribe` and
 * `send("hello")`. The server answers "hello" with a publication, as a Jupyter kernel does. Measured at the server: by
 * how much the subscription comes later than "hello" (less than 0: earlier), and how many clients miss the publication.
 * `--starts`: so many client processes with one round each, where nothing is compiled or loaded yet. Client and
 * server, of ours and of npm zeromq, take turns in processes of their own.
 */

import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

type Zmq = typeof import("../src/index.ts");

const MODULES = { "zmq-ts": "../src/index.ts", zeromq: "zeromq" } as const;
type Library = keyof typeof MODULES;
const LIBRARIES = Object.keys(MODULES) as readonly Library[];
const DEALERS = 3;

interface Round {
  /** Milliseconds from "hello" to the subscription, as the server's program saw them. */
  readonly lateMs: number;
  readonly missed: boolean;
}

async function load(library: Library): Promise<Zmq> {
  return (await import(MODULES[library])) as Zmq;
}

/** Three ROUTERs and an XPUB; reports each round's difference. */
async function serve({ Router, XPublisher }: Zmq): Promise<void> {
  const publisher = new XPublisher({ linger: 0, verbosity: "allSubs" });
  await publisher.bind("tcp://127.0.0.1:*");
  const endpoints: (string | null)[] = [];
  let helloAt = 0;
  let subscribedAt = 0;
  const report = async (): Promise<void> => {
    if (helloAt === 0 || subscribedAt === 0) return;
    process.send?.({ lateMs: subscribedAt - helloAt });
    helloAt = 0;
    subscribedAt = 0;
    await publisher.send("end");
  };
  for (let i = 0; i < DEALERS; i++) {
    const router = new Router({ linger: 0 });
    await router.bind("tcp://127.0.0.1:*");
    endpoints.push(router.lastEndpoint);
    void (async () => {
      for await (const _ of router) {
        helloAt = performance.now();
        await publisher.send("busy");
        await report();
      }
    })();
  }
  endpoints.push(publisher.lastEndpoint);
  process.send?.({ endpoints });
  for await (const [frame] of publisher) {
    if (frame?.[0] !== 1) continue;
    subscribedAt = performance.now();
    await report();
  }
}

/** One round at each message of the parent, which are the endpoints. */
function ask({ Dealer, Subscriber }: Zmq): void {
  process.on("message", async (endpoints: readonly string[]) => {
    const dealers = endpoints.slice(0, DEALERS).map((endpoint) => {
      const dealer = new Dealer({ linger: 0 });
      dealer.connect(endpoint);
      return dealer;
    });
    const subscriber = new Subscriber({ linger: 0 });
    subscriber.connect(endpoints[DEALERS] as string);
    subscriber.subscribe("");
    await dealers[0]?.send("hello");
    const [first] = await subscriber.receive();
    process.send?.({ missed: String(first) !== "busy" });
    for (const socket of [...dealers, subscriber]) socket.close();
  });
  process.send?.({});
}

function start(role: string, library: Library): ChildProcess {
  return fork(fileURLToPath(import.meta.url), ["--role", role, "--library", library]);
}

async function message<T>(child: ChildProcess): Promise<T> {
  const [value] = await once(child, "message", { signal: AbortSignal.timeout(10_000) });
  return value as T;
}

async function play(server: ChildProcess, endpoints: readonly string[], client: ChildProcess): Promise<Round> {
  const served = message<{ lateMs: number }>(server);
  const asked = message<{ missed: boolean }>(client);
  client.send(endpoints as string[]);
  const round = { ...(await served), ...(await asked) };
  await sleep(5 + Math.random() * 5); // The sockets of the last round close meanwhile.
  return round;
}

function summary(rounds: readonly Round[]): string {
  const sorted = rounds.map(({ lateMs }) => lateMs).sort((a, b) => a - b);
  const at = (part: number) => (sorted[Math.floor((sorted.length - 1) * part)] ?? Number.NaN).toFixed(2).padStart(7);
  const missed = rounds.filter((round) => round.missed).length;
  return `${at(0.5)} ${at(0.95)} ${at(1)}   ${String(missed).padStart(4)} of ${rounds.length}`;
}

async function run(roundsCount: number, starts: number): Promise<void> {
  console.log("client    server      rounds    median     95 %   worst ms   missed");
  for (const serving of LIBRARIES) {
    const server = start("server", serving);
    const { endpoints } = await message<{ endpoints: readonly string[] }>(server);
    const clients = LIBRARIES.map((library) => ({ library, child: start("client", library), rounds: [] as Round[] }));
    await Promise.all(clients.map(({ child }) => message(child)));
    for (let i = 0; i < roundsCount + 5; i++) {
      for (const { child, rounds } of clients) {
        const round = await play(server, endpoints, child);
        if (i >= 5) rounds.push(round); // The first ones compile.
      }
    }
    for (const { child } of clients) child.kill();
    const fresh = LIBRARIES.map((library) => ({ library, rounds: [] as Round[] }));
    for (let i = 0; i < starts; i++) {
      for (const { library, rounds } of fresh) {
        const child = start("client", library);
        await message(child);
        rounds.push(await play(server, endpoints, child));
        child.kill();
      }
    }
    server.kill();
    for (const { library, rounds } of clients) {
      if (rounds.length > 0)
        console.log(`${library.padEnd(9)} ${serving.padEnd(9)} ${"in a row".padStart(9)}   ${summary(rounds)}`);
    }
    for (const { library, rounds } of fresh) {
      if (rounds.length > 0)
        console.log(`${library.padEnd(9)} ${serving.padEnd(9)} ${"at start".padStart(9)}   ${summary(rounds)}`);
    }
  }
}

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "200" },
    starts: { type: "string", default: "15" },
    role: { type: "string", default: "" },
    library: { type: "string", default: "zmq-ts" },
  },
});
if (values.role === "server") await serve(await load(values.library as Library));
else if (values.role === "client") ask(await load(values.library as Library));
else await run(Number(values.rounds), Number(values.starts));
