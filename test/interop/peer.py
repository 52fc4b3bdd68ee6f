"""A libzmq peer in a process of its own: pyzmq, with the commands of peer.js. See peer.ts."""

import asyncio
import hashlib
import json
import sys

import zmq
import zmq.asyncio
from zmq.auth.asyncio import AsyncioAuthenticator
from zmq.utils.monitor import parse_monitor_message

OPTIONS = {
    "linger": zmq.LINGER,
    "routingId": zmq.ROUTING_ID,
    "mandatory": zmq.ROUTER_MANDATORY,
    "handover": zmq.ROUTER_HANDOVER,
    "sendHighWaterMark": zmq.SNDHWM,
    "receiveHighWaterMark": zmq.RCVHWM,
    "heartbeatInterval": zmq.HEARTBEAT_IVL,
    "heartbeatTimeout": zmq.HEARTBEAT_TIMEOUT,
    "heartbeatTimeToLive": zmq.HEARTBEAT_TTL,
    "handshakeInterval": zmq.HANDSHAKE_IVL,
    "maxMessageSize": zmq.MAXMSGSIZE,
    "reconnectInterval": zmq.RECONNECT_IVL,
    "immediate": zmq.IMMEDIATE,
    "probeRouter": zmq.PROBE_ROUTER,
    "correlate": zmq.REQ_CORRELATE,
    "relaxed": zmq.REQ_RELAXED,
    "conflate": zmq.CONFLATE,
    "ipv6": zmq.IPV6,
    "invertMatching": zmq.INVERT_MATCHING,
    "welcomeMessage": zmq.XPUB_WELCOME_MSG,
    "notify": zmq.STREAM_NOTIFY,
    "plainServer": zmq.PLAIN_SERVER,
    "plainUsername": zmq.PLAIN_USERNAME,
    "plainPassword": zmq.PLAIN_PASSWORD,
    "curveServer": zmq.CURVE_SERVER,
    "curvePublicKey": zmq.CURVE_PUBLICKEY,
    "curveSecretKey": zmq.CURVE_SECRETKEY,
    "curveServerKey": zmq.CURVE_SERVERKEY,
    "zapDomain": zmq.ZAP_DOMAIN,
}

# What zeromq.js names by words.
WORDS = {"verbosity": (zmq.XPUB_VERBOSE, {"allSubs": 1})}

EVENTS = {
    zmq.EVENT_CONNECTED: "connect",
    zmq.EVENT_CONNECT_DELAYED: "connect:delay",
    zmq.EVENT_CONNECT_RETRIED: "connect:retry",
    zmq.EVENT_LISTENING: "bind",
    zmq.EVENT_BIND_FAILED: "bind:error",
    zmq.EVENT_ACCEPTED: "accept",
    zmq.EVENT_ACCEPT_FAILED: "accept:error",
    zmq.EVENT_CLOSED: "close",
    zmq.EVENT_CLOSE_FAILED: "close:error",
    zmq.EVENT_DISCONNECTED: "disconnect",
    zmq.EVENT_MONITOR_STOPPED: "end",
    zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL: "handshake:error:other",
    zmq.EVENT_HANDSHAKE_SUCCEEDED: "handshake",
    zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL: "handshake:error:protocol",
    zmq.EVENT_HANDSHAKE_FAILED_AUTH: "handshake:error:auth",
}

context = zmq.asyncio.Context()
entries = {}


class Entry:
    def __init__(self, socket):
        self.socket = socket
        self.events = []
        self.changed = asyncio.Condition()
        self.monitor = socket.get_monitor_socket()
        self.task = asyncio.ensure_future(self.watch())

    async def watch(self):
        while True:
            event = parse_monitor_message(await self.monitor.recv_multipart())["event"]
            async with self.changed:
                self.events.append(EVENTS.get(event, str(event)))
                self.changed.notify_all()
            if event == zmq.EVENT_MONITOR_STOPPED:
                return


def content(frame):
    if isinstance(frame, str):
        return frame.encode()
    if "hex" in frame:
        return bytes.fromhex(frame["hex"])
    size = frame["size"]
    turn = bytes((frame["seed"] + i) % 251 for i in range(251))
    return (turn * (size // 251 + 1))[:size]


def described(frame):
    if len(frame) <= 64:
        return frame.hex()
    return "%d:%s" % (len(frame), hashlib.sha1(frame).hexdigest())


def assign(socket, options):
    for name, value in options.items():
        if name in WORDS:
            option, values = WORDS[name]
            socket.setsockopt(option, values[value])
            continue
        socket.setsockopt(OPTIONS[name], value.encode() if isinstance(value, str) else int(value))


async def version():
    return zmq.zmq_version()


async def open_(socket, type, options=None):
    opened = context.socket(getattr(zmq, type))
    assign(opened, {"linger": 0, **(options or {})})
    entries[socket] = Entry(opened)


async def bind(socket, address):
    entries[socket].socket.bind(address)
    return entries[socket].socket.getsockopt_string(zmq.LAST_ENDPOINT)


async def connect(socket, address, routingId=None):
    if routingId is not None:
        entries[socket].socket.setsockopt(zmq.CONNECT_ROUTING_ID, routingId.encode())
    entries[socket].socket.connect(address)


async def unbind(socket, address):
    entries[socket].socket.unbind(address)


async def disconnect(socket, address):
    entries[socket].socket.disconnect(address)


async def set_(socket, options):
    assign(entries[socket].socket, options)


async def subscribe(socket, topics):
    for topic in topics:
        entries[socket].socket.setsockopt(zmq.SUBSCRIBE, content(topic))


async def unsubscribe(socket, topics):
    for topic in topics:
        entries[socket].socket.setsockopt(zmq.UNSUBSCRIBE, content(topic))


async def send(socket, messages, timeoutMs=60000):
    loop = asyncio.get_running_loop()
    end = loop.time() + timeoutMs / 1000
    for message in messages:
        while True:
            try:
                frames = [content(frame) for frame in message]
                await asyncio.wait_for(entries[socket].socket.send_multipart(frames), timeoutMs / 1000)
                break
            except zmq.ZMQError as error:
                if error.errno != zmq.EHOSTUNREACH or loop.time() > end:
                    raise
                await asyncio.sleep(0.005)


async def receive(socket, count, timeoutMs=60000):
    messages = []
    while len(messages) < count:
        frames = await asyncio.wait_for(entries[socket].socket.recv_multipart(), timeoutMs / 1000)
        messages.append([described(frame) for frame in frames])
    return messages


async def echo(socket, count, keep, timeoutMs=60000):
    for _ in range(count):
        frames = await asyncio.wait_for(entries[socket].socket.recv_multipart(), timeoutMs / 1000)
        await entries[socket].socket.send_multipart(frames[:keep] + frames[keep:][::-1])


async def properties(socket, names):
    frames = await entries[socket].socket.recv_multipart(copy=False)
    return {name: frames[-1].get(name) for name in names}


async def event(socket, type, timeoutMs=60000):
    entry = entries[socket]
    async with entry.changed:
        await asyncio.wait_for(entry.changed.wait_for(lambda: type in entry.events), timeoutMs / 1000)


async def events(socket):
    return entries[socket].events


# The ZAP handler of this process: what pyzmq brings, or one that misbehaves.
authenticator = None
handler = None


async def when_free(bind):
    # The name is free a while after the last handler was closed.
    while True:
        try:
            return bind()
        except zmq.ZMQError as error:
            if error.errno != zmq.EADDRINUSE:
                raise
            await asyncio.sleep(0.002)


def started():
    made = AsyncioAuthenticator(context)
    try:
        made.start()
    except zmq.ZMQError:
        made.zap_socket.close(0)
        raise
    return made


async def authenticate(users=None, certificates=None, domain="*"):
    global authenticator
    authenticator = await when_free(started)
    if users is not None:
        authenticator.configure_plain(domain=domain, passwords=users)
    if certificates is not None:
        authenticator.configure_curve(domain=domain, location=certificates)


async def misbehave(status=None, crash=False):
    global handler
    socket = context.socket(zmq.REP)
    await when_free(lambda: socket.bind("inproc://zeromq.zap.01"))

    async def serve():
        while True:
            request = await socket.recv_multipart()
            if crash:
                socket.close(0)
                return
            if status is None:
                await asyncio.sleep(3600)
            await socket.send_multipart([request[0], request[1], status.encode(), b"", b"", b""])

    handler = (socket, asyncio.ensure_future(serve()))


async def deauthenticate():
    global authenticator, handler
    if authenticator is not None:
        authenticator.stop()
        authenticator = None
    if handler is not None:
        socket, task = handler
        handler = None
        task.cancel()
        socket.close(0)


async def close(socket):
    entry = entries.pop(socket)
    entry.socket.disable_monitor()
    await entry.task
    entry.monitor.close(0)
    entry.socket.close()  # With its linger period.


COMMANDS = {
    "version": version,
    "open": open_,
    "bind": bind,
    "connect": connect,
    "unbind": unbind,
    "disconnect": disconnect,
    "set": set_,
    "subscribe": subscribe,
    "unsubscribe": unsubscribe,
    "send": send,
    "receive": receive,
    "echo": echo,
    "properties": properties,
    "event": event,
    "events": events,
    "close": close,
    "authenticate": authenticate,
    "misbehave": misbehave,
    "deauthenticate": deauthenticate,
}


async def obey(line):
    request = json.loads(line)
    n = request.pop("n")
    try:
        result = await COMMANDS[request.pop("command")](**request)
        answer = {"n": n, "result": result}
    except asyncio.TimeoutError:
        answer = {"n": n, "error": "EAGAIN timed out"}
    except Exception as error:
        answer = {"n": n, "error": "%s %s" % (type(error).__name__, error)}
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


async def main():
    reader = asyncio.StreamReader(limit=2**24)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    tasks = set()
    while True:
        line = await reader.readline()
        if not line:
            break
        task = asyncio.ensure_future(obey(line))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
    context.destroy(0)


asyncio.run(main())
