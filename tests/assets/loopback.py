"""Made-up assets, wheels, and a server on the loopback interface that gives, cuts or spoils them."""

from __future__ import annotations

import hashlib
import http.server
import threading
import zipfile
from pathlib import Path

from bitflow.assets import Asset, Source

CONTENT = bytes(range(256)) * 1024  # 256 KiB


def made_asset(asset_id: str, *sources: Source, content: bytes = CONTENT) -> Asset:
    """An entry for `content` under the file name `<id>.bin`."""
    digest = hashlib.sha256(content).hexdigest()
    return Asset(asset_id, f"{asset_id}.bin", digest, len(content), "CC0-1.0", sources, "made up")


class FileServer:
    """Files over HTTP/1.1; `cuts` are byte counts after which the next answers break off."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.cuts: list[int] = []
        self.ranges = True
        self.requests: list[tuple[str, str | None]] = []  # path, Range header
        owner = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                owner.answer(self)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def answer(self, request: http.server.BaseHTTPRequestHandler) -> None:
        """Answer one GET."""
        asked = request.headers.get("Range")
        self.requests.append((request.path, asked))
        content = self.files.get(request.path)
        if content is None:
            request.send_error(404)
            return
        first = int(asked.removeprefix("bytes=").rstrip("-")) if asked and self.ranges else 0
        request.send_response(206 if first else 200)
        if first:
            request.send_header("Content-Range", f"bytes {first}-{len(content) - 1}/{len(content)}")
        request.send_header("Content-Length", str(len(content) - first))
        request.send_header("Content-Type", "text/html" if request.path.endswith("/") else "application/zip")
        request.end_headers()
        cut = self.cuts.pop(0) if self.cuts else None
        request.wfile.write(content[first:][:cut])
        if cut is not None:
            request.close_connection = True

    def close(self) -> None:
        """Stop answering."""
        self._server.shutdown()
        self._server.server_close()


def make_wheel(folder: Path, name: str, version: str, files: dict[str, bytes]) -> Path:
    """A wheel that holds `files` under exactly the member names given."""
    stem = f"{name.replace('-', '_')}-{version}"
    path = folder / f"{stem}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for member, content in files.items():
            archive.writestr(member, content)
        about = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        archive.writestr(f"{stem}.dist-info/METADATA", about)
        archive.writestr(f"{stem}.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr(f"{stem}.dist-info/RECORD", "")
    return path
