"""Tables at addresses: only the bytes of the box are fetched, and each trouble is a sentence."""

from __future__ import annotations

import shutil
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from stac_server import StacServer, serving

from rareearth_explorer.cli.command import main
from rareearth_explorer.data.storage.remote_files import Address
from rareearth_explorer.data.table import Reading, open_table
from rareearth_explorer.data.table.parquet_source import ParquetSource
from rareearth_explorer.embedding import import_table
from rareearth_explorer.errors import TableError

DIM, ROWS = 64, 6000
BOX = (98.0, 24.0, 99.0, 25.0)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Six row groups of 1,000 points, each a degree farther east."""
    rng = np.random.default_rng(3)
    lon = 96.2 + np.repeat(np.arange(6.0), 1000) + rng.random(ROWS) / 2
    columns = {
        "id": [f"p{number}" for number in range(ROWS)],
        "embedding": [*rng.normal(size=(ROWS, DIM)).astype(np.float32)],
        "lon": lon,
        "lat": 24.2 + rng.random(ROWS) / 2,
    }
    folder = tmp_path / "served"
    folder.mkdir()
    pq.write_table(pa.table(columns), folder / "t.parquet", row_group_size=1000)
    return folder / "t.parquet"


@pytest.fixture
def server(table: Path) -> Iterator[StacServer]:
    with serving(table.parent) as offer:
        yield offer


def address(server: StacServer, name: str = "t.parquet") -> Address:
    return Address(f"{server.url}/files/{name}")


def test_only_the_box_is_fetched(server: StacServer, table: Path, tmp_path: Path) -> None:
    reading = Reading(bbox=BOX, spacing=100)
    report = import_table(address(server), tmp_path / "t.parquet", reading=reading)
    found, plain = open_table(report.table), open_table(table, reading=reading)
    np.testing.assert_array_equal(found.embeddings, plain.embeddings)
    np.testing.assert_allclose(found.corners, plain.corners, atol=1e-12)
    assert found.carried.equals(plain.carried)  # type: ignore[union-attr]
    assert report.patches == 1000
    assert report.left_out == plain.left_out
    assert server.sent < table.stat().st_size / 3
    assert found.metadata["imported"]["name"] == f"{address(server)}"


def test_a_whole_table_is_fetched_without_a_box(
    server: StacServer, table: Path, tmp_path: Path
) -> None:
    report = import_table(address(server), tmp_path / "t.parquet")
    np.testing.assert_array_equal(open_table(report.table).embeddings, open_table(table).embeddings)


def test_info_reads_little(
    server: StacServer, table: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["info", f"{address(server)}"]) == 0
    said = capsys.readouterr().out
    assert "6,000 in 1 files" in said
    assert "64 numbers" in said
    assert said.splitlines()[-1].endswith("--bbox W S E N")
    assert server.sent < table.stat().st_size / 3


def test_a_signature_is_neither_said_nor_recorded(server: StacServer, tmp_path: Path) -> None:
    signed = Address(f"{address(server)}?X-Amz-Signature=abc")
    report = import_table(signed, tmp_path / "t.parquet", reading=Reading(bbox=BOX))
    assert "abc" not in f"{open_table(report.table).metadata}"
    server.statuses["/files/"] = [403] * 9
    with pytest.raises(TableError) as told:
        import_table(signed, tmp_path / "t.parquet")
    assert "abc" not in str(told.value)


def test_a_busy_server_is_asked_again(server: StacServer, tmp_path: Path) -> None:
    server.statuses["/files/"] = [503]
    assert import_table(address(server), tmp_path / "t.parquet").patches == ROWS


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (403, r"it is not public \(HTTP 403\); .* --request-payer requester"),
        (404, r"there is no such file \(HTTP 404\); check the address"),
        (418, r"the server failed to respond \(HTTP 418\); run the command again later"),
    ],
)
def test_refusals_are_sentences(
    status: int, said: str, server: StacServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server.statuses["/files/"] = [status]
    where = f"{address(server)}"
    assert main(["import", where, "-o", str(tmp_path / "t.parquet")]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    server.statuses["/files/"] = [status]
    with pytest.raises(TableError, match=rf"^{where}: {said}"):
        import_table(address(server), tmp_path / "t.parquet")


def test_no_network_is_a_sentence(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, and nothing listens
        where = Address(f"http://127.0.0.1:{taken.getsockname()[1]}/t.parquet")
        with pytest.raises(TableError, match="cannot be reached; check the network"):
            import_table(where, tmp_path / "t.parquet")


def test_other_schemes_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["import", "ftp://host/t.parquet", "-o", str(tmp_path / "t.parquet")]) == 2
    assert "addresses begin with https:// or s3://" in capsys.readouterr().err


def test_a_file_that_is_no_table(server: StacServer, table: Path, tmp_path: Path) -> None:
    (table.parent / "no.parquet").write_bytes(b"no" * 500)
    with pytest.raises(TableError, match=r"/files/no.parquet: this is not a complete Parquet"):
        import_table(address(server, "no.parquet"), tmp_path / "t.parquet")


def test_trouble_while_reading_is_a_sentence(server: StacServer) -> None:
    source = ParquetSource.open_remote(address(server))
    server.statuses["/files/"] = [403] * 9
    with pytest.raises(TableError, match=r"t.parquet: it is not public \(HTTP 403\)"):
        [*source.batches(next(source.groups), ["lon"])]


# Buckets ------------------------------------------------------------------------------------------


class _Bucket(BaseHTTPRequestHandler):
    """As much of S3 as reading needs: a list of keys, sizes, and ranges of bytes."""

    protocol_version = "HTTP/1.1"
    folder: Path
    refuses = False

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = {name: value[0] for name, value in parse_qs(parts.query).items()}
        key = unquote(parts.path).removeprefix("/bucket").strip("/")
        if self.refuses:
            return self._send(403, b"<Error><Code>AccessDenied</Code></Error>")
        if not key:
            return self._send(200, self._listed(query.get("prefix", "")))
        file = self.folder / key
        if not file.is_file():
            return self._send(404, b"<Error><Code>NoSuchKey</Code></Error>")
        data, asked = file.read_bytes(), self.headers.get("Range")
        if asked is None:
            return self._send(200, data)
        begin, end = map(int, asked.removeprefix("bytes=").split("-"))
        self._send(206, data[begin : end + 1], f"bytes {begin}-{end}/{len(data)}")

    def _listed(self, prefix: str) -> bytes:
        files = sorted(each for each in self.folder.rglob("*") if each.is_file())
        keys = [(f"{each.relative_to(self.folder)}", each.stat().st_size) for each in files]
        contents = "".join(
            f"<Contents><Key>{key}</Key><Size>{size}</Size>"
            "<LastModified>2024-01-01T00:00:00.000Z</LastModified></Contents>"
            for key, size in keys
            if key.startswith(prefix)
        )
        told = f"<IsTruncated>false</IsTruncated>{contents}"
        return f"<ListBucketResult>{told}</ListBucketResult>".encode()

    def _send(self, status: int, data: bytes, content_range: str | None = None) -> None:
        self.send_response(status)
        if content_range:
            self.send_header("Content-Range", content_range)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Last-Modified", "Mon, 01 Jan 2024 00:00:00 GMT")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def bucket(table: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[_Bucket]]:
    """A public bucket with the table as it is, and in folders by year."""
    for year in (2023, 2024):
        folder = table.parent / "set" / f"year={year}"
        folder.mkdir(parents=True)
        shutil.copy(table, folder / "part.parquet")
    handler = type("Handler", (_Bucket,), {"folder": table.parent})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", f"{table.parent / 'none'}")
    monkeypatch.setenv("AWS_CONFIG_FILE", f"{table.parent / 'none'}")
    yield handler
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize(("name", "local"), [("t.parquet", "t.parquet"), ("set/", "set")])
def test_a_bucket(
    bucket: type[_Bucket], name: str, local: str, table: Path, tmp_path: Path
) -> None:
    reading = Reading(bbox=BOX, spacing=100, date=None if local == "t.parquet" else "2024")
    where = Address(f"s3://bucket/{name}")
    report = import_table(where, tmp_path / "t.parquet", reading=reading)
    found, plain = open_table(report.table), open_table(table.parent / local, reading=reading)
    np.testing.assert_array_equal(found.embeddings, plain.embeddings)
    assert found.carried.equals(plain.carried)  # type: ignore[union-attr]


def test_troubles_of_a_bucket(bucket: type[_Bucket], tmp_path: Path) -> None:
    with pytest.raises(TableError, match="s3://bucket/no/: there is no Parquet file there"):
        import_table(Address("s3://bucket/no/"), tmp_path / "t.parquet")
    bucket.refuses = True
    with pytest.raises(TableError, match=r"s3://bucket/t.parquet: it is not public \(HTTP 403\)"):
        import_table(Address("s3://bucket/t.parquet"), tmp_path / "t.parquet")


def test_an_address_has_no_layers(capsys: pytest.CaptureFixture[str]) -> None:
    address = "https://host.invalid/labels.parquet"
    assert main(["info", address, "--layer", "pools"]) == 2
    assert f"{address}: it has no layers; leave --layer out." in capsys.readouterr().err
