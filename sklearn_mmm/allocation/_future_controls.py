"""What controls are assumed to be in time steps that do not exist yet."""

from collections.abc import Mapping
from numbers import Real
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from sklearn_mmm.allocation._past import Past, as_pandas, key_texts, with_keys

# Origins in the past from which the two rules are tried out.
_MOST_ORIGINS = 26
_FEWEST_ORIGINS = 4
_RULES = ("seasonal", "last")


class Assumption(NamedTuple):
    """A column's assumed course.

    Attributes
    ----------
    rule : {"seasonal", "last", "none", "given"}
        As a year before, the region's last value, no event, or what the user says.
    values : ndarray of shape (n_steps, n_regions)
    error : ndarray of shape (n_errors,)
        By how much the mean over as many steps was missed in the past; empty for
        columns that are no numbers or were given.
    """

    rule: str
    values: np.ndarray
    error: np.ndarray

    @property
    def known(self) -> bool:
        """Whether the column has any values at all."""
        return not pd.isna(self.values).all()


def assume(
    wide: np.ndarray, n_steps: int, year: int | None, rule: str | None = None
) -> Assumption:
    """Continue a column by the rule that has served better in the past.

    From origins in the past, the value of a year before and the last value are
    compared by their mean absolute error (by how often they are wrong, for texts).
    Less than a year of rows leaves the last value.

    Parameters
    ----------
    wide : ndarray of shape (n_past_steps, n_regions)
        NaN or None where there is no row.
    n_steps : int
        To continue.
    year : int or None
        Time steps.
    rule : {"seasonal", "last"}, optional
        Which to use in any case.

    Examples
    --------
    >>> import numpy as np
    >>> wave = np.tile([0.0, 0.0, 1.0, 3.0], 6)[:, None]
    >>> assume(wave, 3, 4)[:2]
    ('seasonal', array([[0.],
           [0.],
           [1.]]))
    """
    filled = pd.DataFrame(wide).ffill().bfill().to_numpy()
    past = len(filled)
    horizon = n_steps if year is None else min(n_steps, year)
    can_repeat = year is not None and past > year
    errors = {}
    for name in ("last", "seasonal"):
        back = year if name == "seasonal" else None
        if back is None or can_repeat:
            errors[name] = _errors(filled, horizon, back, year if can_repeat else None)
    if rule is None:
        rule = "last"
        if len(errors["last"].loss) >= _FEWEST_ORIGINS and "seasonal" in errors:
            better = errors["seasonal"].loss.mean() < errors["last"].loss.mean()
            rule = "seasonal" if better else "last"
    if rule == "seasonal" and not can_repeat:
        raise ValueError("there is no year before to repeat")
    values = _continue(filled, n_steps, year if rule == "seasonal" else None)
    return Assumption(rule, values, errors[rule].mean_error)


class _Errors(NamedTuple):
    loss: np.ndarray
    mean_error: np.ndarray


def _continue(filled: np.ndarray, n_steps: int, year: int | None) -> np.ndarray:
    if year is None:
        return np.repeat(filled[-1:], n_steps, axis=0)
    return filled[len(filled) - year + np.arange(n_steps) % year]


def _errors(
    filled: np.ndarray, horizon: int, year: int | None, needed: int | None
) -> _Errors:
    """Return errors of a rule from origins that leave it what it needs."""
    first, last = (needed or 1), len(filled) - horizon
    origins = np.arange(first, last + 1)
    origins = origins[:: max(1, len(origins) // _MOST_ORIGINS)]
    numbers = filled.dtype.kind == "f"
    loss, mean = [], []
    for origin in origins:
        guess = _continue(filled[:origin], horizon, year)
        actual = filled[origin : origin + horizon]
        if numbers:
            loss.append(float(np.abs(actual - guess).mean()))
            mean.append((actual - guess).mean(axis=0))
        else:
            loss.append(float((actual != guess).mean()))
    errors = np.concatenate(mean) if mean else np.empty(0)
    return _Errors(np.array(loss), errors[np.isfinite(errors)])


class KnownControls:
    """What is said of controls, the rest being assumed.

    Parameters
    ----------
    past : Past
    controls : dict, DataFrame or None
    labels : ndarray or Index of shape (n_steps,)
        Of the future time steps.

    Raises
    ------
    ValueError
        If a column is unknown, or rows or values are missing.
    """

    def __init__(self, past: Past, controls: Any, labels: Any) -> None:
        self._past, self._n_steps = past, len(labels)
        if controls is None:
            self._said: dict[Any, Any] = {}
        elif isinstance(controls, Mapping):
            self._said = dict(controls)
        else:
            self._said = self._of_table(controls, labels)
        unknown = [name for name in self._said if name not in past.other_columns]
        if unknown:
            raise ValueError(
                f"controls name unknown columns {unknown}; besides keys and media X "
                f"has {past.other_columns}"
            )

    @property
    def names(self) -> list[Any]:
        """Columns of which something is said."""
        return list(self._said)

    def course(self, name: Any) -> Assumption:
        """Return a column's course."""
        said, past = self._said.get(name), self._past
        if said is None and name in past.texts:
            shape = (self._n_steps, len(past.regions))
            nothing = np.full(shape, past.texts[name], object)
            return Assumption("none", nothing, np.empty(0))
        if said is None or (isinstance(said, str) and said in _RULES):
            try:
                return assume(past.wide(name), self._n_steps, past.year, said)
            except ValueError as error:
                raise ValueError(f"controls of {name!r}: {error}") from None
        values = np.asarray(said)
        if values.ndim == 0:
            values = np.full(self._n_steps, said)
        shape = (self._n_steps, len(past.regions))
        if values.ndim == 1:
            values = np.repeat(values[:, None], shape[1], axis=1)
        if values.shape != shape:
            raise ValueError(
                f"controls of {name!r}: got {len(values)} values for {shape[0]} time "
                "steps; give a number, one for each time step, or a table with keys"
            )
        if pd.isna(values).any():
            raise ValueError(f"controls of {name!r} contain NaN")
        if past.wide(name).dtype.kind == "f" and not _are_numbers(values):
            raise ValueError(
                f"controls of {name!r}: got {said!r}; choose one of {_RULES}, or give "
                "numbers"
            )
        return Assumption("given", values, np.empty(0))

    def _of_table(self, controls: Any, labels: Any) -> dict[Any, np.ndarray]:
        """Return (n_steps, n_regions) values of a table with keys."""
        past = self._past
        table = as_pandas(controls, "controls")
        table = with_keys(
            table, [past.time_name] if past.time_name not in table else [], "controls"
        )
        own = [name for name in past.region_names if name in table]
        step = past.axis.position(table[past.time_name].to_numpy(), past.time_name)
        names = [c for c in table if c not in (past.time_name, *past.region_names)]
        wanted = past.last + 1 + np.arange(self._n_steps)
        # Of a dimension that is not there, all regions have the same.
        regions = key_texts(past.regions, own)
        out = {}
        for name in names:
            rows = pd.DataFrame(
                {
                    "step": step.astype(int),
                    "region": key_texts(table, own),
                    "value": table[name].to_numpy(),
                }
            )
            wide = rows.drop_duplicates(["step", "region"], keep="last").pivot(
                index="step", columns="region", values="value"
            )
            out[name] = wide.reindex(index=wanted, columns=regions).to_numpy()
            lacking = pd.isna(out[name])
            if lacking.any():
                when, where = (int(i[0]) for i in np.nonzero(lacking))
                raise ValueError(
                    f"controls has no {name!r} for {labels[when]}"
                    + (f" in region {past.name_of(where)!r}" if own else "")
                )
        return out


def _are_numbers(values: np.ndarray) -> bool:
    return values.dtype.kind in "iufb" or all(isinstance(v, Real) for v in values.flat)
