"""Clips for PyTorch: streams as tensors with masks, batches of different lengths padded where the mask is false."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from bitflow.errors import UsageError
from bitflow.extras import to_install

if TYPE_CHECKING:
    from torch.utils.data import Dataset

    from bitflow.datasets.windows import FeatureDataset


def torch_dataset(data: FeatureDataset) -> Dataset[dict[str, Any]]:
    """A `torch.utils.data.Dataset` with one item a clip.

    An item holds ``recording``, ``label`` (class number, −1 without one), and a stream's name → ``(values (T, D)
    float32, mask (T, D) bool)`` under ``streams``. Where the mask is false nothing was seen, and the value there (0,
    because a tensor must hold something) says nothing: a network that does not use the mask is wrong.

    Raises
    ------
    UsageError
        PyTorch is not installed.
    """
    try:
        import torch
        from torch.utils.data import Dataset
    except ImportError as error:
        raise UsageError(f"PyTorch is not installed: {to_install('train')}") from error

    class Clips(Dataset[dict[str, Any]]):
        """The clips of one `FeatureDataset`."""

        def __len__(self) -> int:
            return len(data)

        def __getitem__(self, index: int) -> dict[str, Any]:
            clip = data[index]
            streams = {}
            for name, columns in data.schema.streams.items():
                there = clip.streams.get(name)
                shape = (clip.bins, len(columns.names))
                values = np.full(shape, np.nan, np.float32) if there is None else there.values
                mask = np.isfinite(values)
                streams[name] = (torch.from_numpy(np.where(mask, values, np.float32(0))), torch.from_numpy(mask))
            label = data.classes.index(clip.label) if clip.label in data.classes else -1
            return {"recording": clip.recording, "label": label, "streams": streams}

    return Clips()


def collate(items: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """A batch of items of `torch_dataset`: shorter clips are padded at their end, where the mask is false.

    Returns
    -------
    dict
        ``recording`` list, ``label`` ``(B,)``, ``length`` ``(B,)`` bins, and ``streams``: name → (values ``(B, T, D)``,
        mask ``(B, T, D)``).
    """
    import torch
    from torch.nn.utils.rnn import pad_sequence

    first = items[0]["streams"]
    padded = {
        name: tuple(pad_sequence([item["streams"][name][part] for item in items], batch_first=True) for part in (0, 1))
        for name in first
    }
    lengths = [next(iter(item["streams"].values()))[0].shape[0] if first else 0 for item in items]
    return {
        "recording": [item["recording"] for item in items],
        "label": torch.tensor([item["label"] for item in items]),
        "length": torch.tensor(lengths),
        "streams": padded,
    }
