#!/usr/bin/env python3
"""The smallest emitter: six lines of NumPy and ZeroMQ, without LiveCKA's client. `livecka serve`, then run this."""

import json
import time

import numpy as np
import zmq

RUN, ENDPOINT = "six-lines", "tcp://127.0.0.1:5571"


def main(endpoint: str = ENDPOINT, steps: int = 20) -> None:
    random = np.random.default_rng(0)
    examples = random.standard_normal((64, 16), np.float32)

    socket = zmq.Context.instance().socket(zmq.PUB)
    socket.connect(endpoint)
    time.sleep(1)  # until the daemon has subscribed
    for step in range(steps):
        layers = {f"layer{i}": examples @ random.standard_normal((16, 32), np.float32) for i in range(4)}

        tensors = [{"layer": name, "dtype": "F32", "shape": x.shape} for name, x in layers.items()]
        header = {"v": 1, "type": "batch", "run": RUN, "step": step, "tensors": tensors}
        socket.send_multipart([f"livecka/1/{RUN}/".encode(), json.dumps(header).encode(), *layers.values()])
    socket.close(linger=1000)


if __name__ == "__main__":
    main()
