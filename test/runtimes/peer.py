"""A libzmq peer for the checks of libzmq.js: prints its endpoints as one line of JSON and echoes until it is killed,
or until whoever started it closes its standard input."""

import json
import sys
import threading

import zmq

context = zmq.Context()
server_key, server_secret = zmq.curve_keypair()


def echo(address, curve=False):
    socket = context.socket(zmq.ROUTER)
    socket.linger = 0
    socket.sndhwm = socket.rcvhwm = 0
    if curve:
        socket.curve_server = True
        socket.curve_secretkey = server_secret
    socket.bind(address)
    return socket


sockets = {
    "tcp": echo("tcp://127.0.0.1:*"),
    "ipc": echo("ipc://" + sys.argv[1]),
    "curve": echo("tcp://127.0.0.1:*", curve=True),
}
if sys.platform == "linux":
    sockets["abstract"] = echo("ipc://@" + sys.argv[1])
try:
    sockets["ws"] = echo("ws://127.0.0.1:*/echo")
except zmq.ZMQError:
    pass  # Built without it.
news = context.socket(zmq.PUB)
news.linger = 0
news.bind("tcp://127.0.0.1:*")

endpoints = {name: socket.last_endpoint.decode().rstrip("\0") for name, socket in sockets.items()}
endpoints["news"] = news.last_endpoint.decode().rstrip("\0")
endpoints["serverKey"] = server_key.decode()
print(json.dumps(endpoints), flush=True)

poller = zmq.Poller()
for socket in sockets.values():
    poller.register(socket, zmq.POLLIN)

over = threading.Event()
threading.Thread(target=lambda: (sys.stdin.read(), over.set()), daemon=True).start()
while not over.is_set():
    for socket, _ in poller.poll(50):
        socket.send_multipart(socket.recv_multipart())
    for topic in (b"A", b"B"):
        news.send_multipart([topic, b"news"])
context.destroy(linger=0)
