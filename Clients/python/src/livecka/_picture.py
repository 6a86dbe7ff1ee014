"""Matrices as plain pictures, without a library: one square of pixels for each cell."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import numpy.typing as npt

# magma, by Nathaniel Smith and Stéfan van der Walt (CC0): every sixteenth of its colours, as in the daemon's pictures.
_ANCHORS = (
    0x000004, 0x0A0822, 0x1D1147, 0x36106B, 0x51127C, 0x6A1C81, 0x832681, 0x9C2E7F, 0xB73779, 0xCF4070, 0xE55064, 0xF4695C,
    0xFB8761, 0xFEA571, 0xFEC287, 0xFDE0A1, 0xFCFDBF,
)  # fmt: skip
# The hatch of undefined cells: the map contains no grey.
_DARK, _LIGHT = (0x6E, 0x6E, 0x73), (0x9A, 0x9A, 0xA0)
_SMALLEST_SIDE = 400
_LARGEST_SIDE = 2048


def pixels(matrix: npt.NDArray[np.float64]) -> npt.NDArray[np.uint8]:
    """The matrix as side × side × 3 colours, 0 dark and 1 light; undefined cells are hatched in grey."""
    count = len(matrix)
    scale = max(1, min(-(-_SMALLEST_SIDE // max(1, count)), _LARGEST_SIDE // max(1, count)))
    values = np.kron(matrix, np.ones((scale, scale)))
    anchors = np.array([[color >> 16, color >> 8 & 255, color & 255] for color in _ANCHORS], np.float64)
    position = np.nan_to_num(np.clip(values, 0, 1)) * (len(anchors) - 1)
    picture = np.stack([np.interp(position, np.arange(len(anchors)), channel) for channel in anchors.T], axis=-1)
    rows, columns = np.indices(values.shape)
    hatch = np.where(((rows + columns) // 3 % 2 == 0)[..., None], _DARK, _LIGHT)
    result: npt.NDArray[np.uint8] = np.where(np.isfinite(values)[..., None], np.rint(picture), hatch).astype(np.uint8)
    return result


def png(matrix: npt.NDArray[np.float64]) -> tuple[bytes, int]:
    """The picture as a PNG file, and its side in pixels."""
    picture = pixels(matrix)
    side = len(picture)
    # Each row begins with the number of its filter: none.
    rows = np.concatenate([np.zeros((side, 1), np.uint8), picture.reshape(side, -1)], axis=1)
    shape = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", shape), (b"IDAT", zlib.compress(rows.tobytes())), (b"IEND", b"")]
    content = b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + content, side
