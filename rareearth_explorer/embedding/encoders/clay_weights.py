"""Weights files of Clay: reading, checking key by key, identity, writing."""

from __future__ import annotations

import hashlib
import pickle
import zipfile
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from rareearth_explorer.data.storage.replacing import replacing
from rareearth_explorer.errors import EncoderError, first_line

PREFIX = "model.encoder."
"""Prefix of the encoder's keys in a checkpoint; decoder and teacher have other prefixes."""

_DAMAGED = (
    OSError,
    RuntimeError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    AssertionError,
    EOFError,
    OverflowError,
    RecursionError,
    MemoryError,
    zipfile.BadZipFile,
    pickle.UnpicklingError,
    SafetensorError,
)
"""Errors of the readers on damaged files, observed by flipping bytes of a real file, and on crafted
ones."""

MOST_EXPANDED = 10
"""Largest ratio of the content of a compressed checkpoint to its file; weights hardly compress."""

Shape = tuple[int, ...]


def read_weights(path: Path) -> dict[str, Tensor]:
    """Read the encoder's tensors, as float32, from a checkpoint or a safetensors file.

    No code in the file is run: a checkpoint is unpickled with `weights_only=True`. No more memory
    is used than the file has numbers.

    Raises
    ------
    EncoderError
        If the file does not exist, is of another kind, or is damaged.
    """
    try:
        if not path.is_file() and path.exists():
            raise ValueError("it is no regular file")
        content = _read_checkpoint(path) if zipfile.is_zipfile(path) else load_file(path)
        return _encoder_of(content)
    except FileNotFoundError:
        raise EncoderError(f"There is no weights file {path}: check the path.") from None
    except _DAMAGED as error:
        raise EncoderError(
            f"{path} is damaged, incomplete, or neither a Lightning checkpoint nor a safetensors "
            f"file: download it again, whole ({first_line(error)})."
        ) from error


def _encoder_of(content: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Copy the encoder's tensors as float32.

    Raises
    ------
    ValueError
        A tensor does not hold real numbers, or there are more of them than the file has.
    """
    encoder = {
        key.removeprefix(PREFIX): value for key, value in content.items() if key.startswith(PREFIX)
    }
    chosen = encoder or content
    for key, tensor in chosen.items():
        if not tensor.is_floating_point() or tensor.layout != torch.strided:
            raise ValueError(f"its key {key} holds {tensor.dtype}, not real numbers")
    # Strides of 0, or many keys for the same bytes, let a small file be any number of weights.
    stored = {t.untyped_storage().data_ptr(): t.untyped_storage().nbytes() for t in chosen.values()}
    if sum(t.numel() * t.element_size() for t in chosen.values()) > sum(stored.values()):
        raise ValueError("it says more numbers than it has")
    # Copied, so that no tensor depends on a memory map of a file that may change.
    return {key: tensor.to(torch.float32, copy=True) for key, tensor in chosen.items()}


def require_keys(
    weights: Mapping[str, Tensor], shapes: Mapping[str, Shape], path: Path, name: str
) -> None:
    """Require exactly the keys and shapes of an encoder, so that no weight stays random.

    Parameters
    ----------
    weights
        Tensors read from `path`.
    shapes
        Keys and shapes of the encoder `name`.

    Raises
    ------
    EncoderError
        A key is missing, extra, or of another shape; the message names the first such key.
    """
    wrong = [f"the key {key} is missing" for key in shapes if key not in weights]
    wrong += [f"the key {key} is unexpected" for key in weights if key not in shapes]
    wrong += [
        f"the key {key} has the shape {tuple(weights[key].shape)}, not {shape}"
        for key, shape in shapes.items()
        if key in weights and tuple(weights[key].shape) != shape
    ]
    if wrong:
        more = f" (and {len(wrong) - 1} more are wrong)" if len(wrong) > 1 else ""
        raise EncoderError(
            f"{path} does not fit the encoder {name}: {wrong[0]}{more}; give the published "
            "checkpoint, or a conversion of it."
        )


def fingerprint(weights: Mapping[str, Tensor]) -> str:
    """SHA-256 of names, shapes and values, in hex: the same for a checkpoint and its conversion."""
    digest = hashlib.sha256()
    for key in sorted(weights):
        tensor = weights[key].detach().to("cpu", torch.float32).contiguous()
        digest.update(f"{key} {tuple(tensor.shape)}\n".encode())
        digest.update(tensor.numpy().data)
    return digest.hexdigest()


def write_weights(weights: Mapping[str, Tensor], target: Path) -> None:
    """Write a safetensors file; `target` is replaced only when the new file is complete.

    Raises
    ------
    EncoderError
        If it cannot be written.
    """
    try:
        if not target.parent.is_dir():  # probably a typing error, so it is not created
            raise NotADirectoryError(f"there is no folder {target.parent}")
        with replacing(target) as part:
            save_file({key: tensor.contiguous() for key, tensor in weights.items()}, part)
    except (OSError, SafetensorError) as error:
        raise EncoderError(
            f"{target} cannot be written: choose an existing folder with enough space "
            f"({first_line(error)})."
        ) from error


def _read_checkpoint(path: Path) -> dict[str, Tensor]:
    """Read the `state_dict` of a Lightning checkpoint."""
    with zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
    if sum(entry.file_size for entry in entries) > MOST_EXPANDED * path.stat().st_size:
        raise ValueError(f"its content is more than {MOST_EXPANDED} times as large as the file")
    # Mapped, so that decoder and optimiser are not read; compressed files cannot be mapped.
    stored = all(entry.compress_type == zipfile.ZIP_STORED for entry in entries)
    checkpoint = torch.load(path, map_location="cpu", weights_only=True, mmap=stored)
    state: dict[str, Tensor] = checkpoint["state_dict"]
    if not all(isinstance(k, str) and isinstance(v, Tensor) for k, v in state.items()):
        raise ValueError("its state_dict holds more than tensors")
    return state
