"""`embed` takes one path or several, and an encoder by its name or as an object."""

from __future__ import annotations

import numpy as np
import pyarrow.parquet as pq
import pytest
from fake_encoders import Means

from rareearth_explorer import embed, open_table
from rareearth_explorer.cli import main
from rareearth_explorer.embedding.encoders import ClayOptions
from rareearth_explorer.errors import EncoderError, ExplorerError, SceneError

QUICK = {"progress": False, "projection": False}


@pytest.fixture
def scene(make_geotiff):
    pixels = np.random.default_rng(5).integers(200, 4000, (4, 180, 180), dtype=np.uint16)
    return make_geotiff(pixels)


@pytest.mark.parametrize("given", [str, lambda path: path, lambda path: [str(path)]])
def test_one_path_or_several_as_text_or_as_paths(scene, tmp_path, given):
    report = embed(given(scene), str(tmp_path / "table.parquet"), **QUICK)
    assert report.table == tmp_path / "table.parquet"
    assert (report.patches, len(open_table(report.table))) == (4, 4)


@pytest.mark.slow
def test_the_command_writes_the_same_table(scene, tmp_path):
    embed(scene, tmp_path / "called.parquet", patch_size=100, batch=3, **QUICK)
    options = ["--patch-size", "100", "--batch", "3", "--no-projection"]
    assert main(["embed", str(scene), "-o", str(tmp_path / "typed.parquet"), *options]) == 0
    called, typed = (pq.read_table(tmp_path / f"{name}.parquet") for name in ("called", "typed"))
    assert called.equals(typed, check_metadata=True)


def test_a_folder_as_planet_delivers_it_with_its_masks(make_geotiff, tmp_path):
    item = "20220307_034030_1_2475_3B"
    pixels = np.random.default_rng(5).integers(200, 4000, (8, 180, 180), dtype=np.uint16)
    make_geotiff(pixels, f"{item}_AnalyticMS_SR_8b.tif")
    clear = np.ones((8, 180, 180), np.uint8)
    clear[0, :90] = 0
    mask = make_geotiff(clear, f"{item}_udm2.tif")
    out = tmp_path / "out"
    assert embed(tmp_path, out / "masked.parquet", **QUICK).patches == 2
    assert embed(tmp_path, out / "given.parquet", udm2=str(mask), **QUICK).patches == 2
    assert embed(tmp_path, out / "all.parquet", udm2="none", **QUICK).patches == 4


def test_an_encoder_of_ones_own(scene, tmp_path):
    table = open_table(embed(scene, tmp_path / "table.parquet", Means(), **QUICK).table)
    assert table.metadata["encoder"]["name"] == "means"
    assert table.dim == Means().dim


class Taciturn(Means):
    """An encoder that does not tell its length beside what its numbers depend on."""

    def describe(self):
        return {"name": "taciturn"}


def test_an_encoder_need_not_repeat_how_long_its_embeddings_are(scene, tmp_path):
    table = open_table(embed(scene, tmp_path / "table.parquet", Taciturn(), **QUICK).table)
    assert table.metadata["encoder"] == {"name": "taciturn", "dim": table.dim}


@pytest.mark.parametrize("option", [{"weights": "w.ckpt"}, {"clay": ClayOptions()}])
def test_an_encoder_of_ones_own_takes_no_options_of_others(scene, tmp_path, option):
    with pytest.raises(
        EncoderError, match=r"scene\.tif: means is an encoder object, so it takes neither"
    ):
        embed(scene, tmp_path / "table.parquet", Means(), **option, **QUICK)


@pytest.mark.slow
def test_a_projection_is_added_unless_there_is_one(scene, tmp_path):
    out = tmp_path / "table.parquet"
    embed(scene, out, **QUICK)
    assert open_table(out).umap is None
    embed(scene, out, progress=False)
    projected = out.stat().st_mtime_ns
    assert open_table(out).umap is not None
    embed(scene, out, progress=False)
    assert out.stat().st_mtime_ns == projected


def test_nothing_is_said_to_be_nothing(tmp_path):
    with pytest.raises(SceneError, match="nothing to embed; give at least one image"):
        embed([], tmp_path / "table.parquet")


def test_masks_that_are_too_few_are_said(scene, tmp_path):
    with pytest.raises(SceneError, match=r"scene\.tif: the masks are 0 and the scenes 1"):
        embed(scene, tmp_path / "table.parquet", udm2=[], **QUICK)


@pytest.mark.parametrize(
    ("name", "words"),
    [("scene.tif", "one of the files that are read"), ("table.csv", "name must end in")],
)
def test_what_is_written_is_a_table_and_no_file_that_is_read(scene, tmp_path, name, words):
    before = scene.read_bytes()
    with pytest.raises(ExplorerError, match=words):
        embed(scene, tmp_path / name, **QUICK)
    assert scene.read_bytes() == before
