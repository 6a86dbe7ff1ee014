"""Compares LiveCKA with its peers on one batch of activations: time, memory, and error against Float64.

    pip install torch pytorch-cka==1.1.3 torch-cka==0.21
    swift build -c release
    python Clients/python/benchmarks/peers.py

Each subject runs in a process of its own, and they take turns: round by round, one after the other, so that a shared
machine slows all of them alike. All have the activations in memory before the clock starts; the peers get them from a
model whose layers do nothing but hand them over, which is the best ground that they have.

* `daemon`: from the first byte sent over tcp to the matrix received by a subscriber of `livecka serve`.
* `engine`: what `livecka-bench engine` measures, on numbers of its own. Its error is that of the daemon, whose engine it is.
* `pytorch-cka` 1.1.3, through `compute_cka` with a model that is compared with itself, which takes each Gram matrix once.
* `torch_cka` 0.21, through `CKA.compare`.
* `authors`: the algorithm of Nguyen, Raghu & Kornblith 2021 as their published code has it, written in PyTorch.

Peak is the most memory that was resident while computing; "beyond" is what of it was not resident before, with the
activations already there. The daemon's is that of the daemon, which receives the activations meanwhile.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import numpy

RELEASE = pathlib.Path(__file__).resolve().parents[3] / ".build" / "release"
SUBJECTS = ["daemon", "engine", "pytorch-cka", "torch_cka", "authors"]


def main() -> None:
    options = parse()
    if options.worker:
        work(options)
        return
    rows = measure(options)
    print(json.dumps({"rows": rows}) if options.json else table(rows, options))


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Compare LiveCKA with its peers on one batch of activations.")
    parser.add_argument("--shape", default="50x256x4096", help="layers, examples and features")
    parser.add_argument("--rounds", type=int, default=7, help="how often each subject computes, of which the median counts")
    parser.add_argument("--subjects", default=",".join(SUBJECTS), help="which subjects, separated by commas")
    parser.add_argument("--bin", type=pathlib.Path, default=RELEASE, help="where livecka and livecka-bench are")
    parser.add_argument("--json", action="store_true", help="print the rows as JSON")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    parser.add_argument("--mean", type=float, default=0, help=argparse.SUPPRESS)
    options = parser.parse_args()
    for subject in options.subjects.split(","):
        if subject not in SUBJECTS:
            parser.error(f"{subject} is not one of {', '.join(SUBJECTS)}")
    return options


def activations(shape: str, mean: float) -> list[numpy.ndarray]:
    """The activations: half of every layer's spread is common to all, and every feature has the mean, in deviations."""
    layers, examples, features = (int(part) for part in shape.split("x"))
    generator = numpy.random.default_rng(20201015)
    common = generator.standard_normal((examples, features), dtype=numpy.float32)
    result = []
    for layer in range(layers):
        own = generator.standard_normal((examples, features), dtype=numpy.float32)
        weight = numpy.float32(0.9 * layer / layers)
        own *= numpy.sqrt(1 - weight**2)
        own += weight * common
        own += numpy.float32(mean)
        result.append(own)
    return result


def reference(shape: str, mean: float) -> numpy.ndarray:
    """The matrix in Float64: U-centred Gram matrices of mean-subtracted features."""
    rows = []
    for layer in activations(shape, mean):
        wide = layer.astype(numpy.float64)
        wide -= wide.mean(axis=0)
        gram = wide @ wide.T
        n = len(gram)
        numpy.fill_diagonal(gram, 0)
        sums = gram.sum(axis=0) / (n - 2)
        gram -= sums[:, None] + sums[None, :]
        gram += sums.sum() / (n - 1)
        numpy.fill_diagonal(gram, 0)
        rows.append(gram.ravel())
    stacked = numpy.stack(rows)
    products = stacked @ stacked.T
    norms = numpy.sqrt(numpy.diag(products))
    return products / norms[:, None] / norms[None, :]


# What is measured -----------------------------------------------------------------------------------------------------


class Worker:
    """A subject in a process of its own, which computes once for each line that it is sent."""

    def __init__(self, options: argparse.Namespace, subject: str, mean: float) -> None:
        command = [sys.executable, __file__, "--worker", subject, "--shape", options.shape, "--mean", str(mean)]
        self.process = subprocess.Popen(
            [*command, "--bin", str(options.bin)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.ask()

    def ask(self, line: str | None = None) -> dict:
        """Sends a line, and returns the answer."""
        assert self.process.stdin is not None and self.process.stdout is not None
        if line is not None:
            self.process.stdin.write(line + "\n")
            self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise SystemExit("peers: a subject has ended before it answered; what it says stands above")
        return json.loads(answer)

    def close(self) -> None:
        """Ends the process."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()


def measure(options: argparse.Namespace) -> list[dict]:
    """Lets the subjects take turns, and then each compute once more for every mean, for the error."""
    subjects = options.subjects.split(",")
    workers = {subject: Worker(options, subject, 0) for subject in subjects}
    seconds: dict[str, list[float]] = {subject: [] for subject in subjects}
    memory: dict[str, dict] = {}
    for round_number in range(options.rounds + 1):
        for subject, worker in workers.items():
            # The slow one computes twice; its figure is no closer than that, and needs not be.
            if subject == "torch_cka" and round_number > 1:
                continue
            answer = worker.ask("compute")
            if round_number > 0:
                seconds[subject].append(answer["seconds"])
            memory[subject] = answer
    for worker in workers.values():
        worker.close()
    errors = {mean: errors_at(mean, options) for mean in (0, 10)}
    layers, examples, features = (int(part) for part in options.shape.split("x"))
    return [
        {
            "bench": f"peers/{subject}",
            "layers": layers,
            "examples": examples,
            "features": features,
            "dtype": "F32",
            "seconds": statistics.median(seconds[subject]),
            "floor_seconds": None,
            "ratio": None,
            "peak_bytes": memory[subject]["peak"],
            "beyond_bytes": memory[subject]["beyond"],
            "error_mean_0": errors[0].get(subject),
            "error_mean_10": errors[10].get(subject),
        }
        for subject in subjects
    ]


def errors_at(mean: float, options: argparse.Namespace) -> dict[str, float | None]:
    """The largest error of each subject's matrix, at a feature mean in standard deviations."""
    expected = reference(options.shape, mean)
    errors: dict[str, float | None] = {}
    for subject in options.subjects.split(","):
        if subject == "engine":
            continue
        worker = Worker(options, subject, mean)
        matrix = worker.ask("matrix")["matrix"]
        worker.close()
        found = numpy.array(matrix, dtype=numpy.float64)
        # What a subject could not compute is NaN, and no error is larger.
        error = numpy.abs(found - expected).max()
        errors[subject] = None if numpy.isnan(error) else float(error)
    if "daemon" in errors:
        errors["engine"] = errors["daemon"]
    return errors


def table(rows: list[dict], options: argparse.Namespace) -> str:
    """The rows for people."""
    own = next((row["seconds"] for row in rows if row["bench"] == "peers/engine"), None)
    lines = [f"{options.shape} F32, median of {options.rounds} rounds"]
    lines.append(
        f"{'':12} {'seconds':>9} {'÷ engine':>9} {'peak MB':>9} {'beyond MB':>10} {'error, mean 0':>14} {'mean 10':>9}"
    )
    for row in rows:
        times = f"{row['seconds'] / own:.2f}" if own else "–"
        beyond = "–" if row["beyond_bytes"] is None else f"{row['beyond_bytes'] / 1e6:.0f}"
        errors = [
            "NaN" if row[key] is None else f"{row[key]:.1e}" for key in ("error_mean_0", "error_mean_10")
        ]
        lines.append(
            f"{row['bench'].removeprefix('peers/'):12} {row['seconds']:9.4f} {times:>9} {row['peak_bytes'] / 1e6:9.0f} "
            f"{beyond:>10} {errors[0]:>14} {errors[1]:>9}"
        )
    return "\n".join(lines)


# What a worker does ---------------------------------------------------------------------------------------------------


def work(options: argparse.Namespace) -> None:
    """Computes once for each line of the input: `compute` answers with time and memory, `matrix` with the matrix."""
    with contextlib.ExitStack() as stack:
        # What the subjects print is for people.
        answers = os.fdopen(os.dup(1), "w")
        os.dup2(2, 1)
        try:
            subject = stack.enter_context(WORKERS[options.worker](options))
        except ModuleNotFoundError as error:
            sys.exit(
                f"{options.worker} needs the module {error.name}: pip install torch pytorch-cka==1.1.3 torch-cka==0.21, "
                "or leave it out with --subjects"
            )
        print("{}", file=answers, flush=True)
        for line in sys.stdin:
            if line.strip() == "matrix":
                answer = {"matrix": subject()[1].tolist()}
            else:
                before = start_peak(subject.process_id)
                seconds, _ = subject()
                peak = status(subject.process_id, "VmHWM")
                answer = {"seconds": seconds, "peak": peak, "beyond": max(0, peak - before)}
                answer.update(subject.memory())
            print(json.dumps(answer), file=answers, flush=True)


def status(process_id: int, key: str) -> int:
    """A number of bytes from a process's status."""
    for line in pathlib.Path(f"/proc/{process_id}/status").read_text().splitlines():
        if line.startswith(f"{key}:"):
            return int(line.split()[1]) * 1024
    raise ValueError(f"no {key} in the status of process {process_id}")


def start_peak(process_id: int) -> int:
    """Makes the peak of a process what is resident now, and returns that."""
    pathlib.Path(f"/proc/{process_id}/clear_refs").write_text("5")
    return status(process_id, "VmRSS")


class Subject(contextlib.AbstractContextManager):
    """Something that computes a matrix of CKA."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.process_id = os.getpid()

    def __call__(self) -> tuple[float, numpy.ndarray]:
        """Computes, and returns the seconds that it took and the matrix."""
        start = time.perf_counter()
        matrix = self.compute()
        return time.perf_counter() - start, matrix

    def compute(self) -> numpy.ndarray:
        """Computes the matrix."""
        raise NotImplementedError

    def memory(self) -> dict:
        """What is known better of the memory than this process's status says."""
        return {}

    def __exit__(self, *_: object) -> None:
        pass


class Authors(Subject):
    """The accumulator of google-research/representation_similarity, for one batch."""

    def __init__(self, options: argparse.Namespace) -> None:
        super().__init__(options)
        import torch

        self.torch = torch
        self.layers = [torch.from_numpy(layer) for layer in activations(options.shape, options.mean)]

    def gram(self, layer):
        gram = layer @ layer.T
        n = len(gram)
        gram.fill_diagonal_(0)
        means = gram.sum(0) / (n - 2)
        means -= means.sum() / (2 * (n - 1))
        gram -= means[:, None]
        gram -= means[None, :]
        gram.fill_diagonal_(0)
        return gram.reshape(-1)

    def compute(self) -> numpy.ndarray:
        with self.torch.inference_mode():
            grams = self.torch.stack([self.gram(layer) for layer in self.layers])
            products = grams @ grams.T
            norms = products.diagonal().sqrt()
            return (products / norms[:, None] / norms[None, :]).numpy()


def replay(layers: list[numpy.ndarray]):
    """A model whose layers hand over activations that are there already."""
    import torch

    class Replay(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = torch.nn.ModuleList(torch.nn.Identity() for _ in layers)
            self.activations = [torch.from_numpy(layer) for layer in layers]

        def forward(self, batch):
            for layer, activation in zip(self.layers, self.activations):
                layer(activation)
            return batch

    return Replay(), [f"layers.{index}" for index in range(len(layers))]


class PyTorchCKA(Subject):
    """pytorch-cka."""

    def __init__(self, options: argparse.Namespace) -> None:
        super().__init__(options)
        import cka
        import torch

        self.compute_cka = cka.compute_cka
        layers = activations(options.shape, options.mean)
        self.batches = [[torch.zeros(len(layers[0]), 1)]]
        self.model, self.names = replay(layers)

    def compute(self) -> numpy.ndarray:
        matrices = self.compute_cka(
            self.model, self.model, self.batches, layers=self.names, device="cpu", progress=False
        )
        return matrices[0].numpy()


class TorchCKA(Subject):
    """torch_cka."""

    def __init__(self, options: argparse.Namespace) -> None:
        super().__init__(options)
        import torch
        import torch_cka

        layers = activations(options.shape, options.mean)
        self.model, self.names = replay(layers)
        examples = torch.utils.data.TensorDataset(torch.zeros(len(layers[0]), 1))
        self.batches = torch.utils.data.DataLoader(examples, batch_size=len(layers[0]))
        # It hooks the model when it is made, not when it compares.
        self.cka = torch_cka.CKA(
            self.model, self.model, "first", "second", model1_layers=self.names, model2_layers=self.names, device="cpu"
        )
        self.torch = torch

    def compute(self) -> numpy.ndarray:
        with self.torch.inference_mode():
            try:
                self.cka.compare(self.batches, self.batches)
            except AssertionError:
                # Its own check for NaN.
                pass
            return self.cka.hsic_matrix.numpy().copy()


class Engine(Subject):
    """The engine alone, as livecka-bench measures it."""

    def __call__(self) -> tuple[float, numpy.ndarray]:
        command = [self.options.bin / "livecka-bench", "engine", self.options.shape, "--dtype", "F32"]
        output = subprocess.run([*command, "--rounds", "3", "--json"], check=True, capture_output=True, text=True).stdout
        self.row = json.loads(output)["rows"][0]
        return self.row["seconds"], numpy.empty((0, 0))

    def memory(self) -> dict:
        return {"peak": self.row["peak_bytes"], "beyond": self.row["beyond_bytes"]}


class Daemon(Subject):
    """A daemon that is sent the activations."""

    settings = """
ingest: {{bind: ["tcp://127.0.0.1:*"]}}
publish: {{bind: "tcp://127.0.0.1:*", interval: 10ms}}
control: {{bind: "ipc://{directory}/control.sock"}}
http: {{port: 0}}
state: {{directory: "{directory}"}}
"""

    def __init__(self, options: argparse.Namespace) -> None:
        super().__init__(options)
        import livecka
        import zmq

        self.layers = activations(options.shape, options.mean)
        self.directory = tempfile.TemporaryDirectory(prefix="livecka-peers-")
        file = pathlib.Path(self.directory.name, "livecka.yaml")
        file.write_text(self.settings.format(directory=self.directory.name))
        environment = {key: value for key, value in os.environ.items() if not key.startswith("LIVECKA_")}
        environment["LIVECKA_LOG_LEVEL"] = "error"
        self.daemon = subprocess.Popen([options.bin / "livecka", "serve", "--config", file], env=environment)
        self.process_id = self.daemon.pid
        endpoints = self.endpoints(livecka)
        self.context = zmq.Context()
        self.emitter = self.context.socket(zmq.XPUB)
        self.emitter.connect(endpoints["ingest"][0])
        self.subscriber = self.context.socket(zmq.SUB)
        self.subscriber.connect(endpoints["publish"])
        self.subscriber.subscribe(b"cka/peers/total/")
        self.emitter.recv()

    def endpoints(self, livecka) -> dict:
        """Waits until the daemon says where it listens."""
        deadline = time.monotonic() + 10
        while True:
            try:
                with livecka.connect(f"ipc://{self.directory.name}/control.sock") as control:
                    return control.status()["endpoints"]
            except livecka.LiveCKAError:
                if time.monotonic() > deadline or self.daemon.poll() is not None:
                    raise
                time.sleep(0.05)

    def compute(self) -> numpy.ndarray:
        # More than publish.interval since the last matrix, so that this one goes out at once.
        header = {
            "v": 1,
            "type": "batch",
            "run": "peers",
            "step": 0,
            "tensors": [
                {"layer": f"layer.{index}", "dtype": "F32", "shape": layer.shape}
                for index, layer in enumerate(self.layers)
            ],
        }
        self.emitter.send_multipart(
            [b"livecka/1/peers/", json.dumps(header).encode(), *(layer.data for layer in self.layers)], copy=False
        )
        if not self.subscriber.poll(30_000):
            raise SystemExit("peers: no matrix has come in 30 seconds")
        frames = self.subscriber.recv_multipart()
        return numpy.frombuffer(frames[2]).reshape(len(self.layers), len(self.layers))

    def __exit__(self, *_: object) -> None:
        self.context.destroy(linger=0)
        self.daemon.terminate()
        self.daemon.wait()
        self.directory.cleanup()


WORKERS = {
    "daemon": Daemon,
    "engine": Engine,
    "pytorch-cka": PyTorchCKA,
    "torch_cka": TorchCKA,
    "authors": Authors,
}

if __name__ == "__main__":
    main()
