"""What can be wrong with what a person gave us, each as one sentence.

The tree::

    ExplorerError
    ├── SceneError      a raster cannot be used as a scene
    ├── TableError      a file cannot be used as a patch table
    ├── LabelsError     a file cannot be used as labels
    ├── EncoderError    an encoder or its weights cannot be used
    ├── SessionError    a verb makes no sense in the session's present state
    ├── ExportError     a session cannot be exported as that file
    └── CatalogueError  a catalogue has nothing that fits, or cannot be read

Every message is a sentence that names the file, says what is wrong, and what to do. The
command prints it and exits with 2; the app shows it in the status line. Anything else that
is raised is a defect of this program, not of its input.
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
]


class ExplorerError(Exception):
    """Base of every error that is about the user's input rather than about this program."""


class SceneError(ExplorerError):
    """A raster cannot be used as a scene: no CRS, rotated, all nodata, truncated."""


class TableError(ExplorerError):
    """A file cannot be used as a patch table: no embeddings, NaN, mixed sizes."""


class LabelsError(ExplorerError):
    """A file cannot be used as labels: no coordinates, outside the scene, swapped axes."""


class EncoderError(ExplorerError):
    """An encoder or its weights cannot be used, or the scene does not fit the encoder."""


class SessionError(ExplorerError):
    """A verb makes no sense now, such as refining before a template is marked."""


class ExportError(ExplorerError):
    """A session cannot be exported so: an unknown kind of file, a folder that is read-only."""


class CatalogueError(ExplorerError):
    """A catalogue of imagery has nothing that fits, or it or its files cannot be read."""
