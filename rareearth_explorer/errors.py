"""Exceptions for faults in the user's input; each message is one sentence.

The tree::

    ExplorerError
    ├── SceneError      a raster cannot be used as a scene
    ├── TableError      a file cannot be used as a patch table
    ├── LabelsError     a file cannot be used as labels
    ├── EncoderError    an encoder or its weights cannot be used
    ├── SessionError    an action is not possible in the present state of the session
    ├── ExportError     a session cannot be exported to that file
    └── CatalogueError  a STAC catalogue has no matching imagery, or cannot be read

Every message is a sentence that names the file, says what is wrong, and what to do. The
command prints it and exits with 2; the app shows it in the status line. Any other
exception is a defect of this program, not of its input.
"""

__all__ = [
    "CatalogueError",
    "EncoderError",
    "ExplorerError",
    "ExportError",
    "LabelsError",
    "SceneError",
    "SessionError",
    "TableError",
    "first_line",
]


class ExplorerError(Exception):
    """Base of all errors in the user's input, as opposed to defects of this program."""


class SceneError(ExplorerError):
    """A raster cannot be used as a scene: no CRS, rotated, all nodata, truncated."""


class TableError(ExplorerError):
    """A file cannot be used as a patch table: no embeddings, NaN, mixed sizes."""


class LabelsError(ExplorerError):
    """A file cannot be used as labels: no coordinates, outside the scene, swapped axes."""


class EncoderError(ExplorerError):
    """An encoder or its weights cannot be used, or the scene does not fit the encoder."""


class SessionError(ExplorerError):
    """An action is not possible now, such as refining before a template is marked."""


class ExportError(ExplorerError):
    """A session cannot be exported: unknown file format, read-only folder."""


class CatalogueError(ExplorerError):
    """A STAC catalogue has no matching imagery, or it or its files cannot be read."""


def first_line(fault: BaseException, most: int = 120) -> str:
    r"""First line of what a library says, short enough to be quoted in a sentence.

    Parameters
    ----------
    fault
        Any exception; its name stands for it where it says nothing.
    most
        Longest line in characters; what is longer ends in an ellipsis.

    Examples
    --------
    >>> first_line(ValueError("no such column.\n  in line 3")), first_line(MemoryError())
    ('no such column', 'MemoryError')
    """
    lines = str(fault).strip().splitlines()
    line = lines[0].rstrip(". ") if lines else ""
    if not line:
        return type(fault).__name__
    return line if len(line) <= most else f"{line[:most]}…"
