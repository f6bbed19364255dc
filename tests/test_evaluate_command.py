"""`rareearth-explorer evaluate`: every number recomputed with scikit-learn from the file itself."""

from __future__ import annotations

import json

import geopandas as gpd
import numpy as np
import pytest
from planet_grid import THREE_METRES, UTM_47N
from pyproj import CRS
from sklearn import metrics
from sklearn.metrics.pairwise import cosine_similarity

from rareearth_explorer.cli import main
from rareearth_explorer.data.grid import PatchGrid
from rareearth_explorer.data.table import TableWriter

ROWS, COLUMNS, DIM = 18, 20, 6


@pytest.fixture(scope="module")
def labelled(tmp_path_factory):
    """Write a table and the labels of 30 patches, up to 4 pools in each."""
    folder = tmp_path_factory.mktemp("labelled")
    grid = PatchGrid.for_raster(CRS(UTM_47N), THREE_METRES, 84 * COLUMNS, 84 * ROWS)
    row, column = np.divmod(np.arange(ROWS * COLUMNS, dtype=np.int32), COLUMNS)
    rng = np.random.default_rng(3)
    embeddings = rng.random((len(row), DIM), np.float32)
    mined = rng.choice(len(row), 30, replace=False)
    embeddings[mined, :2] += rng.random((30, 2), np.float32)
    table, labels = folder / "table.parquet", folder / "pools.csv"
    with TableWriter(table, DIM, {"grid": grid.to_metadata()}) as writer:
        writer.append(row, column, grid.corners(row, column), embeddings)
    pools = np.repeat(mined, rng.integers(1, 5, 30))
    lonlat = grid.centroids(row, column)[pools]
    labels.write_text("lon,lat\n" + "\n".join(f"{lon},{lat}" for lon, lat in lonlat))
    return table, labels, np.bincount(pools, minlength=len(row))


def evaluate(labelled, folder, *options):
    table, labels, _ = labelled
    out = folder / "numbers.json"
    few = ["--pairs", "25", "--json", str(out)]
    assert main(["evaluate", str(table), "--labels", str(labels), *few, *options]) == 0
    return json.loads(out.read_text())


def cosines(labelled):
    """Cosines of every patch to every patch, by scikit-learn from what GeoPandas reads."""
    rows = np.stack(gpd.read_parquet(labelled[0])["embedding"])
    return cosine_similarity(rows.astype(np.float64))


def contrast(similarity, positives, negatives):
    p, n = similarity[positives].mean(axis=0), similarity[negatives].mean(axis=0)
    return (p - n) / (p + n)


def check(measured, scores, pools, deciding=None):
    """Compare a block of measures with scikit-learn's, on the patches that are scored.

    `deciding` are the scores that thresholds are set on, where they are others.
    """
    mines, deciding = pools > 0, scores if deciding is None else deciding
    precision, recall, _ = metrics.precision_recall_curve(mines, deciding)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
    expected = {
        "auc": metrics.roc_auc_score(mines, scores),
        "average_precision": metrics.average_precision_score(mines, scores),
        "patches_scored": len(mines),
        "mine_patches_scored": mines.sum(),
    }
    assert {k: measured[k] for k in expected} == pytest.approx(expected, abs=1e-6)
    check_decision(measured["at_zero"], mines, deciding >= 0)
    best = measured["at_best_f1"]
    assert best["f1"] == pytest.approx(f1.max(), abs=1e-6)
    check_decision(best, mines, deciding >= best["threshold"] - 1e-6)
    for part, found in measured["found_in_first"].items():
        count = int(np.ceil(float(part.strip("%")) / 100 * len(mines) - 1e-9))
        for name, weight in (("pools", pools), ("mine_patches", mines)):
            assert found[name] == pytest.approx(found_in_first(scores, weight, count), abs=1e-6)


def found_in_first(scores, weight, count):
    """Share of the weight in the first places; tied patches share theirs equally."""
    last = np.sort(scores)[::-1][count - 1]
    above, tied = scores > last, scores == last
    share = (count - above.sum()) / tied.sum()
    return (weight[above].sum() + share * weight[tied].sum()) / weight.sum()


def check_decision(measured, mines, kept):
    expected = {
        "accuracy": metrics.accuracy_score(mines, kept),
        "accuracy_of_no_mine": metrics.accuracy_score(mines, np.zeros_like(mines)),
        "precision": metrics.precision_score(mines, kept, zero_division=0),
        "recall": metrics.recall_score(mines, kept),
        "mines_kept": kept[mines].mean(),
        "patches_gone": (~kept).mean(),
        "f1": metrics.f1_score(mines, kept),
    }
    assert {k: measured[k] for k in expected} == pytest.approx(expected, abs=1e-6)


def without(pools, *templates):
    scored = np.ones(len(pools), bool)
    scored[list(templates)] = False
    return scored


@pytest.mark.slow
@pytest.mark.parametrize("include", [False, True])
def test_every_single_template(labelled, tmp_path, include):
    record = evaluate(labelled, tmp_path, *["--include-templates"] * include)
    similarity, pools = cosines(labelled), labelled[2]
    expected = {}
    for row in np.flatnonzero(pools):
        scored = without(pools, *[] if include else [row])
        expected[row] = metrics.roc_auc_score(pools[scored] > 0, similarity[row][scored])
    measured = record["single_template"]["templates"]
    assert {t["row"]: t["auc"] for t in measured} == pytest.approx(expected, abs=1e-6)
    assert {t["row"]: t["pools"] for t in measured} == {r: pools[r] for r in expected}
    aucs = np.array(list(expected.values()))
    assert record["single_template"]["auc"] == pytest.approx(
        {
            "mean": aucs.mean(),
            "std": aucs.std(),
            "min": aucs.min(),
            "max": aucs.max(),
            "share_below_0.5": (aucs < 0.5).mean(),
        },
        abs=1e-6,
    )
    assert record["protocol"]["templates_scored"] is include


def test_chosen_templates(labelled, tmp_path):
    pools = labelled[2]
    mines, others = np.flatnonzero(pools), np.flatnonzero(pools == 0)
    positives, negatives = mines[:2].tolist(), others[[3, 50]].tolist()
    options = [f"--positive={row}" for row in positives]
    options += [f"--negative={row}" for row in negatives]
    chosen = evaluate(labelled, tmp_path, *options)["chosen"]
    scored = without(pools, *positives, *negatives)
    scores = contrast(cosines(labelled), positives, negatives)
    check(chosen["contrast"], scores[scored], pools[scored])
    assert chosen["score"] == "Cosine Contrast"
    included = evaluate(labelled, tmp_path, *options, "--include-templates")["chosen"]
    check(included["contrast"], scores, pools)


def test_templates_that_the_labels_contradict_are_said(labelled, tmp_path, capsys):
    mines, others = np.flatnonzero(labelled[2]), np.flatnonzero(labelled[2] == 0)
    wrong, right = [others[4], others[9]], [mines[2]]
    options = [f"--positive={row}" for row in [*wrong, mines[0]]]
    options += [f"--negative={row}" for row in [*right, others[0]]]
    chosen = evaluate(labelled, tmp_path, *options)["chosen"]
    assert chosen["positives_without_pool"] == wrong
    assert chosen["negatives_with_pool"] == right
    said = capsys.readouterr().out.splitlines()
    named = f"{wrong[0]}, {wrong[1]}"
    assert f"Given as positive, but these patches hold no labelled pool: {named}." in said
    assert f"Given as negative, but these patches hold a labelled pool: {right[0]}." in said
    evaluate(labelled, tmp_path, f"--positive={mines[0]}", f"--negative={others[0]}")
    assert "Given as" not in capsys.readouterr().out


@pytest.mark.slow
def test_random_pairs_and_their_mean(labelled, tmp_path):
    record, pools = evaluate(labelled, tmp_path)["random_pairs"], labelled[2]
    similarity, aucs = cosines(labelled), []
    for pair in record["pairs"]:
        assert pools[pair["positive"]] > 0
        assert pools[pair["negative"]] == 0
        scored = without(pools, pair["positive"], pair["negative"])
        scores = contrast(similarity, [pair["positive"]], [pair["negative"]])
        aucs.append(metrics.roc_auc_score(pools[scored] > 0, scores[scored]))
        assert pair["auc"] == pytest.approx(aucs[-1], abs=1e-6)
    auc = record["contrast"]["auc"]
    assert len(aucs) == record["count"] == 25
    assert auc["mean"] == pytest.approx(np.mean(aucs), abs=1e-6)
    assert auc["std"] == pytest.approx(np.std(aucs, ddof=1), abs=1e-6)
    margin = 1.96 * np.std(aucs, ddof=1) / 5
    expected = [np.mean(aucs) - margin, np.mean(aucs) + margin]
    assert auc["mean_interval_95"] == pytest.approx(expected, abs=1e-6)
    assert auc["runs_interval_95"] == pytest.approx(np.quantile(aucs, [0.025, 0.975]), abs=1e-6)


@pytest.mark.slow
def test_every_round_of_every_hunt(labelled, tmp_path):
    record, pools = evaluate(labelled, tmp_path), labelled[2]
    similarity = cosines(labelled)
    assert len(record["hunts"]) == record["protocol"]["hunts"]
    assert max(map(len, record["hunts"])) > 1
    for hunt in record["hunts"]:
        active, scores, stayed = np.ones(len(pools), bool), np.zeros(len(pools)), 0
        for measured in hunt:
            positives, negatives = measured["positives"], measured["negatives"]
            active = active & (scores >= 0)
            scores = contrast(similarity, positives, negatives)
            stayed = stayed + active
            assert measured["patches_active"] == active.sum()
            assert all(pools[positives] > 0)
            assert not any(pools[negatives])
            scored = without(pools, *positives, *negatives)
            order = 10 * stayed + scores
            deciding = np.where(active, scores, -2)
            check(measured["contrast"], order[scored], pools[scored], deciding[scored])
    reached = [h[0]["contrast"]["auc"] for h in record["hunts"]]
    assert record["rounds"][0]["contrast"]["auc"]["mean"] == pytest.approx(np.mean(reached))


def test_blocks_held_out(labelled, tmp_path):
    pools = labelled[2]
    row = int(np.flatnonzero(pools)[0])
    record = evaluate(labelled, tmp_path, "--hold-out", "1000", f"--positive={row}")
    assert record["protocol"]["blocks_held_out_m"] == 1000
    scored = record["chosen"]["contrast"]["patches_scored"]
    # A block of 1 km holds about 16 patches of 252 m.
    assert len(pools) - 25 <= scored <= len(pools) - 4


def test_the_papers_figures_stand_apart(labelled, tmp_path):
    record = evaluate(labelled, tmp_path)
    assert record["paper"]["contrast"]["auc"] == 0.95
    assert record["paper"]["contrast"]["at_zero"]["accuracy_of_no_mine"] == pytest.approx(
        0.982, abs=5e-4
    )
    assert record["data"] == {
        "table": str(labelled[0]),
        "scenes": [],
        "encoder": None,
        "synthetic": False,
        "patches": 360,
        "mine_patches": 30,
        "pools": int(labelled[2].sum()),
        "labels": {
            "said": f"{labelled[2].sum()} of {labelled[2].sum()} labels lie in patches",
            "number": int(labelled[2].sum()),
            "outside": 0,
            "left_out": {},
        },
        "accuracy_of_no_mine": pytest.approx(330 / 360),
    }


@pytest.mark.slow
def test_figures_are_drawn_that_the_table_allows(labelled, tmp_path, capsys):
    evaluate(labelled, tmp_path, "--figures", str(tmp_path / "figures"))
    names = {path.name for path in (tmp_path / "figures").iterdir()}
    assert names == {"fig2_contrast_map.png", "fig3b_roc.png", "pools_found.png"}
    printed = capsys.readouterr().out
    assert "360 patches, 30 with a mine" in printed
    assert "accuracy of 'no mine' everywhere" in printed


@pytest.mark.parametrize(
    ("options", "what"),
    [
        (["--positive", "360"], "no row 360; rows are numbered 0 to 359"),
        (["--positive", "3", "--negative", "3"], "positive and as negative"),
        (["--positive", "3", "--positive", "3"], "Row 3 is given twice"),
        (["--pairs", "1"], "2 or more"),
        (["--hold-out", "0"], "above 0"),
        (["--hold-out", "1e6"], "smaller blocks"),
        (["--json", "/dev/null/at/all.json"], "choose another place"),
    ],
)
def test_bad_options_end_in_one_sentence(labelled, options, what, capsys):
    table, labels, _ = labelled
    command = ["evaluate", str(table), "--labels", str(labels), "--pairs", "5", *options]
    assert main(command) == 2
    told = capsys.readouterr().err
    assert what in told
    assert told.count("\n") == 1


def test_labels_are_not_written_over(labelled, capsys):
    table, labels, _ = labelled
    before = labels.read_bytes()
    command = ["evaluate", str(table), "--labels", str(labels), "--json", str(labels)]
    assert main(command) == 2
    assert "this is one of the files that are read" in capsys.readouterr().err
    assert labels.read_bytes() == before


def test_labels_that_are_too_few(labelled, tmp_path, capsys):
    table, labels, _ = labelled
    one = tmp_path / "one.csv"
    one.write_text("\n".join(labels.read_text().splitlines()[:2]))
    assert main(["evaluate", str(table), "--labels", str(one)]) == 2
    assert "1 of 360 patches have a label" in capsys.readouterr().err
