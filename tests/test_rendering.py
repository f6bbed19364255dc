"""Scores to colours, arrays to pictures."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from rareearth_explorer.data.rendering import encode_picture, palette_hex, palette_rgba
from rareearth_explorer.score.contrast import ScoreKind
from rareearth_explorer.score.scale import DIVERGING, SEQUENTIAL, ScoreScale

SCORES = np.linspace(-0.2, 0.6, 200).astype(np.float32)
ALL = np.ones(200, bool)


def test_contrast_is_symmetric_about_zero():
    scale = ScoreScale.of(SCORES, ALL, ScoreKind.CONTRAST)
    assert scale.low == -scale.high
    assert scale.palette == DIVERGING
    assert scale.levels(np.float32([0.0]), ALL[:1]).tolist() == [128]


def test_mean_cosine_spans_what_there_is():
    scale = ScoreScale.of(SCORES, ALL, ScoreKind.POSITIVES)
    assert (scale.low, scale.high) == pytest.approx((-0.192, 0.592))
    assert scale.palette == SEQUENTIAL


def test_levels_rise_with_scores_and_hide_the_rest():
    active = ALL.copy()
    active[3] = False
    levels = ScoreScale.of(SCORES, active, ScoreKind.CONTRAST).levels(SCORES, active)
    assert levels[3] == 0
    assert (levels[active] > 0).all()
    assert (np.diff(levels[active].astype(int)) >= 0).all()
    assert levels[-1] == 255


def test_without_scores_nothing_is_drawn():
    scores = np.full(5, np.nan, np.float32)
    scale = ScoreScale.of(scores, ALL[:5], ScoreKind.NONE)
    assert scale.levels(scores, ALL[:5]).tolist() == [0] * 5


def test_one_score_for_all_is_no_division_by_zero():
    same = np.full(4, 0.5, np.float32)
    for kind in (ScoreKind.CONTRAST, ScoreKind.POSITIVES):
        assert (ScoreScale.of(same, ALL[:4], kind).levels(same, ALL[:4]) > 0).all()


def test_palettes():
    rgba = np.frombuffer(palette_rgba(DIVERGING), np.uint8).reshape(256, 4)
    assert rgba[0, 3] == 0
    assert (rgba[1:, 3] == 255).all()
    blue, red = rgba[1], rgba[255]
    assert blue[2] > blue[0]
    assert red[0] > red[2]
    assert palette_hex(DIVERGING, 3)[0] == "#053061"


def test_pictures_are_webp_with_transparency():
    pixels = np.zeros((8, 6, 4), np.uint8)
    pixels[:4] = 255
    picture = Image.open(io.BytesIO(encode_picture(pixels)))
    assert (picture.format, picture.size, picture.mode) == ("WEBP", (6, 8), "RGBA")
    assert np.asarray(picture)[:, 0, 3].tolist() == [255] * 4 + [0] * 4
