"""A small STAC API on loopback, with files that answer range requests, and troubles at will."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from patience import PATIENCE

CONFORMS = [
    "https://api.stacspec.org/v1.0.0/core",
    "https://api.stacspec.org/v1.0.0/collections",
    "https://api.stacspec.org/v1.0.0/item-search",
]


class StacServer:
    """What the server offers, and what it was asked.

    Attributes
    ----------
    folder
        Its files, at `/files/NAME`.
    items
        STAC items; asset addresses may be relative to `url`.
    statuses
        HTTP statuses to answer with, by a part of the path; each as often as told.
    held
        Part of the names of files whose pixels are not sent before `released` is set.
    page
        Items on a page of search results.
    asked
        Path and range of each request.
    agents
        Names of the programs that asked.
    sent
        Bytes of files that were sent.
    """

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.url = folder, f"http://127.0.0.1:{port}"
        self.items: list[dict[str, Any]] = []
        self.statuses: dict[str, list[int]] = {}
        self.held, self.released = "", threading.Event()
        self.page, self.sent = 2, 0
        self.conforms = CONFORMS
        self.asked: list[tuple[str, str | None]] = []
        self.agents: set[str] = set()

    def trouble(self, path: str) -> int | None:
        """Take the next status to answer with, if there is to be trouble with this path."""
        for part, left in self.statuses.items():
            if part in path and left:
                return left.pop(0)
        return None

    def answer(self, path: str, query: dict[str, str]) -> dict[str, Any] | None:
        """Answer a request for JSON; None for an address that is not there."""
        if path == "/":
            return {
                "type": "Catalog", "id": "loopback", "stac_version": "1.0.0",
                "description": "Synthetic.", "conformsTo": self.conforms, "links": self._links(),
            }  # fmt: skip
        if path == "/collections":
            names = sorted({item["collection"] for item in self.items})
            return {"collections": [self._collection(name) for name in names], "links": []}
        return self._found(query) if path == "/search" else None

    def _links(self) -> list[dict[str, str]]:
        kinds = {"self": "", "root": "", "data": "collections", "search": "search"}
        return [
            {"rel": rel, "href": f"{self.url}/{path}", "type": "application/json"}
            for rel, path in kinds.items()
        ]

    def _collection(self, name: str) -> dict[str, Any]:
        return {
            "type": "Collection", "id": name, "stac_version": "1.0.0", "links": [],
            "description": name, "license": "CC0-1.0",
            "extent": {
                "spatial": {"bbox": [[-180, -90, 180, 90]]},
                "temporal": {"interval": [["2015-01-01T00:00:00Z", None]]},
            },
        }  # fmt: skip

    def _found(self, query: dict[str, str]) -> dict[str, Any]:
        west, south, east, north = map(float, query["bbox"].split(","))
        begin, end = query["datetime"].split("/")
        found = [
            item
            for item in self.items
            if item["collection"] in query["collections"].split(",")
            and item["bbox"][0] <= east and item["bbox"][len(item["bbox"]) // 2] >= west
            and item["bbox"][1] <= north and item["bbox"][len(item["bbox"]) // 2 + 1] >= south
            and begin <= item["properties"]["datetime"] <= end
        ]  # fmt: skip
        first = int(query.get("from", 0))
        links = []
        if first + self.page < len(found):
            more = urlencode(query | {"from": str(first + self.page)})
            links = [{"rel": "next", "href": f"{self.url}/search?{more}"}]
        return {
            "type": "FeatureCollection",
            "features": found[first : first + self.page],
            "links": links,
        }


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    offer: StacServer

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        asked = self.headers.get("Range")
        self.offer.asked.append((parts.path, asked))
        self.offer.agents.add(self.headers.get("User-Agent", ""))
        status = self.offer.trouble(parts.path)
        if status is not None:
            self._send(status)
        elif parts.path.startswith("/files/"):
            self._send_file(self.offer.folder / parts.path.removeprefix("/files/"), asked)
        else:
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            answer = self.offer.answer(parts.path, query)
            self._send(404 if answer is None else 200, json.dumps(answer).encode())

    def _send_file(self, path: Path, asked: str | None) -> None:
        if not path.is_file():
            return self._send(404)
        size, headers = path.stat().st_size, {"Accept-Ranges": "bytes"}
        if self.command == "HEAD" or asked is None:
            return self._send(200, path.read_bytes(), headers)
        begin, end = asked.removeprefix("bytes=").split("-")
        last = min(int(end or size), size - 1)
        headers["Content-Range"] = f"bytes {begin}-{last}/{size}"
        if self.offer.held and self.offer.held in path.name and int(begin) > 0:
            self.offer.released.wait(PATIENCE)
        with path.open("rb") as file:
            file.seek(int(begin))
            piece = file.read(last + 1 - int(begin))
        self.offer.sent += len(piece)
        self._send(206, piece, headers)

    def _send(
        self, status: int, content: bytes = b"", headers: dict[str, str] | None = None
    ) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing: tests look at `asked`."""

    def handle(self) -> None:
        with suppress(BrokenPipeError, ConnectionResetError):  # the other side was killed
            super().handle()


@contextmanager
def serving(folder: Path) -> Iterator[StacServer]:
    """Serve a folder and the items that are added, at a free port."""
    handler = type("Handler", (_Handler,), {})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    handler.offer = StacServer(folder, server.server_port)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield handler.offer
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
