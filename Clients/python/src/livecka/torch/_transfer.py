"""From an accelerator to the host without a moment in which the training stream waits.

The copies run on a stream of their own, behind an event of the training stream, into pinned memory; a second event says
when they are through, and only the sending thread asks it. Pinned buffers come from torch's caching allocator, which
reuses one when nobody holds it and its copies are done. Where there is no accelerator the tensors are there already.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Optional

import torch

Ready = Optional[Callable[[], bool]]


class Transfer:
    """Brings batches of tensors to the host."""

    def __init__(self, accelerator: Any = None) -> None:
        self._accelerator = torch.cuda if accelerator is None else accelerator
        self._streams: dict[torch.device, Any] = {}

    def to_host(self, tensors: Sequence[torch.Tensor]) -> tuple[list[torch.Tensor], Ready]:
        """The tensors on the host, and what says whether they hold their values yet; without it they do."""
        device = next((tensor.device for tensor in tensors if self._is_accelerated(tensor)), None)
        if device is None:
            return [tensor.detach().cpu() for tensor in tensors], None
        accelerator = self._accelerator
        stream = self._streams.get(device)
        if stream is None:
            stream = self._streams[device] = accelerator.Stream(device)
        stream.wait_stream(accelerator.current_stream(device))
        with accelerator.stream(stream):
            copies = [self._copied(tensor, stream) for tensor in tensors]
            arrived = accelerator.Event()
            arrived.record(stream)
        return copies, arrived.query

    def _copied(self, tensor: torch.Tensor, stream: Any) -> torch.Tensor:
        if not self._is_accelerated(tensor):
            return tensor.detach().cpu()
        host = self._pinned(tensor)
        host.copy_(tensor.detach(), non_blocking=True)
        # Its memory must not be given to another tensor of the training stream before it has been read.
        tensor.record_stream(stream)
        return host

    def _pinned(self, tensor: torch.Tensor) -> torch.Tensor:
        return torch.empty(tensor.shape, dtype=tensor.dtype, device="cpu", pin_memory=True)

    def _is_accelerated(self, tensor: torch.Tensor) -> bool:
        return tensor.is_cuda
