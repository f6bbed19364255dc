"""Files at https:// and s3:// addresses, read by ranges of bytes, not downloaded whole."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from rareearth_explorer.data.file_kinds import is_table_part
from rareearth_explorer.errors import TableError

if TYPE_CHECKING:
    from pyarrow.fs import S3FileSystem
    from urllib3 import BaseHTTPResponse, PoolManager

SCHEMES = ("https", "http", "s3")

ATTEMPTS = 5
"""Times that a failed request is repeated."""

BUSY = (429, 500, 502, 503, 504)
"""HTTP statuses after which it is."""

USER_AGENT = f"rareearth-explorer/{version('rareearth-explorer')}"
"""Name of this program in requests; some servers refuse the default names of libraries."""

ABSENT = (404, 410)
"""HTTP statuses of a file that does not exist."""

PATIENCE = (10.0, 120.0)
"""Seconds to wait for a connection, and for a response."""


class NotThereError(TableError):
    """There is no file at an address."""


@dataclass(frozen=True)
class Address:
    """The address of a remote file, or of a folder of files in a bucket.

    Attributes
    ----------
    url
        As given; it may hold a signature.
    """

    url: str

    def __str__(self) -> str:
        """Return the address as it is said and recorded: without a signature."""
        return self.url.split("?")[0]

    @property
    def name(self) -> str:
        """Name of the file or folder."""
        return PurePosixPath(urlsplit(self.url).path).name or urlsplit(self.url).netloc


@dataclass(frozen=True)
class RemoteFile:
    """An opened file.

    Attributes
    ----------
    name
        Its path below the address.
    size
        In bytes.
    file
        What pyarrow reads it by.
    """

    name: str
    size: int
    file: Any


def place_of(text: str) -> Path | Address:
    """Take what a user gives as an address or as a path."""
    return Address(text) if "://" in text else Path(text)


def open_remote(address: Address) -> list[RemoteFile]:
    """Open a file, or the Parquet files below a prefix of a bucket.

    Raises
    ------
    TableError
        The address is of another kind, cannot be reached or is not public, there is no such file,
        or it cannot be read by ranges.
    """
    scheme = urlsplit(address.url).scheme.lower()
    if scheme not in SCHEMES:
        raise TableError(
            f"{address}: addresses begin with https:// or s3://; use one of these, or download "
            "the file."
        )
    if scheme == "s3":
        return _in_bucket(address)
    file = _RangedFile(address)
    return [RemoteFile(address.name, file.size, io.BufferedReader(file, 1 << 16))]


class _RangedFile(io.RawIOBase):
    """A file behind HTTP, read where it is asked for."""

    def __init__(self, address: Address) -> None:
        self._address, self._at, self._pool = address, 0, _pool(address)
        response = self._ask(0, 1)
        total = re.search(r"/(\d+)$", response.headers.get("Content-Range", ""))
        if response.status != 206 or total is None:
            raise TableError(
                f"{address}: this server sends only whole files; download the file, and import it."
            )
        self.size = int(total[1])

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        self._at = offset + {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self.size}[whence]
        return self._at

    def readinto(self, buffer: Any) -> int:  # a Buffer, which Python has from 3.12
        space = memoryview(buffer).cast("B")
        count = max(0, min(len(space), self.size - self._at))
        if count:
            data = self._ask(self._at, count).data
            if len(data) != count:
                raise OSError(f"{self._address} changed while it was read")
            space[:count] = data
        self._at += count
        return count

    def _ask(self, start: int, count: int) -> BaseHTTPResponse:
        from urllib3.exceptions import HTTPError

        wanted = {"Range": f"bytes={start}-{start + count - 1}", "User-Agent": USER_AGENT}
        try:
            # A server that ignores the range would send everything, so the body comes later.
            response = self._pool.request(
                "GET", self._address.url, headers=wanted, preload_content=False
            )
            if response.status in (200, 206):
                return _with_body(response)
            response.release_conn()
        except HTTPError as error:
            raise TableError(f"{self._address}: {_UNREACHED}.") from error
        kind = NotThereError if response.status in ABSENT else TableError
        raise kind(f"{self._address}: {_refusal(response.status)}.")


def _with_body(response: BaseHTTPResponse) -> BaseHTTPResponse:
    """Read what a range holds; what is not a range is left unread."""
    if response.status == 206:
        _ = response.data
        response.release_conn()
    else:
        response.close()
    return response


def _pool(address: Address) -> PoolManager:
    """Return what asks again after failures, through the proxy of the environment if it has one."""
    from urllib.request import getproxies, proxy_bypass

    try:
        from urllib3 import PoolManager, ProxyManager, Retry, Timeout
    except ImportError as error:
        raise TableError(
            f"{address}: urllib3, which reads https:// addresses, is not installed: run pip "
            'install "rareearth-explorer[stac]".'
        ) from error
    parts = urlsplit(address.url)
    how: dict[str, Any] = {
        "retries": Retry(
            ATTEMPTS, connect=2, backoff_factor=0.5, status_forcelist=BUSY, raise_on_status=False
        ),
        "timeout": Timeout(*PATIENCE),
    }
    proxy = getproxies().get(parts.scheme.lower())
    if proxy is None or proxy_bypass(parts.hostname or ""):
        return PoolManager(**how)
    return ProxyManager(proxy, **how)


def _in_bucket(address: Address) -> list[RemoteFile]:
    from pyarrow.fs import FileSelector, FileType

    parts = urlsplit(address.url)
    path = f"{parts.netloc}{parts.path}".rstrip("/")
    with _explained(address):
        store = _bucket(parts.netloc)
        (info,) = store.get_file_info([path])
        if info.type is FileType.File:
            return [RemoteFile(address.name, info.size, store.open_input_file(path))]
        below = store.get_file_info(FileSelector(path, recursive=True, allow_not_found=True))
        files = [(each.path[len(path) + 1 :], each) for each in below]
        found = [
            RemoteFile(name, each.size, store.open_input_file(each.path))
            for name, each in sorted(files, key=lambda file: file[0])
            if is_table_part(PurePosixPath(name))
        ]
    if not found:
        raise TableError(f"{address}: there is no Parquet file there; check the address.")
    return found


def _bucket(bucket: str) -> S3FileSystem:
    """Open a store with the credentials of the environment, or as the public."""
    from pyarrow.fs import S3FileSystem, resolve_s3_region

    endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    if region is None and endpoint is None:
        region = resolve_s3_region(bucket)
    how: dict[str, Any] = {"connect_timeout": PATIENCE[0], "request_timeout": PATIENCE[1]}
    if endpoint is not None:
        scheme, _, host = endpoint.rpartition("://")
        how |= {"endpoint_override": host, "scheme": scheme or "https"}
    return S3FileSystem(region=region, anonymous=not _has_credentials(), **how)


def _has_credentials() -> bool:
    """Whether the environment holds AWS credentials; asking Amazon's own machines takes seconds."""
    named = ("AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_WEB_IDENTITY_TOKEN_FILE")
    files = [
        os.environ.get("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials"),
        os.environ.get("AWS_CONFIG_FILE", "~/.aws/config"),
    ]
    return any(map(os.environ.get, named)) or any(Path(f).expanduser().is_file() for f in files)


@contextmanager
def _explained(address: Address) -> Iterator[None]:
    """Explain in a sentence why a bucket cannot be read."""
    try:
        yield
    except FileNotFoundError as error:
        raise TableError(f"{address}: {_refusal(404)}.") from error
    except OSError as error:
        said = str(error)
        status = re.search(r"HTTP status (\d{3})|HTTP response code (\d{3})", said)
        code = int(next(filter(None, status.groups()))) if status else None
        if code is None and "ACCESS_DENIED" in said:
            code = 403
        told = _refusal(code) if code else _UNREACHED
        raise TableError(f"{address}: {told}.") from error


_UNREACHED = "it cannot be reached; check the network and the address, and run the command again"


def _refusal(status: int) -> str:
    """Explain a status of HTTP, and what to do."""
    if status in (401, 403):
        return (
            f"it is not public (HTTP {status}); give an address that is, set AWS_ACCESS_KEY_ID and "
            "AWS_SECRET_ACCESS_KEY for s3://, or, where the requester pays, copy it with 'aws s3 "
            "cp --request-payer requester' and import the copy"
        )
    if status in ABSENT:
        return f"there is no such file (HTTP {status}); check the address"
    return f"the server failed to respond (HTTP {status}); run the command again later"
