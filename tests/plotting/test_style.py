import re
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

import sklearn_mmm
from sklearn_mmm.inspection import channels_by_size
from sklearn_mmm.plotting import channel_colours
from sklearn_mmm.plotting._style import (
    OTHER,
    PALETTE,
    THEMES,
    change_in_words,
    fade,
    label_axis,
    number,
    percent,
    short,
    text,
)

# Machado, Oliveira & Fernandes (2009), severity 1, on linear RGB.
VISION = {
    "normal": np.eye(3),
    "protan": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deutan": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritan": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
TO_XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)


def linear(colour):
    parts = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)


def lab(rgb):
    xyz = TO_XYZ @ np.clip(rgb, 0, 1) / TO_XYZ.sum(axis=1)
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def contrast(a, b):
    low, high = sorted(float(TO_XYZ[1] @ linear(c)) for c in (a, b))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("vision", VISION)
def test_hues_stay_apart(vision):
    seen = [lab(np.array(VISION[vision]) @ linear(colour)) for colour in PALETTE]
    assert min(np.linalg.norm(a - b) for a, b in combinations(seen, 2)) > 15


@pytest.mark.parametrize("theme", THEMES)
def test_colours_can_be_seen_on_their_paper(theme):
    page = THEMES[theme]["page"]
    for colour in PALETTE:
        assert contrast(colour, page["paper"]) > 2.2
    for name in ("ink", "muted", "accent"):
        assert contrast(page[name], page["paper"]) > 4.5
        assert contrast(page[name], page["ground"]) > 4.5
    assert contrast(page["caution"], page["caution-soft"]) > 4.5
    assert contrast(page["ink"], page["caution-soft"]) > 4.5


def test_both_themes_replace_the_same_neutrals():
    light, dark = (THEMES[name]["colours"] for name in ("light", "dark"))
    assert set(light) <= set(dark)
    assert not set(dark) & set(PALETTE)


def test_colours_are_constants_of_the_style_alone():
    root = Path(sklearn_mmm.__file__).parent
    files = [*root.rglob("*.py"), *root.rglob("*.css"), *root.rglob("*.js")]
    for path in files:
        if path.name != "_style.py" and path.parent.name != "plotly":
            found = re.findall(r"#[0-9a-fA-F]{3,8}\b(?!;)", path.read_text("utf-8"))
            assert not found, path


def test_a_channel_keeps_its_colour(fitted):
    hues = channel_colours(fitted)
    assert list(hues) == channels_by_size(fitted)
    assert list(hues.values()) == list(PALETTE[: len(hues)])
    many = channel_colours([f"c{i}" for i in range(30)])
    assert len(set(list(many.values())[:8])) == 8
    assert set(list(many.values())[8:]) == {OTHER}


def test_text_is_not_read_as_markup():
    assert text("<b>&") == "&lt;b&gt;&amp;"
    assert text("%{x} $a$") == "&#37;{x} &#36;a&#36;"
    assert text('it\'s "quoted"') == 'it\'s "quoted"'
    assert short("<script>" * 9, 10) == "&lt;script&gt;&lt;…"
    assert short("two\nlines") == "two lines"


def test_labels_stand_at_positions():
    axis = label_axis(["2021-01-01", "12", "a" * 40, "a" * 41])
    assert axis["tickvals"] == [0, 1, 2, 3]
    assert axis["range"][0] > axis["range"][1]  # the first is at the top


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1234.56, "1,235"),
        (12.345, "12.3"),
        (4.567e6, "4.57 m"),
        (-2e9, "-2 bn"),
        (0.0, "0"),
        (np.nan, "–"),
    ],
)
def test_numbers_in_words(value, expected):
    assert number(value) == expected


def test_shares_in_words():
    assert [percent(v) for v in (0.5, 0.034, -1e-9, np.nan)] == [
        "50 %",
        "3.4 %",
        "0.0 %",
        "–",
    ]
    assert change_in_words(2, 3) == "+50 %"
    assert change_in_words(0, 3) == "new"
    assert change_in_words(0, 0) == "–"
    assert fade("#102030", 0.5) == "rgba(16,32,48,0.5)"
