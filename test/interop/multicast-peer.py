"""A publisher or subscriber of multicast by pyzmq; multicast-peer.ts says what it does.

multicast-peer.py pub|sub ENDPOINT COUNT
"""

import select
import sys

import zmq


def message(number):
    frames = [b"%d" % number]
    for i in range(number % 4):
        frames.append(bytes([number % 251]) * ((number * 37 * (i + 1)) % 900 if number % 50 else 5000))
    return frames


role, endpoint, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
context = zmq.Context()
socket = context.socket(zmq.PUB if role == "pub" else zmq.SUB)
socket.rate = 40000
socket.recovery_ivl = 4000
socket.linger = 2000
socket.hwm = 0
if role == "sub":
    socket.subscribe(b"")
socket.connect(endpoint)
print("READY", flush=True)

if role == "pub":
    while not select.select([sys.stdin], [], [], 0.02)[0]:
        socket.send(b"warm-up")
    sys.stdin.readline()
    for number in range(count):
        socket.send_multipart(message(number))
    socket.send(b"end")
    while True:  # libzmq answers no NAK once it is closed
        if select.select([sys.stdin], [], [], 0.02)[0]:
            break
else:
    received, wrong, joined = 0, 0, False
    while True:
        frames = socket.recv_multipart()
        if frames == [b"warm-up"]:
            if not joined:
                joined = True
                print("JOINED", flush=True)
        elif frames == [b"end"]:
            break
        else:
            if frames != message(received):
                wrong += 1
            received = int(frames[0]) + 1
    print("RESULT", received, wrong, flush=True)
