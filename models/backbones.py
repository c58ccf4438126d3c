"""PyTorch backbones with the user's own weights, as the ONNX files that the extractor `embeddings` runs."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bitflow.drafts import replace_file
from bitflow.errors import AssetError, UsageError
from bitflow.inference.backbone import Backbone
from bitflow.models.torch_graph import import_torch, onnx_bytes

if TYPE_CHECKING:
    import torch

#: Entry points of plug-ins: name of an architecture → a function without arguments that builds it.
GROUP = "bitflow.backbones"

#: What torchvision calls the layer from features to class scores, in its families of networks.
_HEADS = ("fc", "classifier", "heads", "head")

#: Under which training scripts keep the weights beside other things.
_WRAPPED = ("state_dict", "model_state_dict", "model")


def export_backbone(
    architecture: str, weights: Path, output: Path, backbone: Backbone, *, scores: bool = False
) -> tuple[int, Path]:
    """Write a network and its TOML file.

    Parameters
    ----------
    architecture
        Name of a builder in `torchvision.models`, or of a plug-in's entry point in `bitflow.backbones`.
    weights
        State dict of the user's: ``.safetensors``, or a ``.pt`` that holds tensors only.
    output
        The ``.onnx`` file.
    backbone
        What the network takes; its layout is ``nchw``, as PyTorch has it.
    scores
        Keep the last layer, so that vectors are class scores; otherwise they are what goes into it.

    Returns
    -------
    tuple
        Length of the vector, and the TOML file.

    Raises
    ------
    UsageError
        PyTorch, torchvision or the architecture is not there.
    AssetError
        The weights cannot be read, or do not fit the architecture.
    """
    import_torch()
    network = build(architecture)
    state = read_state(weights)
    width = class_scores(state)
    if width is not None:
        _widen(network, width)
    load_state(network, state, weights)
    if not scores:
        drop_head(network, architecture)
    return write_onnx(network.eval(), output, backbone), backbone.write(output)


def build(architecture: str) -> torch.nn.Module:
    """A network of that architecture with random weights."""
    plugins = {entry.name: entry for entry in entry_points(group=GROUP)}
    if architecture in plugins:
        return plugins[architecture].load()()
    try:
        models = import_module("torchvision.models")
    except (ImportError, RuntimeError) as error:  # RuntimeError: built for another torch
        raise UsageError(
            f"the architecture {architecture!r} is torchvision's, which cannot be imported here ({error}); "
            "install the torchvision that goes with the installed torch"
        ) from error
    try:
        return models.get_model(architecture, weights=None)
    except ValueError as error:
        raise UsageError(f"torchvision has no architecture {architecture!r}: {error}") from error


def read_state(path: Path) -> dict[str, torch.Tensor]:
    """A state dict, of which nothing is executed.

    Raises
    ------
    AssetError
        The file is missing, broken, or holds more than tensors.
    """
    torch = import_torch()
    if not path.is_file():
        raise AssetError(f"{path}: there is no such file")
    if path.suffix == ".safetensors":
        try:
            from safetensors.torch import load_file

            return load_file(path)
        except Exception as error:  # safetensors has an error type of its own, below Exception
            raise AssetError(f"{path}: not a safetensors file ({error})") from error
    try:
        loaded: Any = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # broken zip files, pickles of anything else: as many types as there are causes
        raise AssetError(
            f"{path}: refused, because it holds more than tensors or is damaged; nothing in it was run. "
            "Save it again with torch.save(model.state_dict(), path)"
        ) from error
    for key in _WRAPPED:
        if isinstance(loaded, Mapping) and isinstance(loaded.get(key), Mapping):
            loaded = loaded[key]
    if not isinstance(loaded, Mapping) or not all(torch.is_tensor(value) for value in loaded.values()):
        raise AssetError(f"{path}: holds no state dict, a mapping of names to tensors")
    return {str(name).removeprefix("module."): value for name, value in loaded.items()}


def load_state(network: torch.nn.Module, state: Mapping[str, torch.Tensor], path: Path) -> None:
    """Put weights into a network; every tensor must fit, and none of the body may be missing.

    Raises
    ------
    AssetError
        Names the first tensor that is missing, of no use, or of another shape.
    """
    own = network.state_dict()
    strange = [name for name in state if name not in own and not _is_head(name)]
    lacking = [name for name in own if name not in state and not _is_head(name)]
    wrong = [name for name in state if name in own and state[name].shape != own[name].shape]
    for names, what in ((lacking, "lacks"), (strange, "has besides"), (wrong, "has in another shape")):
        if names:
            more = f" and {len(names) - 1} others" if len(names) > 1 else ""
            raise AssetError(f"{path}: {what} the tensor {names[0]!r}{more}: weights of another architecture")
    network.load_state_dict({name: value for name, value in state.items() if name in own}, strict=False)


def class_scores(state: Mapping[str, torch.Tensor]) -> int | None:
    """How many classes the weights' last layer tells apart; None where they have no such layer."""
    found = [value for name, value in state.items() if _is_head(name) and value.ndim == 2]
    return int(found[-1].shape[0]) if found else None


def drop_head(network: torch.nn.Module, architecture: str) -> None:
    """Let the network give what goes into its last layer."""
    torch = import_torch()
    for name in _HEADS:
        if hasattr(network, name):
            setattr(network, name, torch.nn.Identity())
            return
    raise UsageError(f"{architecture!r} has no layer {', '.join(_HEADS)} to leave out; keep its scores with --scores")


def write_onnx(network: torch.nn.Module, output: Path, backbone: Backbone) -> int:
    """Export, for batches of any size; returns the length of the vector."""
    torch = import_torch()
    if backbone.layout != "nchw":
        raise UsageError("PyTorch networks take nchw")
    width, height = backbone.size
    flat = torch.nn.Sequential(network, torch.nn.Flatten(1)).eval()
    example = torch.zeros(2, 3, height, width)
    with torch.no_grad():
        length = int(flat(example)[0].numel())
    graph = onnx_bytes(flat, (example,), ["pictures"], ["vectors"], {"pictures": {0: "n"}, "vectors": {0: "n"}})
    output.parent.mkdir(parents=True, exist_ok=True)
    replace_file(output, graph)
    return length


def _widen(network: torch.nn.Module, classes: int) -> None:
    """Give the last layer as many classes as the weights have: a user's are rarely a thousand."""
    torch = import_torch()
    for name in _HEADS:
        head: Any = getattr(network, name, None)
        if isinstance(head, torch.nn.Linear):
            setattr(network, name, torch.nn.Linear(head.in_features, classes, head.bias is not None))
            return
        if isinstance(head, torch.nn.Sequential):
            last = max((i for i, layer in enumerate(head) if isinstance(layer, torch.nn.Linear)), default=None)
            if last is not None:
                old = head[last]
                head[last] = torch.nn.Linear(old.in_features, classes, old.bias is not None)
                return


def _is_head(name: str) -> bool:
    return name.split(".")[0] in _HEADS
