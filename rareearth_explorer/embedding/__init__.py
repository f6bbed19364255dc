"""From a scene to a patch table: cut, embed, add a UMAP; or import embeddings of other tools."""

from rareearth_explorer.embedding.embed_files import embed
from rareearth_explorer.embedding.importing import ImportReport, import_table
from rareearth_explorer.embedding.importing_pixels import import_pixels
from rareearth_explorer.embedding.projecting import project_if_missing, project_table
from rareearth_explorer.embedding.scene_embedding import EmbeddingReport, embed_scene

__all__ = [
    "EmbeddingReport",
    "ImportReport",
    "embed",
    "embed_scene",
    "import_pixels",
    "import_table",
    "project_if_missing",
    "project_table",
]
