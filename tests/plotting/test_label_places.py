"""Names stand beside their bubbles and touch nothing."""

import numpy as np
import pytest

from sklearn_mmm.plotting._label_places import (
    _box,
    _name_box,
    _touch,
    label_places,
)


@pytest.mark.parametrize("seed", range(5))
def test_no_name_touches_another_or_a_bubble(seed):
    rng = np.random.default_rng(seed)
    n = 30
    x, y, size = rng.uniform(0, 1, n), rng.uniform(0, 1, n), rng.uniform(10, 60, n)
    names = [f"channel_{i}" for i in range(n)]
    sides = label_places(x, y, size, names)
    centres = 300 * np.column_stack([x, y])
    boxes = {
        i: _name_box(centres[i], size[i], names[i], side)
        for i, side in enumerate(sides)
        if side
    }
    assert 3 < len(boxes) < n
    bubbles = [_box(c, d, d) for c, d in zip(centres, size, strict=True)]
    for i, box in boxes.items():
        assert not any(_touch(box, other) for j, other in boxes.items() if j != i)
        assert not any(_touch(box, other) for j, other in enumerate(bubbles) if j != i)


def test_a_bubble_alone_has_its_name_above():
    one = np.array([0.5])
    assert label_places(one, one, np.array([20.0]), ["tv"]) == ["top center"]
    top = np.array([1.0])
    assert label_places(one, top, np.array([20.0]), ["tv"]) == ["bottom center"]


def test_a_name_may_stand_at_a_corner():
    """Of a bubble between four others, as far away as its name is long."""
    away = np.array([0.0, 0.08, -0.08, 0.0, 0.0])
    x, y = 0.5 + away, 0.5 + np.array([0.0, 0.0, 0.0, 0.08, -0.08])
    sides = label_places(x, y, np.full(5, 12.0), ["tv", *["a name of length"] * 4])
    assert sides[0] == "top right"


def test_a_name_without_room_is_left_out():
    at = np.full(9, 0.5)
    sides = label_places(at, at, np.full(9, 20.0), ["name"] * 9)
    assert sides[4:] == [None] * 5
    assert len(set(sides[:4])) == 4
