"""What became mine-like between two dates: the patches that changed, and nothing that drifted."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
from fake_encoders import tiny_clay
from planet_grid import THREE_METRES, UTM_47N
from pyproj import CRS

from rareearth_explorer.change.comparison import ENCODER_FACTS, Comparison, find_session_of
from rareearth_explorer.cli import main
from rareearth_explorer.data.grid import PatchGrid
from rareearth_explorer.data.table import TableWriter, open_table
from rareearth_explorer.embedding import import_table
from rareearth_explorer.embedding.encoders.random_features import RandomFeatures
from rareearth_explorer.errors import SessionError, TableError
from rareearth_explorer.hunt import Session
from rareearth_explorer.hunt.store.journal import Journal
from rareearth_explorer.score.contrast import cosine_contrast

ROWS, COLUMNS, DIM = 12, 15, 8
NEW = (40, 77, 103)
ENCODER = {"name": "fake", "dim": DIM, "bands": ["red"], "seed": 0}


def write_table(path, embeddings, day, *, rows=ROWS, left_out=(), **metadata):
    grid = PatchGrid.for_raster(CRS(UTM_47N), THREE_METRES, 84 * COLUMNS, 84 * rows)
    row, column = np.divmod(np.arange(rows * COLUMNS, dtype=np.int32), COLUMNS)
    kept = np.setdiff1d(np.arange(rows * COLUMNS), left_out)
    scenes = [{"name": f"{day}.tif", "time": f"{day}T04:00:00+00:00"}]
    recorded = {"grid": grid.to_metadata(), "encoder": ENCODER, "scenes": scenes} | metadata
    with TableWriter(path, embeddings.shape[1], recorded) as writer:
        corners = grid.corners(row[kept], column[kept])
        writer.append(row[kept], column[kept], corners, embeddings[kept].astype(np.float32))
    return open_table(path)


@pytest.fixture
def embeddings():
    """Two dates of the same ground: three patches turn into mines, all drift a little."""
    rng = np.random.default_rng(5)
    first = 1 + 0.1 * rng.random((ROWS * COLUMNS, DIM))
    first[:10, :3] += 2
    second = first + 0.01 * rng.random(first.shape)
    second[:, 5] += 0.15
    second[list(NEW), :3] += 2
    return first, second


@pytest.fixture
def tables(tmp_path, embeddings):
    first, second = embeddings
    return (
        write_table(tmp_path / "march.parquet", first, "2022-03-07"),
        write_table(tmp_path / "april.parquet", second, "2022-04-09", left_out=[3, 100]),
    )


def hunt(table, positives, negatives, name="hunt"):
    session, journal = Session(table), Journal.named(table, name)
    journal.attach(session)
    session.mark(positives, "positive")
    session.mark(negatives, "negative")
    return journal.path


def test_what_turned_into_a_mine_is_found(tables):
    compared = Comparison.of(*tables, hunt(tables[0], [0, 1], [50, 51]))
    frame = compared.to_geodataframe()
    assert sorted(frame.patch) == sorted(NEW)
    assert len(compared.rows) == ROWS * COLUMNS - 2
    assert (frame.rise.diff().dropna() <= 0).all()
    assert set(frame.date_before) == {"2022-03-07"}
    assert set(frame.date_after) == {"2022-04-09"}
    np.testing.assert_allclose(
        tables[1].centroids[frame.patch_later], frame[["lon", "lat"]], atol=1e-9
    )


def test_both_dates_are_scored_by_the_same_templates(tables):
    compared = Comparison.of(*tables, hunt(tables[0], [0, 1], [50, 51]))
    both = np.concatenate([table.embeddings for table in tables])
    scores = cosine_contrast(both, [0, 1], [50, 51])
    np.testing.assert_allclose(compared.before, scores[compared.rows[:, 0]], atol=1e-6)
    np.testing.assert_allclose(
        compared.after, scores[len(tables[0]) + compared.rows[:, 1]], atol=1e-6
    )
    assert compared.score == "Cosine Contrast"


def test_the_order_of_the_tables_does_not_matter(tables):
    session = hunt(tables[0], [0, 1], [50, 51])
    one, other = Comparison.of(*tables, session), Comparison.of(*tables[::-1], session)
    assert one.dates == other.dates
    np.testing.assert_array_equal(one.became, other.became)


def test_a_session_about_the_later_table_serves_too(tables):
    compared = Comparison.of(*tables, hunt(tables[1], [0, 1], [50, 51]))
    assert compared.on_later
    assert sorted(compared.to_geodataframe().patch) == sorted(NEW)


def test_nothing_is_found_where_nothing_changed(tmp_path, embeddings):
    first, _ = embeddings
    drifted = first + 0.01 * np.random.default_rng(6).random(first.shape)
    drifted[:, 5] += 0.5
    tables = (
        write_table(tmp_path / "a.parquet", first, "2022-03-07"),
        write_table(tmp_path / "b.parquet", drifted, "2022-04-09"),
    )
    compared = Comparison.of(*tables, hunt(tables[0], [0, 1], [50, 51]))
    assert len(compared.became) == 0
    assert compared.drift != 0
    assert compared.to_geodataframe().empty


def test_a_scene_with_fewer_rows_is_on_the_same_grid(tmp_path, tables, embeddings):
    shorter = write_table(
        tmp_path / "short.parquet", embeddings[1][: 10 * COLUMNS], "2022-04-16", rows=10
    )
    compared = Comparison.of(tables[0], shorter, hunt(tables[0], [0], [50]))
    assert len(compared.rows) == 10 * COLUMNS


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"encoder": ENCODER | {"name": "other"}}, "its encoder differs"),
        ({"scenes": [{"name": "x", "time": "2022-03-07T04:00:00+00:00"}]}, "tables of two dates"),
    ],
)
def test_tables_that_do_not_fit_are_refused(tmp_path, tables, embeddings, change, said):
    other = write_table(tmp_path / "other.parquet", embeddings[1], "2022-04-09", **change)
    with pytest.raises(TableError, match=said):
        Comparison.of(tables[0], other, hunt(tables[0], [0], [50]))


OTHER = {
    "name": "other", "weights_sha256": "0" * 64, "seed": 1, "bands": ["red"], "sensor": "other",
    "wavelengths": [0.5], "gsd": 5.0, "normalisation": {"source": "elsewhere"},
    "metadata": False, "padding": "reflect", "dtype": "bfloat16",
}  # fmt: skip


@pytest.fixture(scope="module")
def described():
    """What real encoders tell of themselves, Clay and random features."""
    pytest.importorskip("torch", reason="needs torch: pip install .[clay]")
    return [tiny_clay().describe(), RandomFeatures(["red", "nir"], [1, 1], [1, 1], 3.0).describe()]


def compare_encoders(folder, embeddings, first, second):
    tables = [
        write_table(folder / f"{day}.parquet", pixels, day, encoder=encoder)
        for pixels, day, encoder in zip(
            embeddings, ("2022-03-07", "2022-04-09"), (first, second), strict=True
        )
    ]
    return Comparison.of(*tables, hunt(tables[0], [0], [50]))


@pytest.mark.parametrize("fact", ENCODER_FACTS)
def test_encoders_that_differ_in_a_fact_are_refused(tmp_path, embeddings, described, fact):
    encoder = next(each for each in described if fact in each)
    with pytest.raises(TableError, match=rf"its encoder differs .*\({fact}: "):
        compare_encoders(tmp_path, embeddings, encoder, encoder | {fact: OTHER[fact]})


def test_another_machine_or_haze_is_no_other_encoder(tmp_path, embeddings, described):
    for encoder in described:
        hazy = encoder["normalisation"] | {"means": [1.5]}
        elsewhere = {"normalisation": hazy, "device": "cuda", "torch": "9"}
        elsewhere["gsd"] = encoder["gsd"] + 1e-6
        assert compare_encoders(tmp_path, embeddings, encoder, encoder | elsewhere)


def test_another_grid_is_refused(tmp_path, tables, embeddings):
    grid = tables[0].grid.to_metadata()
    grid["transform"] = [3, 0, grid["transform"][2] + 30, *grid["transform"][3:]]
    moved = write_table(tmp_path / "moved.parquet", embeddings[1], "2022-04-09", grid=grid)
    with pytest.raises(TableError, match="not on the grid of"):
        Comparison.of(tables[0], moved, hunt(tables[0], [0], [50]))


def test_a_session_about_another_table_is_refused(tmp_path, tables, embeddings):
    other = write_table(tmp_path / "other.parquet", embeddings[0][::-1], "2022-05-01")
    with pytest.raises(SessionError, match="about neither"):
        Comparison.of(*tables, hunt(other, [0], [50]))
    with pytest.raises(SessionError, match="no saved session"):
        find_session_of("nonsense", *tables)


def test_a_session_that_both_tables_have_is_not_chosen_silently(tables, capsys):
    paths = [hunt(table, [0], [50], name="default") for table in tables]
    command = ["compare", *(str(table.path) for table in tables)]
    assert main([*command, "--session", "default"]) == 2
    said = capsys.readouterr().err
    assert all(str(path) in said for path in paths)
    assert main([*command, "--session", str(paths[1])]) == 0


def test_the_default_threshold_is_of_the_patches_in_both_tables(tmp_path, tables, embeddings):
    short = write_table(
        tmp_path / "short.parquet", embeddings[1][: 4 * COLUMNS], "2022-04-16", rows=4
    )
    compared = Comparison.of(tables[0], short, hunt(tables[0], [0, 1], [50, 51]))
    assert len(compared.before) == 4 * COLUMNS
    assert compared.threshold == pytest.approx(np.quantile(compared.before, 0.9))


def test_a_session_without_templates_is_refused(tables):
    path = hunt(tables[0], [], [])
    with pytest.raises(SessionError, match="it has no template"):
        Comparison.of(*tables, path)


@pytest.mark.parametrize("suffix", [".geojson", ".csv"])
def test_the_command_lists_what_is_new(tables, tmp_path, capsys, suffix):
    hunt(tables[0], [0, 1], [50, 51], name="my hunt")
    out = tmp_path / f"new{suffix}"
    command = ["compare", str(tables[1].path), str(tables[0].path), "--session", "my hunt"]
    assert main([*command, "-o", str(out)]) == 0
    said = capsys.readouterr().out
    assert "178 patches are in both tables, of 2022-03-07 and 2022-04-09" in said
    assert "3 became mine-like" in said
    if suffix == ".csv":
        listed = [line.split(",")[1] for line in out.read_text().splitlines()[1:]]
    else:
        features = json.loads(out.read_text())["features"]
        listed = [each["properties"]["patch"] for each in features]
    assert sorted(map(int, listed)) == sorted(NEW)


def test_a_table_is_not_written_over(tables, tmp_path, capsys):
    hunt(tables[0], [0, 1], [50, 51], name="my hunt")
    (tmp_path / "link.csv").symlink_to(tables[1].path)
    command = ["compare", *(str(table.path) for table in tables), "--session", "my hunt"]
    assert main([*command, "-o", str(tmp_path / "link.csv")]) == 2
    assert "link.csv: this is one of the files that are read" in capsys.readouterr().err
    assert (tmp_path / "link.csv").is_symlink()


@pytest.mark.parametrize(
    ("options", "said"),
    [(["-o", "new.xlsx"], "ends in .geojson or .csv"), (["--top", "0"], "give 1 or more")],
)
def test_options_that_cannot_be_meant_are_refused(tables, capsys, options, said):
    command = ["compare", *(str(table.path) for table in tables), "--session", "hunt", *options]
    assert main(command) == 2
    assert said in capsys.readouterr().err


# Tables without a patch grid ----------------------------------------------------------------------


def imported(path, embeddings, day, *, shift=0.0, order=slice(None)):
    """Import a table of others of the same patches; it has no grid."""
    grid = PatchGrid.for_raster(CRS(UTM_47N), THREE_METRES, 84 * COLUMNS, 84 * ROWS)
    row, column = np.divmod(np.arange(ROWS * COLUMNS, dtype=np.int32), COLUMNS)
    corners = grid.corners(row, column)
    corners = corners + shift * np.ptp(corners[0, :, 0])
    columns = {
        "id": [f"p{number}" for number in np.arange(len(corners))[order]],
        "datetime": [f"{day}T04:00:00"] * len(corners),
        "embedding": [*embeddings[order].astype(np.float32)],
        "geometry": [*shapely.to_wkb(shapely.polygons(corners[order]))],
    }
    theirs = path.with_name(f"theirs_{path.name}")
    pq.write_table(pa.table(columns), theirs)
    return open_table(import_table(theirs, path).table)


@pytest.fixture
def gridless(tmp_path, embeddings):
    backward = slice(None, None, -1)
    return (
        imported(tmp_path / "first.parquet", embeddings[0], "2024-06-15"),
        imported(tmp_path / "second.parquet", embeddings[1], "2025-06-15", order=backward),
    )


def test_tables_without_a_grid_match_by_footprint(gridless):
    compared = Comparison.of(*gridless[::-1], hunt(gridless[0], [0, 1], [50, 51]))
    frame = compared.to_geodataframe()
    assert sorted(frame.patch) == sorted(NEW)
    assert (frame.patch_later == ROWS * COLUMNS - 1 - frame.patch).all()
    assert set(frame.date_before) == {"2024-06-15"}


def test_one_grid_is_enough_to_match_by_footprint(gridless, embeddings, tmp_path):
    ours = write_table(tmp_path / "ours.parquet", embeddings[1], "2025-06-15", encoder={})
    compared = Comparison.of(gridless[0], ours, hunt(gridless[0], [0, 1], [50, 51]))
    assert len(compared.rows) == ROWS * COLUMNS


@pytest.mark.parametrize(("shift", "shared"), [(0.02, True), (0.1, False), (0.5, False)])
def test_shifted_footprints_do_not_match(gridless, embeddings, tmp_path, shift, shared):
    later = imported(tmp_path / "third.parquet", embeddings[1], "2025-06-15", shift=shift)
    session = hunt(gridless[0], [0, 1], [50, 51])
    if shared:
        assert len(Comparison.of(gridless[0], later, session).rows) == ROWS * COLUMNS
        return
    with pytest.raises(TableError, match=r"shares no patch with .*; use one area, and patches at"):
        Comparison.of(gridless[0], later, session)


def test_several_rows_at_one_place_are_refused(gridless, embeddings, tmp_path):
    parts = [pq.read_table(tmp_path / f"theirs_{name}.parquet") for name in ("first", "second")]
    pq.write_table(pa.concat_tables(parts), tmp_path / "both.parquet")
    both = open_table(import_table(tmp_path / "both.parquet", tmp_path / "t.parquet").table)
    with pytest.raises(TableError, match="several patches at one place; import one date"):
        Comparison.of(gridless[0], both, hunt(gridless[0], [0, 1], [50, 51]))


def test_a_table_of_unknown_date_keeps_its_place(gridless, embeddings, tmp_path):
    later = imported(tmp_path / "third.parquet", embeddings[1], "season")
    compared = Comparison.of(gridless[0], later, hunt(gridless[0], [0, 1], [50, 51]))
    assert compared.dates[0] is not None
    assert compared.dates[1] is None
    assert compared.later is later
