"""A run's matrices and alerts as a TensorBoard log.

    python -m livecka.tensorboard --run resnet-d40 --logdir runs/resnet-d40

Needs ``tensorboard`` or ``tensorboardX``; PyTorch is not needed.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Optional, Protocol, Union

import numpy as np
import numpy.typing as npt

from . import _messages
from ._durations import Duration, seconds
from ._picture import png
from .snapshot import Matrix
from .subscription import Message, subscribe

__all__ = ["follow", "main"]


class _Writer(Protocol):
    def add_scalar(self, tag: str, value: float, step: int) -> None: ...

    def add_matrix(self, tag: str, matrix: Matrix, step: int) -> None: ...

    def add_text(self, tag: str, text: str, step: int) -> None: ...

    def flush(self) -> None: ...

    def close(self) -> None: ...


def follow(
    run: str,
    logdir: Union[str, Path],
    endpoint: str = "tcp://127.0.0.1:5572",
    *,
    windows: Optional[Sequence[str]] = None,
    timeout: Optional[Duration] = None,
    until_end: bool = True,
) -> int:
    """Writes a run's matrices and alerts into a TensorBoard log as they come; returns how many messages it wrote.

    Under ``cka/<window>``: the matrix as an image, and the scalars `mean` (of all pairs of different layers),
    `adjacent` (of neighbours), `stderr` (mean) and `undefined_layers`. Under ``alert/<rule>``: `value` and `firing`,
    and each change as a text. Steps are the run's own.

    :param windows: only these, by their names; by default all.
    :param timeout: end once nothing has come for as long; by default wait for ever.
    :param until_end: end when the run does, its last matrices written. Of a run that is over already the daemon sends
        the latest matrices, but not its end: then `timeout` is what ends this.
    """
    _messages.checked_run(run)
    if timeout is not None:
        seconds(timeout, "timeout")
    writer = _opened(str(logdir))
    written = 0
    try:
        with subscribe(run, endpoint) as subscription:
            has_ended = False
            while True:
                # The last matrices of a run follow its end.
                message = subscription.receive("2s" if has_ended else timeout)
                if message is None:
                    return written
                has_ended = until_end and _has_ended(message, has_ended)
                if windows is None or message.kind != "cka" or message.window in windows:
                    written += _write(writer, message)
                    writer.flush()
    finally:
        writer.close()


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """``python -m livecka.tensorboard``."""
    parser = argparse.ArgumentParser(
        prog="python -m livecka.tensorboard", description="Writes a run's matrices and alerts into a TensorBoard log."
    )
    parser.add_argument("--run", required=True, help="the run's name")
    parser.add_argument("--logdir", required=True, help="the directory that `tensorboard --logdir` is shown")
    parser.add_argument("--endpoint", default="tcp://127.0.0.1:5572", help="where the daemon publishes (%(default)s)")
    parser.add_argument("--window", action="append", dest="windows", metavar="WINDOW", help="only this one; may be repeated")
    parser.add_argument("--timeout", help="end once nothing has come for as long, as in 5m; by default wait for ever")
    parser.add_argument("--keep-following", action="store_true", help="go on after the end of the run")
    options = parser.parse_args(arguments)
    try:
        written = follow(
            options.run, options.logdir, options.endpoint, windows=options.windows, timeout=options.timeout,
            until_end=not options.keep_following,
        )
    except KeyboardInterrupt:
        return 130
    except ImportError as error:
        print(error, file=sys.stderr)
        return 1
    except ValueError as error:
        print(error, file=sys.stderr)
        return 64
    print(f"{written} messages written to {options.logdir}")
    return 0


def _has_ended(message: Message, had_ended: bool) -> bool:
    event = message.header.get("event") if message.kind == "event" else None
    # A run that is heard again after its `bye` goes on.
    return event == "bye" or (had_ended and event != "hello")


def _write(writer: _Writer, message: Message) -> int:
    if message.kind == "cka" and message.cka is not None and message.stderr is not None:
        _write_matrix(writer, f"cka/{message.window}", message.cka, message.stderr, int(message.header.get("step_last") or 0))
        return 1
    if message.kind == "alert":
        _write_alert(writer, message.header)
        return 1
    return 0


def _write_matrix(writer: _Writer, tag: str, cka: Matrix, stderr: Matrix, step: int) -> None:
    writer.add_matrix(tag, cka, step)
    pairs = np.triu_indices(len(cka), 1)
    scalars = {"mean": cka[pairs], "adjacent": np.diagonal(cka, 1), "stderr": stderr[pairs]}
    for name, values in scalars.items():
        known = values[np.isfinite(values)]
        if len(known):
            writer.add_scalar(f"{tag}/{name}", float(known.mean()), step)
    writer.add_scalar(f"{tag}/undefined_layers", float(np.count_nonzero(~np.isfinite(np.diagonal(cka)))), step)


def _write_alert(writer: _Writer, alert: dict[str, Any]) -> None:
    tag, step = f"alert/{alert.get('rule')}", int(alert.get("step_last") or 0)
    value = alert.get("value")
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        writer.add_scalar(f"{tag}/value", float(value), step)
    writer.add_scalar(f"{tag}/firing", float(alert.get("state") == "firing"), step)
    text = alert.get("summary") or json.dumps(alert, ensure_ascii=False)
    writer.add_text(tag, f"**{alert.get('state')}** ({alert.get('severity')}): {text}", step)


def _opened(logdir: str) -> _Writer:
    try:
        return _EventFile(logdir)
    except ImportError:
        pass
    try:
        return _TensorBoardX(logdir)
    except ImportError:
        raise ImportError("livecka.tensorboard needs TensorBoard's writer: pip install tensorboard, or tensorboardX") from None


class _EventFile:
    """TensorBoard's own event files."""

    def __init__(self, logdir: str) -> None:
        from tensorboard.compat.proto import event_pb2, summary_pb2, tensor_pb2, tensor_shape_pb2, types_pb2
        from tensorboard.summary.writer.event_file_writer import EventFileWriter

        self._event, self._summary, self._tensor = event_pb2.Event, summary_pb2, tensor_pb2.TensorProto
        self._shape, self._string = tensor_shape_pb2.TensorShapeProto, types_pb2.DT_STRING
        self._file = EventFileWriter(logdir)

    def add_scalar(self, tag: str, value: float, step: int) -> None:
        self._add(step, self._summary.Summary.Value(tag=tag, simple_value=value))

    def add_matrix(self, tag: str, matrix: Matrix, step: int) -> None:
        content, side = png(matrix)
        image = self._summary.Summary.Image(height=side, width=side, colorspace=3, encoded_image_string=content)
        self._add(step, self._summary.Summary.Value(tag=tag, image=image))

    def add_text(self, tag: str, text: str, step: int) -> None:
        plugin = self._summary.SummaryMetadata.PluginData(plugin_name="text")
        shape = self._shape(dim=[self._shape.Dim(size=1)])
        tensor = self._tensor(dtype=self._string, string_val=[text.encode()], tensor_shape=shape)
        metadata = self._summary.SummaryMetadata(plugin_data=plugin)
        self._add(step, self._summary.Summary.Value(tag=f"{tag}/text_summary", metadata=metadata, tensor=tensor))

    def flush(self) -> None:
        self._file.flush()

    def close(self) -> None:
        self._file.close()

    def _add(self, step: int, value: Any) -> None:
        self._file.add_event(self._event(step=step, wall_time=time.time(), summary=self._summary.Summary(value=[value])))


class _TensorBoardX:
    """The same through tensorboardX."""

    def __init__(self, logdir: str) -> None:
        from tensorboardX import SummaryWriter

        self._writer = SummaryWriter(logdir)

    def add_scalar(self, tag: str, value: float, step: int) -> None:
        self._writer.add_scalar(tag, value, step)

    def add_matrix(self, tag: str, matrix: Matrix, step: int) -> None:
        from ._picture import pixels

        picture: npt.NDArray[np.uint8] = pixels(matrix)
        self._writer.add_image(tag, picture, step, dataformats="HWC")

    def add_text(self, tag: str, text: str, step: int) -> None:
        self._writer.add_text(tag, text, step)

    def flush(self) -> None:
        self._writer.flush()

    def close(self) -> None:
        self._writer.close()


if __name__ == "__main__":
    sys.exit(main())
