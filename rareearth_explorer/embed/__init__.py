"""From a scene to a patch table: cut, embed, project; or from embeddings made elsewhere."""

from rareearth_explorer.embed.embedding import EmbeddingReport, embed_scene
from rareearth_explorer.embed.importing import ImportReport, import_table
from rareearth_explorer.embed.projecting import project_table

__all__ = ["EmbeddingReport", "ImportReport", "embed_scene", "import_table", "project_table"]
