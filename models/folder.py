"""A model on disk: a folder of TOML, NumPy archives and JSON, in which nothing can be executed.

::

    model/
      model.toml      format, kind, configuration, and the sha256 of every other file
      schema.json     the columns it reads: names, order, units, rates
      weights.npz     arrays, never pickled
      vocab.json …    whatever else the kind needs, as text
      card.md         what it is for, on whom it was trained, how well it does
"""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import tomllib
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bitflow.drafts import draft_path
from bitflow.errors import ModelError, UsageError

if TYPE_CHECKING:
    import numpy as np

FORMAT_VERSION = 1
MODEL, WEIGHTS, SCHEMA = "model.toml", "weights.npz", "schema.json"

#: Endings of files that hold a network.
NETWORKS = (".safetensors", ".onnx")

#: Key of an ONNX file's own metadata under which its kind and configuration lie.
ONNX_KEY = "bitflow"


@dataclass(frozen=True, eq=False)
class ModelFolder:
    """What a model's folder holds, verified.

    Parameters
    ----------
    kind
        Which recogniser wrote it.
    config
        Its configuration.
    arrays
        weights.npz, by name.
    texts, blobs
        Every other file, by name: text, and networks as safetensors or ONNX.
    schema
        schema.json.
    id
        First 12 digits of the sha256 over all files: changes when anything does.
    """

    kind: str
    config: dict[str, Any]
    arrays: dict[str, np.ndarray]
    texts: dict[str, str]
    blobs: dict[str, bytes]
    schema: dict[str, Any]
    id: str


def write_model(
    folder: Path,
    *,
    kind: str,
    config: Mapping[str, Any],
    arrays: Mapping[str, np.ndarray],
    schema: Mapping[str, Any],
    texts: Mapping[str, str] | None = None,
    blobs: Mapping[str, bytes] | None = None,
) -> str:
    """Write a model; the folder appears whole. An earlier model there is replaced, anything else refused.

    Parameters
    ----------
    texts, blobs
        Further files by name: card.md, vocab.json; a network as safetensors.

    Returns
    -------
    str
        The model's id.

    Raises
    ------
    UsageError
        The folder holds something that is not a model, or cannot be written.
    """
    import numpy as np
    import tomli_w

    if folder.exists() and not (folder / MODEL).is_file() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder}: holds something that is not a model; name another folder")
    packed = io.BytesIO()
    np.savez_compressed(packed, allow_pickle=False, **{name: arrays[name] for name in sorted(arrays)})
    files: dict[str, bytes] = {WEIGHTS: packed.getvalue(), SCHEMA: _json(schema).encode(), **(blobs or {})}
    files |= {name: text.encode("utf-8") for name, text in (texts or {}).items()}
    header = {
        "format": FORMAT_VERSION,
        "kind": kind,
        "config": dict(config),
        "sha256": {name: hashlib.sha256(files[name]).hexdigest() for name in sorted(files)},
    }
    files[MODEL] = tomli_w.dumps(header).encode()
    draft = draft_path(folder)
    try:
        draft.mkdir(parents=True)
        for name, content in files.items():
            (draft / name).write_bytes(content)
        if folder.exists():
            shutil.rmtree(folder)
        draft.rename(folder)
    except OSError as error:
        shutil.rmtree(draft, ignore_errors=True)
        raise UsageError(f"{folder}: cannot be written: {error.strerror or error}") from error
    return _id(header)


def read_model(folder: Path) -> ModelFolder:
    """Read and verify a model.

    Raises
    ------
    ModelError
        There is none, it is of a later format, or a file is missing, was changed, or cannot be read.
    """
    import numpy as np

    header = _header(folder)
    contents: dict[str, bytes] = {}
    for name, digest in header["sha256"].items():
        contents[name] = _verified(folder, name, digest)
    if WEIGHTS not in contents or SCHEMA not in contents:
        raise ModelError(f"{folder / MODEL}: names no {WEIGHTS} or no {SCHEMA}: not a whole model; train it again")
    try:
        with np.load(io.BytesIO(contents.pop(WEIGHTS)), allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile) as error:
        raise ModelError(f"{folder / WEIGHTS}: not a NumPy archive of plain arrays ({error})") from error
    try:
        schema = json.loads(contents.pop(SCHEMA))
        texts = {name: content.decode("utf-8") for name, content in contents.items() if _is_text(name)}
        blobs = {name: content for name, content in contents.items() if not _is_text(name)}
    except ValueError as error:
        raise ModelError(f"{folder}: a file is not valid JSON or UTF-8 ({error})") from error
    return ModelFolder(header["kind"], header["config"], arrays, texts, blobs, schema, _id(header))


def kind_on_disk(model: Path) -> str:
    """Which recogniser wrote the model: a folder, or an .onnx file that bitflow exported.

    Raises
    ------
    ModelError
        There is no model, or it is not bitflow's.
    """
    if model.is_dir():
        return _header(model)["kind"]
    return str(onnx_metadata(model)["kind"])


def onnx_metadata(path: Path) -> dict[str, Any]:
    """What bitflow wrote into an ONNX file beside the graph: kind, configuration, schema, texts.

    Raises
    ------
    ModelError
        The file is missing, no ONNX graph, or another program's.
    """
    import onnxruntime

    if not path.is_file():
        raise ModelError(f"{path}: there is no model; `bitflow train` makes one")
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        packed = session.get_modelmeta().custom_metadata_map.get(ONNX_KEY)
    except Exception as error:  # the runtime raises its own kinds, all of them plain exceptions
        sentence = " ".join(str(error).split())
        raise ModelError(f"{path}: not an ONNX graph that can be run ({sentence})") from error
    if packed is None:
        raise ModelError(f"{path}: an ONNX graph of another program: `bitflow export MODEL --format onnx` writes ours")
    try:
        found = json.loads(packed)
        return {**found, "kind": str(found["kind"])}
    except (ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{path}: its bitflow metadata cannot be read ({error})") from error


def _header(folder: Path) -> dict[str, Any]:
    path = folder / MODEL
    try:
        header = tomllib.loads(path.read_text(encoding="utf-8"))
        version, files = int(header["format"]), header["sha256"]
        if not isinstance(header["kind"], str) or not isinstance(header["config"], dict) or not isinstance(files, dict):
            raise TypeError("`kind`, `config` or `sha256` is of the wrong type")
    except FileNotFoundError:
        raise ModelError(f"{folder}: not a model (no {MODEL}); `bitflow train` makes one") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{path}: cannot be read ({error}); copy the model again, or train it again") from error
    if version > FORMAT_VERSION:
        raise ModelError(f"{folder}: written in format {version}, this bitflow reads up to {FORMAT_VERSION}; update")
    return header


def _verified(folder: Path, name: str, digest: str) -> bytes:
    if Path(name).name != name:
        raise ModelError(f"{folder / MODEL}: names the file {name!r}, which lies outside the model")
    try:
        content = (folder / name).read_bytes()
    except OSError as error:
        raise ModelError(
            f"{folder / name}: cannot be read ({error.strerror or error}); copy the model again"
        ) from error
    if hashlib.sha256(content).hexdigest() != digest:
        raise ModelError(
            f"{folder / name}: is not the file that was written (its sha256 differs); copy the model again"
        )
    return content


def _id(header: Mapping[str, Any]) -> str:
    return hashlib.sha256(_json(header).encode()).hexdigest()[:12]


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, indent=1)


def _is_text(name: str) -> bool:
    return not name.endswith((".npz", *NETWORKS))
