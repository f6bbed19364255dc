"""How stored numbers stand for those of an embedding: quantised codes, and what decodes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float32]

METHODS = ("linear", "signed-square", "bits")
"""Ways to decode: v * scale + offset; sign(v) * (|v| / scale)^2; each bit of the bytes, as -1 or 1.

The second is AlphaEarth's, whose codes keep more of the small numbers.
"""


@dataclass(frozen=True)
class Coding:
    """How to decode stored numbers.

    Attributes
    ----------
    method
        One of `METHODS`.
    scale, offset
        Of the method: one number, or one for each dimension.
    nodata
        Code of a missing number; an embedding of this code alone is missing. None if there is none.
    dimensions
        Numbers in an embedding, where the last byte of bits is not full; None takes all.
    origin
        Who says so, for notes: such as "its STAC metadata".
    """

    method: str = "linear"
    scale: float | tuple[float, ...] = 1.0
    offset: float | tuple[float, ...] = 0.0
    nodata: float | None = None
    dimensions: int | None = None
    origin: str = ""

    def decode(self, codes: npt.NDArray[Any]) -> Numbers:
        """Decode codes (N, D), or (N, B) bytes of bits.

        Returns
        -------
        (N, D) float32; rows of the `nodata` code alone are NaN.

        Raises
        ------
        ValueError
            There are more scales or dimensions than numbers.
        """
        with np.errstate(over="ignore", invalid="ignore"):  # foreign numbers may be anything
            numbers = self._numbers(codes)
        if self.nodata is not None:
            numbers[(codes == self.nodata).all(axis=-1)] = np.nan
        return numbers

    def _numbers(self, codes: npt.NDArray[Any]) -> Numbers:
        if self.method == "bits":
            return _of_bits(codes, self.dimensions)
        numbers = codes.astype(np.float32)
        if self.plain:
            return numbers
        scale, offset = (np.asarray(each, np.float32) for each in (self.scale, self.offset))
        if self.method == "signed-square":
            numbers /= scale
            return np.asarray(np.square(numbers) * np.sign(numbers), np.float32)
        numbers *= scale
        numbers += offset
        return numbers

    @property
    def plain(self) -> bool:
        """Whether the stored numbers are the embedding."""
        return self == Coding(origin=self.origin)

    @property
    def formula(self) -> str:
        """The rule in signs, for notes.

        Examples
        --------
        >>> Coding("signed-square", scale=127.5).formula
        'sign(v) * (|v| / 127.5)^2'
        >>> Coding("linear", scale=10 / 255, offset=-5).formula
        'v * 0.0392157 - 5'
        """
        if self.method == "bits":
            return "each bit as -1 or 1"
        if self.method == "signed-square":
            return f"sign(v) * (|v| / {_short(self.scale)})^2"
        if self.plain:
            return "v, as it is"
        offset = self.offset
        if isinstance(offset, tuple):
            return f"v * {_short(self.scale)} + offsets"
        return f"v * {_short(self.scale)} {'-' if offset < 0 else '+'} {abs(offset):g}"


PLAIN = Coding()
"""The coding of numbers that are the embedding."""


def coding_from(record: Mapping[str, Any], origin: str) -> Coding | None:
    """Read a quantisation as metadata describe it; None if it is of an unknown kind.

    Parameters
    ----------
    record
        The object `quantization` of STAC's `emb` or Zarr's `geoemb` convention: `method`, `scale`,
        `offset`, and what products add: `nodata`, `n_dims`.
    origin
        Where it stands, for notes.

    Raises
    ------
    ValueError
        A value has another form than the conventions give it.
    """
    method = _method(record)
    if method is None:
        return None
    inner = record.get("scale")
    if isinstance(inner, Mapping) and inner.get("type") == "scalar":  # as geoemb writes it
        record = {**record, "offset": inner.get("offset", 0.0), "scale": inner.get("scale")}
    dimensions = record.get("n_dims")
    if dimensions is not None and (type(dimensions) is not int or dimensions < 1):
        raise ValueError(f"n_dims is {dimensions!r}")
    if method == "bits":
        return Coding(method, dimensions=dimensions, origin=origin)
    standing = 127.5 if method == "signed-square" else None
    scale = _factors(record, "scale", standing)
    with np.errstate(over="ignore"):
        single = np.asarray(scale, np.float32)  # as it is applied
    if not (single.all() and np.isfinite(single).all()):
        raise ValueError(f"scale is {scale!r}")
    offset = _factors(record, "offset", 0.0)
    nodata = record.get("nodata")
    if isinstance(nodata, bool) or not isinstance(nodata, int | float | None):
        raise ValueError(f"nodata is {nodata!r}")
    return Coding(method, scale, offset, nodata, origin=origin)


_NAMES = {
    "linear": "linear", "affine": "linear", "scale": "linear", "scalar": "linear",
    "signed-square": "signed-square", "signed-power": "signed-square",
    "binary": "bits", "bits": "bits", "sign": "bits",
}  # fmt: skip
"""Methods by the names that publishers use."""


def _method(record: Mapping[str, Any]) -> str | None:
    said = record.get("method")
    if not isinstance(said, str):
        raise ValueError(f"method is {said!r}")
    method = _NAMES.get(said.strip().lower().replace("_", "-"))
    # A signed power other than the square is no method that is known here.
    return None if method == "signed-square" and record.get("power", 2) != 2 else method


def _factors(
    record: Mapping[str, Any], name: str, default: float | None
) -> float | tuple[float, ...]:
    """One number, or one for each dimension; a list of one is that number."""
    value = record.get(name, default)
    values = value if isinstance(value, list) else [value]
    if not values or not all(_is_number(each) for each in values):
        raise ValueError(f"{name} is {value!r}")
    return float(values[0]) if len(values) == 1 else tuple(map(float, values))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and np.isfinite(value)


def _short(scale: float | tuple[float, ...]) -> str:
    return "scales" if isinstance(scale, tuple) else f"{scale:g}"


def _of_bits(packed: npt.NDArray[Any], dimensions: int | None) -> Numbers:
    bits = np.unpackbits(packed.astype(np.uint8), axis=-1)
    count = dimensions or bits.shape[-1]
    if count > bits.shape[-1]:
        raise ValueError(f"{bits.shape[-1]} bits are fewer than {count} dimensions")
    return bits[..., :count].astype(np.float32) * np.float32(2) - np.float32(1)
