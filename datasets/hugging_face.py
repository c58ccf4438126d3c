"""Clips as a Hugging Face `datasets.Dataset`: one row a clip, missing values null."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bitflow.errors import UsageError

if TYPE_CHECKING:
    import pyarrow as pa

    from bitflow.datasets.windows import FeatureDataset


def clip_table(data: FeatureDataset) -> pa.Table:
    """One row a clip as an Arrow table: recording, participant, label, time, and a list of numbers a column.

    Numbers that are missing are null, never 0. Units lie in the fields' metadata, the class names in the schema's.
    """
    import pyarrow as pa

    columns: dict[str, Any] = {
        "recording": pa.array([clip.recording for clip in data]),
        "participant": pa.array([clip.participant or None for clip in data], pa.string()),
        "label": pa.array([clip.label or None for clip in data], pa.string()),
        "text": pa.array([clip.text for clip in data], pa.string()),
        "time": pa.array([clip.times for clip in data], pa.list_(pa.float64())),
    }
    fields = [
        pa.field(name, array.type, metadata={"unit": "s"} if name == "time" else None)
        for name, array in columns.items()
    ]
    for stream, schema in data.schema.streams.items():
        for place, (name, unit) in enumerate(zip(schema.names, schema.units, strict=True)):
            values = [clip.streams[stream].values[:, place] if stream in clip.streams else None for clip in data]
            known = [None if v is None else pa.array(v, pa.float32(), mask=~np.isfinite(v)) for v in values]
            lists = [None if array is None else array.to_pylist() for array in known]
            columns[name] = pa.array(lists, pa.list_(pa.float32()))
            fields.append(pa.field(name, columns[name].type, metadata={"unit": unit, "stream": stream}))
    return pa.table(list(columns.values()), schema=pa.schema(fields, metadata={"classes": "\n".join(data.classes)}))


def to_hugging_face(data: FeatureDataset) -> Any:
    """`clip_table` as a `datasets.Dataset`.

    Raises
    ------
    UsageError
        The package `datasets` is not installed.
    """
    from importlib import import_module

    try:
        dataset = import_module("datasets").Dataset
    except (ImportError, AttributeError) as error:
        raise UsageError("the package `datasets` is not installed: pip install datasets") from error
    return dataset(clip_table(data))
