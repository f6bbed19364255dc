"""From a scene to a patch table: cut, embed, project; or from embeddings made elsewhere."""

from rareearth_explorer.embedding.importing import ImportReport, import_table
from rareearth_explorer.embedding.projecting import project_table
from rareearth_explorer.embedding.scene_embedding import EmbeddingReport, embed_scene

__all__ = ["EmbeddingReport", "ImportReport", "embed_scene", "import_table", "project_table"]
