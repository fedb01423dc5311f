"""As much of Azure Blob Storage's protocol as the loader asks for, with real ETags, ranges and pages."""

from __future__ import annotations

import itertools
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

ACCOUNT, CONTAINER, PAGE = "account", "dumps", 3
_versions = itertools.count(1)


@dataclass
class StandIn:
    port: int
    blobs: dict[str, tuple[bytes, str]] = field(default_factory=dict)  # name -> content, ETag
    pages: int = 0
    kept: set[str] = field(default_factory=set)  # may not be removed

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}/{ACCOUNT}"

    def put(self, name: str, content: bytes) -> None:
        self.blobs[name] = content, f'"0x{next(_versions)}"'


class _Handler(BaseHTTPRequestHandler):
    stand_in: StandIn

    def do_GET(self) -> None:
        self._answer_get(body=True)

    def do_HEAD(self) -> None:
        self._answer_get(body=False)

    def do_POST(self) -> None:
        """A batch of removals: one part a blob."""
        sent = self.rfile.read(int(self.headers["Content-Length"])).decode()
        parts = []
        for number, path in enumerate(re.findall(r"^DELETE (\S+) HTTP", sent, re.MULTILINE)):
            name = unquote(urlsplit(path).path).split("/", 2)[2].removeprefix(f"{CONTAINER}/")
            status = self._remove(name)
            parts.append(f"--b\r\nContent-Type: application/http\r\nContent-ID: {number}\r\n\r\n{status}\r\n\r\n")
        answer = ("".join(parts) + "--b--\r\n").encode()
        self._say(202, answer, {"Content-Type": "multipart/mixed; boundary=b"})

    def log_message(self, *_: object) -> None:
        pass

    def _remove(self, name: str) -> str:
        if name in self.stand_in.kept:
            return "HTTP/1.1 409 Conflict"
        return "HTTP/1.1 202 Accepted" if self.stand_in.blobs.pop(name, None) else "HTTP/1.1 404 Not Found"

    def _answer_get(self, *, body: bool) -> None:
        url = urlsplit(self.path)
        asked = {name: values[0] for name, values in parse_qs(url.query).items()}
        container, _, name = unquote(url.path).removeprefix(f"/{ACCOUNT}/").partition("/")
        if container != CONTAINER:
            self._say(404, b"", {"x-ms-error-code": "ContainerNotFound"}, body=body)
        elif asked.get("comp") == "list":
            self._list(asked)
        elif name not in self.stand_in.blobs:
            self._say(404, b"", {"x-ms-error-code": "BlobNotFound"}, body=body)
        else:
            self._blob(*self.stand_in.blobs[name], body=body)

    def _blob(self, content: bytes, etag: str, *, body: bool) -> None:
        if self.headers.get("If-Match", etag) != etag:
            self._say(412, b"", {"x-ms-error-code": "ConditionNotMet"}, body=body)
            return
        headers = {"ETag": etag, "Last-Modified": "Mon, 23 Nov 2026 08:18:43 GMT", "x-ms-blob-type": "BlockBlob"}
        wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("x-ms-range") or self.headers.get("Range") or "")
        if wanted is None:
            self._say(200, content, headers, body=body)
            return
        start, end = int(wanted[1]), min(int(wanted[2] or len(content)), len(content) - 1)
        headers["Content-Range"] = f"bytes {start}-{end}/{len(content)}"
        self._say(206, content[start : end + 1], headers, body=body)

    def _list(self, asked: dict[str, str]) -> None:
        self.stand_in.pages += 1
        prefix = asked.get("prefix", "")
        found: dict[str, str] = {}
        for name, (content, etag) in sorted(self.stand_in.blobs.items()):
            if name.startswith(prefix):
                first, slash, _ = name.removeprefix(prefix).partition("/")
                if slash and asked.get("delimiter"):
                    below = prefix + first + "/"
                    found[below] = f"<BlobPrefix><Name>{escape(below)}</Name></BlobPrefix>"
                else:
                    found[name] = (
                        f"<Blob><Name>{escape(name)}</Name><Properties><Etag>{etag}</Etag>"
                        f"<Content-Length>{len(content)}</Content-Length><BlobType>BlockBlob</BlobType></Properties></Blob>"
                    )
        start = int(asked.get("marker", 0))
        rest = list(found.values())[start:]
        marker = str(start + PAGE) if len(rest) > PAGE else ""
        text = (
            f'<?xml version="1.0" encoding="utf-8"?><EnumerationResults ContainerName="{CONTAINER}">'
            f"<Prefix>{escape(prefix)}</Prefix><Blobs>{''.join(rest[:PAGE])}</Blobs><NextMarker>{marker}</NextMarker></EnumerationResults>"
        )
        self._say(200, text.encode(), {"Content-Type": "application/xml"})

    def _say(self, status: int, content: bytes, headers: dict[str, str], *, body: bool = True) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(content)), "x-ms-request-id": "1"}.items():
            self.send_header(name, value)
        self.end_headers()
        if body:
            self.wfile.write(content)


@contextmanager
def azure_stand_in() -> Iterator[StandIn]:
    """A server with one empty container."""

    class Handler(_Handler):
        pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Handler.stand_in = StandIn(server.server_address[1])
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield Handler.stand_in
        finally:
            server.shutdown()
