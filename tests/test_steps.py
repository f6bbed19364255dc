"""The steps: pure, repeatable from JSON, and the same as a plain model of what they mean."""

from __future__ import annotations

import copy
import itertools
import json

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rareearth_explorer.errors import SessionError
from rareearth_explorer.hunt.decisions import Decisions
from rareearth_explorer.hunt.history import MOVES, History
from rareearth_explorer.hunt.patch_mask import PatchMask
from rareearth_explorer.hunt.steps import STEPS
from rareearth_explorer.hunt.store.format import UNREPEATABLE
from rareearth_explorer.score.scorers import SCORERS

N = 10

# A plain model: dictionaries, copied whole for each step ------------------------------------


class RefusalError(Exception):
    """The model refuses a step."""


number = itertools.count()


def nothing():
    return {
        "signs": {},
        "verdicts": {},
        "notes": {},
        "muted": set(),
        "audit": None,
        "scoring": ("contrast", 1.0),
        "rounds": [{"id": next(number), "threshold": None, "kept": [*range(N)]}],
        "branches": [],
    }


def signed(now, patches, sign):
    for patch in patches:
        if now["signs"].get(patch) != sign:
            now["signs"].pop(patch, None)  # it goes to the end
            now["signs"][patch] = sign
            now["muted"].discard(patch)


def valued(mapping, patches, value):
    for patch in patches:
        mapping.pop(patch, None)
        if value:
            mapping[patch] = value


def model_mark(now, patch, sign):
    signed(now, patch, sign)


def model_unmark(now, patch):
    for each in patch:
        now["signs"].pop(each, None)
        now["muted"].discard(each)


def model_mute(now, patch, muted):
    if patch not in now["signs"]:
        raise RefusalError
    (now["muted"].add if muted else now["muted"].discard)(patch)


def model_score_by(now, scorer, weight):
    now["scoring"] = (scorer or now["scoring"][0], weight)


def model_judge(now, patch, verdict, mark):
    if mark and verdict in ("confirmed", "rejected"):
        signed(now, patch, "positive" if verdict == "confirmed" else "negative")
    valued(now["verdicts"], patch, verdict)


def model_note(now, patch, text):
    valued(now["notes"], [patch], text.strip())


def model_merge(now, said):
    for patch, subject, text in said:
        if subject == "template":
            signed(now, [patch], text.split(",")[0])
            (now["muted"].add if text.endswith(", off") else now["muted"].discard)(patch)
        else:
            now[f"{subject}s"][patch] = text


def model_keep(now, threshold, mask):
    kept = np.flatnonzero(PatchMask.from_text(mask, N).flags).tolist()
    if not kept or not set(kept) <= set(now["rounds"][-1]["kept"]):
        raise RefusalError
    now["rounds"].append({"id": next(number), "threshold": threshold, "kept": kept})


def model_back(now, to):
    if not 0 <= to < len(now["rounds"]) - 1:
        raise RefusalError
    now["branches"].append(copy.deepcopy({**now, "branches": []}))
    del now["rounds"][to + 1 :]


def model_visit(now, branch):
    if not 0 <= branch < len(now["branches"]):
        raise RefusalError
    left = copy.deepcopy({**now, "branches": []})
    tip = now["branches"].pop(branch)
    same = [*tip["signs"].items()], [*left["signs"].items()]
    ordered = [
        [[p for p, s in each if s == sign] for sign in ("positive", "negative")] for each in same
    ]
    if tip["rounds"][: len(left["rounds"])] != left["rounds"] or ordered[0] != ordered[1]:
        now["branches"].append(left)
    for part in ("signs", "rounds", "muted", "scoring"):
        now[part] = copy.deepcopy(tip[part])


def model_audit(now, patches):
    discarded = sorted(set(range(N)) - set(now["rounds"][-1]["kept"]))
    if not set(patches) <= set(discarded):
        raise RefusalError
    judged = {p for p, verdict in now["verdicts"].items() if verdict != "skipped"}
    pile = sorted((set(discarded) - judged) | set(patches))
    now["audit"] = {"sample": patches, "pile": pile, "discarded": discarded}
    valued(now["verdicts"], patches, None)


MODEL = {name.removeprefix("model_"): f for name, f in globals().items() if name[:6] == "model_"}


def plain(now):
    """What both sides are compared by."""
    signs = now["signs"].items()
    return {
        "positives": [p for p, sign in signs if sign == "positive"],
        "negatives": [p for p, sign in signs if sign == "negative"],
        **{part: now[part] for part in ("verdicts", "notes", "muted", "audit", "scoring")},
        "rounds": [(r["threshold"], r["kept"]) for r in now["rounds"]],
        "branches": [plain(branch) for branch in now["branches"]],
    }


def rows(mask):
    return np.flatnonzero(mask.flags).tolist()


def seen(decisions, branches=True):
    """Gather the same of decisions."""
    audit = decisions.audit and {
        "sample": [*decisions.audit.sample],
        "pile": rows(decisions.audit.pile),
        "discarded": rows(decisions.audit.discarded),
    }
    return {
        "positives": [*decisions.templates.positives],
        "negatives": [*decisions.templates.negatives],
        "verdicts": dict(decisions.verdicts),
        "notes": dict(decisions.notes),
        "muted": set(decisions.muted),
        "audit": audit,
        "scoring": (decisions.scoring.scorer, decisions.scoring.weight),
        "rounds": [(r.threshold, rows(r.kept)) for r in decisions.rounds],
        "branches": [seen(b, branches=False) for b in decisions.branches] if branches else [],
    }


# Steps of every kind ------------------------------------------------------------------------

patch = st.integers(0, N - 1)
patches = st.lists(patch, max_size=4)
sign = st.sampled_from(["positive", "negative"])
texts = st.sampled_from(["a", " b ", "", "  "])
subsets = st.lists(st.booleans(), min_size=N, max_size=N)
statement = st.one_of(
    st.tuples(patch, st.just("template"), st.sampled_from(["positive", "negative, off"])),
    st.tuples(patch, st.just("verdict"), st.sampled_from(["confirmed", "rejected", "skipped"])),
    st.tuples(patch, st.just("note"), st.sampled_from(["a", "c"])),
)
STRATEGIES = {
    "mark": {"patch": patches, "sign": sign},
    "unmark": {"patch": patches},
    "mute": {"patch": patch, "muted": st.booleans()},
    "score_by": {
        "scorer": st.sampled_from([*SCORERS, None]),
        "weight": st.sampled_from([0.0, 0.25, 1.0]),
    },
    "judge": {
        "patch": patches,
        "verdict": st.sampled_from(["confirmed", "rejected", "skipped", None]),
        "mark": st.booleans(),
    },
    "note": {"patch": patch, "text": texts},
    "merge": {"said": st.lists(statement, max_size=4, unique_by=lambda said: said[:2])},
    "keep": {
        "threshold": st.floats(-1, 1),
        "mask": subsets.map(lambda flags: PatchMask.of(flags).text()),
    },
    "back": {"to": st.integers(-1, 3)},
    "visit": {"branch": st.integers(-1, 2)},
    "audit": {"patches": st.lists(patch, max_size=4, unique=True)},
}
one_step = st.one_of(
    *(st.tuples(st.just(verb), st.fixed_dictionaries(args)) for verb, args in STRATEGIES.items())
)
several = st.lists(one_step, max_size=25)


def mask_of(*kept):
    return PatchMask.of(np.isin(np.arange(N), kept)).text()


HUNT = [
    ("mark", {"patch": [0, 4], "sign": "positive"}),
    ("mark", {"patch": [1, 3], "sign": "negative"}),
    ("mute", {"patch": 1, "muted": True}),
    ("keep", {"threshold": 0.5, "mask": mask_of(0, 1, 2, 3, 4, 5)}),
    ("judge", {"patch": [4, 1], "verdict": "confirmed", "mark": True}),
    ("judge", {"patch": [7], "verdict": "skipped", "mark": True}),
    ("judge", {"patch": [8], "verdict": "rejected", "mark": False}),
    ("keep", {"threshold": 0.6, "mask": mask_of(0, 2, 5)}),
    ("audit", {"patches": [7, 3, 9]}),
    ("mute", {"patch": 3, "muted": True}),
    ("back", {"to": 1}),
    ("unmark", {"patch": [3, 3, 6]}),
    ("score_by", {"scorer": "kernel-contrast", "weight": 0.25}),
    ("keep", {"threshold": 0.1, "mask": mask_of(0, 1)}),
    ("back", {"to": 0}),
    ("visit", {"branch": 0}),
    ("visit", {"branch": 1}),
    ("merge", {"said": [(3, "template", "negative, off"), (7, "verdict", "rejected")]}),
    ("mark", {"patch": [3], "sign": "positive"}),
    ("note", {"patch": 2, "text": " tracks "}),
]


def test_the_model_and_the_strategies_know_every_step():
    assert MODEL.keys() == STRATEGIES.keys() == STEPS.keys()
    assert {verb for verb, _ in HUNT} == STEPS.keys()
    assert not STEPS.keys() & MOVES.keys()


@given(several)
@example(HUNT)
def test_steps_do_what_the_model_does(steps):
    now, decisions = nothing(), Decisions.none(N)
    for verb, arguments in steps:
        before, earlier, given_ = decisions, seen(decisions), copy.deepcopy(arguments)
        tried = copy.deepcopy(now)
        try:
            MODEL[verb](tried, **arguments)
        except RefusalError:
            with pytest.raises(SessionError):
                STEPS[verb](decisions, **arguments)
        else:
            now, decisions = tried, STEPS[verb](decisions, **arguments)
        assert arguments == given_
        assert seen(before) == earlier  # a step changes nothing in place
        assert seen(decisions) == plain(now)
        if verb != "visit" and seen(decisions) == earlier:
            assert decisions is before


@given(several)
@example(HUNT)
def test_steps_are_repeated_from_json(steps):
    first, again = Decisions.none(N), Decisions.none(N)
    for verb, arguments in steps:
        read = json.loads(json.dumps(arguments))
        try:
            first = STEPS[verb](first, **arguments)
        except SessionError:
            with pytest.raises(SessionError):
                STEPS[verb](again, **read)
        else:
            again = STEPS[verb](again, **read)
    assert seen(first) == seen(again)


@given(several)
@example(HUNT)
def test_what_was_discarded_is_never_in_play_later(steps):
    decisions = Decisions.none(N)
    for verb, arguments in steps:
        try:
            decisions = STEPS[verb](decisions, **arguments)
        except SessionError:
            continue
        for before, after in itertools.pairwise(decisions.rounds):
            assert not (after.active & ~before.active).any()
            assert after.before is not None
            assert after.before.rounds[-1] is before
        assert decisions.muted <= {*decisions.templates.marked}


moves = st.tuples(st.sampled_from(["undo", "redo"]), st.just({}))


@given(st.lists(st.one_of(one_step, moves), max_size=25))
@example([HUNT[0], HUNT[1], ("undo", {}), HUNT[-1], ("redo", {}), ("undo", {}), ("redo", {})])
@example([HUNT[0], ("undo", {}), ("unmark", {"patch": [5]}), ("redo", {})])
def test_history_is_two_stacks(steps):
    history, past, future = History(N), [], []
    for verb, arguments in steps:
        before = history.present
        try:
            history.repeat(verb, arguments)
        except SessionError:
            assert history.present is before
            continue
        if verb == "undo" and past:
            future.append(before)
            assert history.present is past.pop()
        elif verb == "redo" and future:
            past.append(before)
            assert history.present is future.pop()
        elif verb in STEPS and history.present is not before:
            past.append(before)
            future.clear()
        else:
            assert history.present is before
        assert (history.can_undo, history.can_redo) == (bool(past), bool(future))


@pytest.mark.parametrize(("given_", "held"), [(7, 1.0), (-7, -1.0), (0.25, 0.25), ("nan", -1.0)])
def test_a_threshold_stays_within_scores(given_, held):
    history = History(N)
    history.repeat("aim", {"threshold": given_})
    assert history.threshold == held
    assert not history.can_undo


# What is refused ----------------------------------------------------------------------------

WRONG = [
    ("mark", {"patch": N, "sign": "positive"}, "no patch 10"),
    ("mark", {"patch": [1, -1], "sign": "positive"}, "no patch -1"),
    ("mark", {"patch": 1.5, "sign": "positive"}, "row number, not 1.5"),
    ("mark", {"patch": "1", "sign": "positive"}, "row number, not '1'"),
    ("mark", {"patch": 1, "sign": "maybe"}, "'positive' or 'negative'"),
    ("unmark", {"patch": [N]}, "no patch 10"),
    ("mute", {"patch": 2}, "Patch 2 is not a template"),
    ("mute", {"patch": N}, "no patch 10"),
    ("score_by", {"scorer": "oracle"}, "no scorer 'oracle'"),
    ("score_by", {"weight": 1.01}, "from 0 to 1, not 1.01"),
    ("score_by", {"weight": -0.01}, "from 0 to 1"),
    ("score_by", {"weight": float("nan")}, "from 0 to 1"),
    ("judge", {"patch": 1, "verdict": "maybe"}, "not 'maybe'"),
    ("judge", {"patch": N, "verdict": "confirmed"}, "no patch 10"),
    ("note", {"patch": 1, "text": 7}, "A note is text"),
    ("note", {"patch": N, "text": "a"}, "no patch 10"),
    ("merge", {"said": [[1, "note", "fine"], [1, "template", "maybe"]]}, "cannot have"),
    ("merge", {"said": [[1, "verdict", "negative"]]}, "cannot have"),
    ("merge", {"said": [[1, "note", ""]]}, "cannot have"),
    ("merge", {"said": [[1, "colour", "red"]]}, "cannot have"),
    ("merge", {"said": [[N, "note", "a"]]}, "no patch 10"),
    ("keep", {"threshold": 0.0, "rows": [0, 9]}, "earlier round discarded"),
    ("keep", {"threshold": 0.0, "mask": mask_of(0, 9)}, "earlier round discarded"),
    ("keep", {"threshold": 0.0, "rows": [N]}, "no patch 10"),
    ("keep", {"threshold": 0.0, "rows": []}, "at least one patch"),
    ("keep", {"threshold": 0.0, "mask": "rubbish"}, "not a set of"),
    ("keep", {"threshold": 0.0}, "row number"),
    ("back", {"to": 1}, "no earlier round 2; choose one from 1 to 1"),
    ("back", {"to": -1}, "no earlier round 0"),
    ("visit", {"branch": 0}, "no branch 1; there are 0"),
    ("visit", {"branch": -1}, "no branch 0"),
    ("audit", {"patches": [0]}, "discarded patches"),
    ("audit", {"patches": [8, 8]}, "each of them once"),
    ("audit", {"patches": [N]}, "no patch 10"),
]


@pytest.fixture
def begun():
    decisions = STEPS["mark"](Decisions.none(N), patch=[0], sign="positive")
    return STEPS["keep"](decisions, threshold=0.0, rows=[0, 1, 2, 3])


@pytest.mark.parametrize(("verb", "arguments", "said"), WRONG)
def test_wrong_arguments_end_in_a_sentence(begun, verb, arguments, said):
    before = seen(begun)
    with pytest.raises(SessionError, match=said):
        STEPS[verb](begun, **arguments)
    assert seen(begun) == before


def test_in_the_first_round_there_is_none_to_go_back_to():
    with pytest.raises(SessionError, match="This is the first round"):
        STEPS["back"](Decisions.none(N), to=0)


anything = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 12) | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner),
    max_leaves=5,
)


@given(st.data())
def test_damaged_arguments_are_refused_in_a_way_that_a_journal_expects(data):
    decisions = STEPS["keep"](Decisions.none(N), threshold=0.0, rows=[0, 1, 2, 3])
    verb = data.draw(st.sampled_from([*STEPS]))
    arguments = {name: data.draw(anything) for name in STRATEGIES[verb]}
    try:
        after = STEPS[verb](decisions, **arguments)
    except UNREPEATABLE:
        pass
    else:
        assert isinstance(after, Decisions)


def test_a_round_keeps_the_same_by_rows_and_by_mask(begun):
    by_rows = STEPS["keep"](begun, threshold=0.25, rows=[3, 1])
    by_mask = STEPS["keep"](begun, threshold=0.25, mask=mask_of(1, 3))
    assert by_rows.rounds[-1].kept == by_mask.rounds[-1].kept
    assert by_rows.rounds[-1].threshold == 0.25
    assert by_rows.rounds[-1].before is begun


def test_an_audit_whose_round_is_lost_is_refused_and_nothing_after_it_fails():
    """Else there would be more in the sample than in the pile that it was drawn from."""
    with pytest.raises(SessionError, match="discarded patches"):
        STEPS["audit"](Decisions.none(N), patches=[4, 5], pile=6)


def test_a_sample_lies_in_its_pile_also_where_a_step_before_it_is_lost():
    """The line that took the verdict back is damaged: the pile would be smaller than its sample."""
    decisions = Decisions.none(8)
    half = PatchMask.of(np.arange(8) < 4).text()
    decisions = STEPS["keep"](decisions, threshold=0.0, mask=half)
    decisions = STEPS["judge"](decisions, patch=[5], verdict="rejected")
    decisions = STEPS["audit"](decisions, patches=[5, 6])
    assert decisions.audit is not None
    np.testing.assert_array_equal(np.flatnonzero(decisions.audit.pile.flags), [4, 5, 6, 7])
    assert 5 not in decisions.verdicts
