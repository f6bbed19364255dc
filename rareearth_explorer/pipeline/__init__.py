"""From a scene to a patch table: cut, embed, project."""

from rareearth_explorer.pipeline.embedding import EmbeddingReport, embed_scene
from rareearth_explorer.pipeline.projecting import project_table

__all__ = ["EmbeddingReport", "embed_scene", "project_table"]
