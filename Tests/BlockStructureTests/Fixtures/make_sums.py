"""Makes the .f32 files next to it from recorded activations: python make_sums.py DIRECTORY

A recording is NAME.npz with acts_0 to acts_3, one for each checkpoint: layers × 256 examples × features. A file holds for
each checkpoint, as little-endian Float32, the sums of four batches of 64 examples: upper triangles of n(n − 3)·HSIC₁ with
the diagonal, row by row, then the traces of the centred Gram matrices.
"""

import sys
from pathlib import Path

import numpy as np


def u_centred(gram: np.ndarray) -> np.ndarray:
    n = len(gram)
    gram = gram - np.diag(np.diag(gram))
    rows = gram.sum(0)
    centred = gram - (rows[:, None] + rows[None]) / (n - 2) + rows.sum() / ((n - 1) * (n - 2))
    return centred - np.diag(np.diag(centred))


for path in sorted(Path(sys.argv[1]).glob("*.npz")):
    recording = np.load(path)
    numbers = []
    for checkpoint in range(4):
        activations = recording[f"acts_{checkpoint}"].astype(np.float64)
        upper = np.triu_indices(len(activations))
        products, traces = [], []
        for start in range(0, 256, 64):
            batch = activations[:, start:start + 64]
            batch = batch - batch.mean(1, keepdims=True)
            grams = batch @ batch.transpose(0, 2, 1)
            vectors = np.array([u_centred(gram).ravel() for gram in grams])
            products.append((vectors @ vectors.T)[upper])
            traces.append(grams.trace(axis1=1, axis2=2))
        numbers += [*products, *traces]
    Path(__file__).with_name(f"{path.stem}.f32").write_bytes(np.concatenate(numbers).astype("<f4").tobytes())
