"""Converted files, kept in the cache beside the model files so that each is made once."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

from bitflow.assets.files import cache_dir, sha256_of, writable
from bitflow.inference.conversion.rewriting import VERSION, convert
from bitflow.inference.tflite import pruned


def converted(
    path: Path, *, outputs: tuple[int, ...] | None = None, normalise: tuple[float, float] | None = None
) -> Path:
    """The ONNX counterpart of a TFLite file, converted on first use.

    Parameters
    ----------
    path
        A `.tflite` file.
    outputs
        Indices of the outputs to keep, in order; what serves only the others is left out.
    normalise
        See `convert`.

    Returns
    -------
    Path
        In the cache; its name tells the bytes that it was made from, the converter's version and the options.

    Raises
    ------
    UsageError
        The graph cannot be converted.
    AssetError
        The cache cannot be written.
    """
    options = repr((VERSION, outputs, normalise)).encode()
    name = f"{sha256_of(path)[:16]}-{hashlib.sha256(options).hexdigest()[:8]}.onnx"
    target = cache_dir() / "assets" / "converted" / name
    if target.is_file():
        return target
    content = path.read_bytes() if outputs is None else pruned(path, outputs)
    made = convert(content, str(path), normalise)
    with writable(target.parent):
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{name}.", suffix=".tmp")
        try:
            with os.fdopen(handle, "wb") as out:
                out.write(made)
            os.replace(temporary, target)  # two processes that convert at once write the same bytes
        finally:
            Path(temporary).unlink(missing_ok=True)
    return target
