"""Where names stand beside bubbles, so that none touches another."""

from collections.abc import Sequence

import numpy as np

# Pixels of the smallest place in which a figure is shown, and of a letter.
_WIDTH, _HEIGHT = 300.0, 300.0
_LETTER, _LINE, _GAP = 6.6, 14.0, 3.0
_SIGN = {"top": 1, "bottom": -1, "middle": 0, "right": 1, "left": -1, "center": 0}
SIDES = (
    "top center", "bottom center", "middle right", "middle left",
    "top right", "bottom right", "top left", "bottom left",
)  # fmt: skip


def label_places(
    x: np.ndarray, y: np.ndarray, diameter: np.ndarray, names: Sequence[str]
) -> list[str | None]:
    """Return the side of each bubble on which its name is free, None where none is.

    Parameters
    ----------
    x, y : array of shape (n,)
        Centres as shares of the axes, from 0 to 1.
    diameter : array of shape (n,)
        Pixels.
    names : sequence of str
        Bubbles that come first choose first.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_mmm.plotting._label_places import label_places
    >>> at = np.array([0.5, 0.5])
    >>> label_places(at, at, np.array([20.0, 20.0]), ["tv", "radio"])
    ['top center', 'bottom center']
    """
    centres = np.column_stack([x * _WIDTH, y * _HEIGHT])
    bubbles = [_box(c, d, d) for c, d in zip(centres, diameter, strict=True)]
    taken: list[np.ndarray] = []
    out: list[str | None] = []
    for i, name in enumerate(names):
        others = [*taken, *(b for j, b in enumerate(bubbles) if j != i)]
        found = None
        for side in SIDES:
            box = _name_box(centres[i], diameter[i], name, side)
            if _is_inside(box) and not any(_touch(box, other) for other in others):
                found = side
                taken.append(box)
                break
        out.append(found)
    return out


def _name_box(centre: np.ndarray, diameter: float, name: str, side: str) -> np.ndarray:
    width = _LETTER * max(len(name), 1)
    away = diameter / 2 + _GAP
    above, along = side.split()
    half = np.array([width, _LINE]) / 2
    sign = np.array([_SIGN[along], _SIGN[above]])
    return _box(centre + sign * (away + half), width, _LINE)


def _box(centre: np.ndarray, width: float, height: float) -> np.ndarray:
    """Return left, bottom, right and top."""
    half = np.array([width, height]) / 2
    return np.concatenate([centre - half, centre + half])


def _touch(a: np.ndarray, b: np.ndarray) -> bool:
    return bool((a[:2] < b[2:]).all() and (b[:2] < a[2:]).all())


def _is_inside(box: np.ndarray) -> bool:
    return bool((box >= 0).all() and box[2] <= _WIDTH and box[3] <= _HEIGHT)
