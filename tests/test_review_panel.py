"""The review panel: the patch under review, verdicts on it, and what comes next."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from rareearth_explorer.data.scene import open_scene
from rareearth_explorer.data.table import PatchTable
from rareearth_explorer.hunt import Session
from rareearth_explorer.hunt.review_order import RECOMMENDED, Order
from rareearth_explorer.widgets.check_panel import CheckPanel
from rareearth_explorer.widgets.review import ReviewPanel
from rareearth_explorer.widgets.review.in_hand import InHand
from rareearth_explorer.widgets.review.review_panel import NEXT
from rareearth_explorer.widgets.review.review_pictures import CHIP, LARGE, Pictures


@pytest.fixture
def session(small_table: PatchTable) -> Session:
    session = Session(small_table, np.arange(60) % 7 == 0)
    session.mark(0, "positive")
    session.mark(1, "negative")
    return session


@pytest.fixture
def panel(session: Session) -> ReviewPanel:
    panel = ReviewPanel(session)
    panel.begin()
    return panel


def best(session: Session) -> list[int]:
    """Patches without a verdict that are no templates, the best first."""
    seen = {*session.decisions.templates.marked, *session.decisions.verdicts}
    return [int(patch) for patch in session.ranking if int(patch) not in seen]


def test_the_best_is_under_review_and_the_following_are_shown(
    panel: ReviewPanel, session: Session
) -> None:
    first, *following = best(session)
    assert session.under_review == first
    assert panel.patches == following[:NEXT]
    assert [chip["patch"] for chip in panel.sheet.chips] == panel.patches
    assert f"patch {first}" in panel.in_hand.facts.value


def test_begins_in_the_recommended_order_and_says_so(panel: ReviewPanel) -> None:
    assert panel.order.value is RECOMMENDED
    names = {order: name for name, order in panel.order.options}
    assert [o for o, name in names.items() if name.endswith("(recommended)")] == [RECOMMENDED]
    assert "docs/scorers.md" in panel.order.tooltip


def test_verdicts_mark_templates_or_only_judge(panel: ReviewPanel, session: Session) -> None:
    first = session.under_review
    panel.judge("confirmed")
    assert first in session.positives
    panel.marking.value = False
    second = session.under_review
    panel.judge("rejected")
    assert second not in session.negatives
    assert dict(session.decisions.verdicts) == {first: "confirmed", second: "rejected"}


def test_what_follows_is_ranked_anew_after_each_verdict(
    panel: ReviewPanel, session: Session
) -> None:
    for verdict in ("confirmed", "rejected", "confirmed", "rejected"):
        panel.judge(verdict)
        first, *following = best(session)
        assert session.under_review == first
        assert panel.patches == following[:NEXT]
        scores = [f"{patch} · {session.scores[patch]:+.3f}" for patch in panel.patches]
        assert [chip["caption"] for chip in panel.sheet.chips] == scores


def test_discarded_patches_leave_what_follows(panel: ReviewPanel, session: Session) -> None:
    session.refine(float(np.quantile(session.scores, 0.9)))
    assert panel.patches
    assert session.active[panel.patches].all()


def test_an_undone_verdict_brings_its_patch_back(panel: ReviewPanel, session: Session) -> None:
    judged = session.under_review
    panel.judge("rejected")
    assert session.under_review != judged
    session.undo()
    assert session.under_review == judged
    panel.judge("confirmed")
    assert dict(session.decisions.verdicts) == {judged: "confirmed"}


def test_patches_passed_over_come_again_at_the_end(panel: ReviewPanel, session: Session) -> None:
    seen = [session.under_review]
    for _ in range(57):
        panel.step(1)
        seen.append(session.under_review)
    assert len(set(seen)) == 58, "all but the two templates, once each"
    panel.step(1)
    assert session.under_review == seen[0]
    panel.step(1)
    panel.step(-1)
    assert session.under_review == seen[0]


def test_a_click_on_a_picture_takes_its_patch(panel: ReviewPanel, session: Session) -> None:
    wanted = panel.patches[7]
    panel.sheet.place = 7  # what a click in the browser sets
    assert session.under_review == wanted
    assert wanted not in panel.patches
    assert panel.sheet.place == -1


def test_a_patch_chosen_elsewhere_is_the_one_that_is_shown_judged_and_noted(
    panel: ReviewPanel, session: Session
) -> None:
    elsewhere = int(session.ranking[-1])
    session.under_review = elsewhere
    assert f"patch {elsewhere}" in panel.in_hand.facts.value
    assert elsewhere not in panel.patches
    panel.note.value = "seen from the road"
    panel.judge("rejected")
    assert dict(session.decisions.notes) == {elsewhere: "seen from the road"}
    assert dict(session.decisions.verdicts) == {elsewhere: "rejected"}
    assert session.negatives == (1, elsewhere)
    assert session.under_review == best(session)[0]


def test_notes_are_the_sessions(panel: ReviewPanel, session: Session) -> None:
    panel.note.value = "two trucks"
    assert dict(session.decisions.notes) == {session.under_review: "two trucks"}
    panel.step(1)
    assert panel.note.value == ""
    panel.step(-1)
    assert panel.note.value == "two trucks"
    assert len(session.history._past) == 3, "showing a note was a step"


def test_progress_counts_what_is_reviewed(panel: ReviewPanel, session: Session) -> None:
    panel.marking.value = False
    for verdict in ("confirmed", "rejected", "confirmed"):
        panel.judge(verdict)
    assert "<b>3 of 60</b> reviewed, <b>2 mines</b>" in panel.progress.value


def test_without_a_patch_there_is_nothing_to_judge(small_table: PatchTable) -> None:
    session = Session(small_table)
    panel = ReviewPanel(session)
    panel.judge("confirmed")
    assert "No patch is under review" in session.message
    assert all(each.disabled for each in panel.buttons.children)


# The sample of the discarded ----------------------------------------------------------------------


@pytest.fixture
def check(panel: ReviewPanel, session: Session) -> CheckPanel:
    session.refine(float(np.median(session.scores)))

    def review() -> None:
        panel.order.value = Order.AUDIT

    return CheckPanel(session, review)


def test_sample_of_the_discarded_tells_what_was_missed(
    panel: ReviewPanel, check: CheckPanel, session: Session
) -> None:
    check.draw.click()
    assert session.decisions.audit is not None
    sample = session.decisions.audit.sample
    assert (session.under_review, *panel.patches) == sample[: NEXT + 1]
    for verdict in ("rejected", "rejected", "confirmed"):
        panel.judge(verdict)
    assert session.positives == (0,), "a verdict on the sample changed what it measures"
    assert f"<b>3 of {len(sample)}</b> of the sample reviewed" in panel.progress.value
    pile = session.decisions.audit.pile.flags
    true, size = int((session.mines & pile).sum()), int(pile.sum())
    assert f"Mines among {size} discarded patches: about {size / 3:.0f}" in check.estimate.value
    assert f"by the labels, {true}." in check.estimate.value


def test_a_sample_without_discarded_patches_cannot_be_drawn(session: Session) -> None:
    check = CheckPanel(session, lambda: None)
    assert check.draw.disabled
    check.draw_sample()
    assert "No patch is discarded yet" in session.message


def test_after_the_sample_the_selected_can_be_reviewed(
    panel: ReviewPanel, check: CheckPanel, session: Session
) -> None:
    check.draw.click()
    while session.under_review is not None:
        panel.judge("rejected")
    assert "The audit sample is reviewed" in panel.progress.value
    session.select(best(session)[:3])
    panel.turn_to_selected()
    assert {session.under_review, *panel.patches} == set(session.selection)


# Pictures -----------------------------------------------------------------------------------------


def test_pictures_show_the_patch_and_what_lies_around(
    make_geotiff: Callable[..., Path],
) -> None:
    side = 84
    y, x = np.mgrid[: 5 * side, : 5 * side]
    patch = (x // side + 5 * (y // side)) * 100 + 200
    path = make_geotiff(
        np.stack([patch] * 3).astype(np.uint16), descriptions=["blue", "green", "red"]
    )
    with open_scene(path) as scene:
        grid = scene.grid()
        row, column = np.divmod(np.arange(25, dtype=np.int32), 5)
        table = PatchTable.from_arrays(
            np.eye(25, dtype=np.float32), grid.corners(row, column), row=row, column=column
        )
        session = Session(table)
        shown = InHand(session, scene, [])
        session.under_review = 12
        shown.show()
        large, around = decoded(shown.large.value), decoded(shown.around.value)
        assert large.shape[:2] == (LARGE, LARGE)
        assert np.ptp(large[20:-20, 20:-20]) <= 4, "the picture shows more than its patch"
        third = CHIP // 3
        middles = around[third // 2 :: third, third // 2 :: third].reshape(9, -1)
        assert len(np.unique(middles, axis=0)) == 9, "the nine patches around differ"
        assert np.abs(middles[4] - large[LARGE // 2, LARGE // 2]).max() <= 6
        assert Pictures(table, scene, margin=1).of(0, None), "at the edge of the scene"


def decoded(picture: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(picture)).convert("RGB"), int)
