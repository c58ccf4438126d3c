"""This installation: what is here, what is missing, and what would mend it."""

from __future__ import annotations

import os
import platform
import re
import shlex
import shutil
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bitflow.assets import AssetState
    from bitflow.inference import Device
    from bitflow.media.hardware import HardwareDecoder

_DISTRIBUTION = "bitflow-behavior"

#: What the extras are for; their packages are in the distribution's own metadata.
_BRINGS = {
    "asr": "speech and words: what is said and when",
    "gpu": "models on an NVIDIA GPU; takes the place of onnxruntime",
    "fast": "models in bfloat16 on CPUs that compute in it: extract --fast",
    "decord": "fast random access to frames when training",
    "train": "networks, export to ONNX, annotations of BAH",
    "text": "sentence embeddings",
    "ray": "Ray, and stores and recordings at URLs",
    "view": "Rerun files of a recording",
    "opensmile": "eGeMAPS (openSMILE's licence allows research only)",
    "llama": "a language model in this process; built from source",
}

# Distributions that own the same files: the one installed last wins, without an error.
_RUNTIMES = ("onnxruntime", "onnxruntime-gpu")
_OPENCVS = (
    "opencv-python-headless",
    "opencv-python",
    "opencv-contrib-python",
    "opencv-contrib-python-headless",
)

_WHISPERX_VENV = Path("environments") / "whisperx"


@dataclass(frozen=True)
class Package:
    """A package that the core needs; `version` is None when it is missing."""

    name: str
    version: str | None


@dataclass(frozen=True)
class Extra:
    """An optional part: what it brings, and the requirements that are not met yet."""

    name: str
    brings: str
    missing: tuple[str, ...]

    @property
    def installed(self) -> bool:
        """Whether all of its packages are there."""
        return not self.missing

    @property
    def remedy(self) -> str:
        """The command that brings what is missing."""
        wanted = f"pip install {' '.join(map(shlex.quote, self.missing))}"
        if self.name == "gpu":  # both own the same files, and the last one wins
            return f"pip uninstall -y {_RUNTIMES[0]} && {wanted}"
        return wanted


@dataclass(frozen=True)
class Environment:
    """What `examine` found.

    `advice` holds sentences that each name something to mend and the command that does it.
    """

    bitflow: str
    python: str
    platform: str
    cores: int
    packages: tuple[Package, ...]
    devices: tuple[Device, ...]
    providers: tuple[str, ...]
    decoders: tuple[HardwareDecoder, ...]
    models: tuple[AssetState, ...]
    extras: tuple[Extra, ...]
    cache: Path
    mirrors: tuple[Path, ...]
    offline: bool
    whisperx: str | None
    advice: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """A JSON-able form."""
        plain = {
            name: getattr(self, name) for name in ("bitflow", "python", "platform", "cores", "offline", "whisperx")
        }
        models = [
            {"id": s.asset.id, "status": s.status, "licence": s.asset.licence, "path": s.path and str(s.path)}
            for s in self.models
        ]
        return {
            **plain,
            "packages": {package.name: package.version for package in self.packages},
            "devices": [asdict(device) for device in self.devices],
            "providers": self.providers,
            "decoders": [asdict(decoder) for decoder in self.decoders],
            "models": models,
            "extras": {extra.name: {"installed": extra.installed, "missing": extra.missing} for extra in self.extras},
            "cache": str(self.cache),
            "mirrors": [str(folder) for folder in self.mirrors],
            "advice": self.advice,
        }


def examine() -> Environment:
    """Look at this installation; nothing is changed and the network is not used."""
    from bitflow import __version__, assets
    from bitflow.cohort.cores import available_cores
    from bitflow.inference import available_devices
    from bitflow.media.hardware import hardware_decoders

    packages = tuple(_core_package(name) for name in _core_packages())
    models = tuple(assets.state(name) for name in assets.catalogue())
    return Environment(
        bitflow=__version__,
        python=f"{platform.python_version()} ({sys.executable})",
        platform=platform.platform(),
        cores=available_cores(),
        packages=packages,
        devices=available_devices(),
        providers=_providers(),
        decoders=hardware_decoders(),
        models=models,
        extras=tuple(_extras()),
        cache=assets.cache_dir(),
        mirrors=assets.mirrors(),
        offline=assets.offline(),
        whisperx=find_whisperx(),
        advice=tuple(_advice(packages, models)),
    )


def find_whisperx() -> str | None:
    """The `whisperx` program of an environment of its own, which it needs because it pins its own torch.

    Looked for at `BITFLOW_WHISPERX`, in the cache, and on the path.
    """
    from bitflow import assets

    named = os.environ.get("BITFLOW_WHISPERX")
    scripts = "Scripts" if sys.platform == "win32" else "bin"
    own = assets.cache_dir() / _WHISPERX_VENV / scripts / "whisperx"
    return next((found for name in (named, str(own), "whisperx") if name and (found := shutil.which(name))), None)


def whisperx_commands() -> tuple[str, str]:
    """The two commands that make an environment in which `find_whisperx` finds it."""
    from bitflow import assets

    folder = assets.cache_dir() / _WHISPERX_VENV
    scripts = "Scripts" if sys.platform == "win32" else "bin"
    return f"python -m venv {folder}", f"{folder / scripts / 'pip'} install whisperx"


def _advice(packages: tuple[Package, ...], models: tuple[AssetState, ...]) -> Iterator[str]:
    missing = [package.name for package in packages if package.version is None]
    if missing:
        yield f"the core lacks {', '.join(missing)}: pip install {' '.join(missing)}"
    if all(_version(name) for name in _RUNTIMES):
        yield (
            "onnxruntime and onnxruntime-gpu are both installed and overwrite each other's files, so that the GPU may "
            "be gone without an error: pip uninstall -y onnxruntime onnxruntime-gpu; then pip install onnxruntime-gpu "
            "(or onnxruntime on a machine without a GPU)"
        )
    opencvs = [name for name in _OPENCVS if _version(name)]
    if len(opencvs) > 1:
        yield (
            f"{' and '.join(opencvs)} are all installed and overwrite each other's files: "
            f"pip uninstall -y {' '.join(opencvs)}; then pip install opencv-python-headless"
        )
    damaged = [state.asset.id for state in models if state.status == "damaged"]
    if damaged:
        yield f"{', '.join(damaged)}: wrong bytes on disk: bitflow assets verify names the files; remove them"
    absent = [state.asset.id for state in models if state.status == "absent"]
    if absent:
        yield f"{len(absent)} of {len(models)} models and clips are not here yet: bitflow assets download"


def _providers() -> tuple[str, ...]:
    """Execution providers that the installed ONNX Runtime was built with, whether or not they load here."""
    try:
        from bitflow.inference.providers import provider_names
    except (ImportError, AttributeError):  # two packages over each other leave a broken one
        return ()
    return tuple(provider_names())


def _core_packages() -> list[str]:
    return sorted(name for name, extra, _ in _requirements() if extra is None)


def _core_package(name: str) -> Package:
    """A package of the core; ONNX Runtime for GPUs stands in for the one without."""
    if name in _RUNTIMES and (installed := next(filter(_version, _RUNTIMES), None)):
        return Package(installed, _version(installed))
    return Package(name, _version(name))


def _extras() -> Iterator[Extra]:
    missing: dict[str, list[str]] = {name: [] for name in _BRINGS}
    for name, extra, requirement in _requirements():
        if extra in missing and _version(name) is None:
            missing[extra].append(requirement)
    for name, brings in _BRINGS.items():
        yield Extra(name, brings, tuple(missing[name]))


def _requirements() -> Iterator[tuple[str, str | None, str]]:
    """Name, extra and full requirement of everything that the installed distribution's metadata lists."""
    try:
        listed = metadata.requires(_DISTRIBUTION) or []
    except metadata.PackageNotFoundError:  # run from a folder that was never installed
        listed = []
    for line in listed:
        requirement, _, marker = line.partition(";")
        name = re.match(r"[A-Za-z0-9._-]+", requirement.strip())
        extra = re.search(r"extra == ['\"]([^'\"]+)['\"]", marker)
        if name:
            yield name.group(), extra.group(1) if extra else None, requirement.strip()


def _version(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None
