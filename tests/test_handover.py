"""Handing over: the session as a GeoDataFrame, as files that GDAL opens, and as a report."""

from __future__ import annotations

import numpy as np
import pytest

from rareearth_explorer.session import Session


@pytest.fixture
def pools(small_table):
    pools = np.zeros(len(small_table), np.int64)
    pools[[0, 2, 4, 6, 8]] = [1, 2, 3, 1, 4]
    return pools


@pytest.fixture
def session(small_table, pools):
    """Two templates, one refinement, a verdict of each kind, and an unruly note."""
    session = Session(small_table, pools)
    session.mark([0, 4], "positive")
    session.mark(1, "negative")
    session.refine(float(np.median(session.scores)))
    session.judge(2, "confirmed")
    session.judge(6, "rejected")
    session.judge(3, "skipped")
    session.note(6, 'a <b>roof</b>, & "tracks"\nအမည်; $5')
    return session


def test_the_frame_has_a_row_for_each_patch(session, small_table, pools):
    frame = session.to_geodataframe()
    assert frame.crs.to_epsg() == 4326
    assert frame.patch.tolist() == list(range(60))
    assert frame.attrs["score"] == "Cosine Contrast"
    np.testing.assert_array_equal(frame.score, session.scores)
    np.testing.assert_array_equal(frame["rank"], session.state.ranks)
    np.testing.assert_array_equal(frame["round"], 1 + session.active)
    np.testing.assert_array_equal(frame.active, session.active)
    np.testing.assert_array_equal(frame.pools, pools)
    np.testing.assert_array_equal(frame[["lon", "lat"]], small_table.centroids)
    assert frame.geometry.geom_equals(frame.set_geometry(small_table.footprints, crs=4326)).all()


def test_the_frame_tells_what_was_said_of_a_patch_and_nothing_of_the_others(session):
    frame = session.to_geodataframe()
    assert frame.template.dropna().to_dict() == {0: "positive", 1: "negative", 4: "positive"}
    assert frame.verdict.dropna().to_dict() == {2: "confirmed", 3: "skipped", 6: "rejected"}
    assert frame.note.dropna().to_dict() == dict(session.state.opinions.notes)
    assert frame[frame.template == "positive"].patch.tolist() == [0, 4]


def test_the_frame_of_a_fresh_session_has_neither_scores_nor_pools(small_table):
    frame = Session(small_table).to_geodataframe()
    assert "pools" not in frame
    assert frame.score.isna().all()
    assert frame.template.dtype == "string"
    assert frame.attrs["score"] == "no score"


def test_changing_the_frame_leaves_the_session_alone(session):
    before = session.scores.copy()
    frame = session.to_geodataframe()
    frame.loc[:, "score"] = 0
    frame.loc[:, "active"] = True
    np.testing.assert_array_equal(session.scores, before)
    assert not session.active.all()
