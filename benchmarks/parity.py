"""What the parity benchmarks share: the peer's pixels, figures with their bounds, and the table they are written to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from bitflow.media import Frame


@dataclass(frozen=True)
class Row:
    """One figure with its bound; `value` may be above `bound` only when `at_least` is set."""

    clip: str
    what: str
    value: float
    bound: float
    unit: str
    at_least: bool = False

    @property
    def passed(self) -> bool:
        return self.value >= self.bound if self.at_least else self.value <= self.bound


def peer_frames(path: Path, limit: int) -> Iterator[Frame]:
    """Pictures with the pixels of the peer's OpenCV: BT.601, whatever the stream says."""
    import av

    with av.open(str(path)) as container:
        for index, picture in enumerate(container.decode(video=0)):
            if index >= limit:
                return
            rgb = picture.reformat(format="rgb24", src_colorspace="ITU601", dst_colorspace="ITU601").to_ndarray()
            yield Frame.from_rgb(rgb, index=index, time=float(picture.time or 0.0))


def write_report(name: str, title: str, note: str, rows: Sequence[Row]) -> None:
    """Print the table of the figures and keep it, dated, below benchmarks/results/."""
    report = table(title, note, rows)
    print(report)
    results = Path(__file__).parent / "results"
    results.mkdir(exist_ok=True)
    (results / f"{name}_{date.today().isoformat()}.md").write_text(report + "\n", encoding="utf-8")


def table(title: str, note: str, rows: Sequence[Row]) -> str:
    """A Markdown table with the machine above it."""
    import platform
    from importlib.metadata import version

    def show(value: float) -> str:
        return f"{value:.4g}"

    lines = [
        f"# {title}",
        "",
        f"{date.today().isoformat()}, {platform.machine()}, Python {platform.python_version()}, "
        f"LiteRT {version('ai-edge-litert')}. {note}",
        "",
        "| clip | figure | measured | bound | |",
        "|---|---|---|---|---|",
    ]
    for row in rows:
        sign = "≥" if row.at_least else "≤"
        verdict = "" if row.passed else "**missed**"
        lines.append(
            f"| {row.clip} | {row.what} | {show(row.value)} {row.unit} | {sign} {show(row.bound)} | {verdict} |"
        )
    return "\n".join(lines)
