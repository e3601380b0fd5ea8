"""Where the steps of expectation-maximisation lead, before they get there."""

from dataclasses import replace
from typing import Any

import numpy as np

from sklearn_mmm.baseline._covariance import INTERCEPT
from sklearn_mmm.baseline._variances import TimeHyperparameters
from sklearn_mmm.likelihood._penalised import SCALE_RANGES, PriorScales

Step = dict[str, float]

_SCALES = ("deviation", "control_deviation")
# Steps shrink from one to the next by this factor at most, as far as is believed.
_SLOWEST = 0.65
# No variance moves further than by this factor at once, in logarithms.
_FURTHEST = 2.0
# Of steps, in logarithms, below which there is no more to go.
_LEAST = 1e-6
_NOTHING = 1e-300


def step_between(
    before: tuple[TimeHyperparameters, PriorScales],
    after: tuple[TimeHyperparameters, PriorScales],
) -> Step:
    """Return by how much the logarithms of variances and scales have moved."""
    start, end = _logarithms(*before), _logarithms(*after)
    return {name: end[name] - start[name] for name in end}


def extrapolated(
    time: TimeHyperparameters, scales: PriorScales, former: Step, last: Step
) -> tuple[TimeHyperparameters, PriorScales]:
    r"""Return hyper-parameters where a sequence of steps would end.

    Of two steps :math:`d_1, d_2` of a logarithm, those to come sum to :math:`d_2 r / (1
    - r)` with :math:`r = d_2 / d_1` if they go on to shrink alike: Aitken's
    extrapolation of an expectation-maximisation, whose steps do near its end (McLachlan
    & Krishnan, 2008, "The EM Algorithm and Extensions", section 4.8).

    Parameters
    ----------
    time : TimeHyperparameters
    scales : PriorScales
        Both after the last step.
    former, last : dict of float
        As :func:`step_between` returns them.
    """
    to_come = {
        name: _to_come(former[name], step)
        for name, step in last.items()
        if name in former
    }

    def moved(part: str, values: dict[str, float]) -> dict[str, float]:
        factor = {name: np.exp(to_come.get(part + name, 0.0)) for name in values}
        return {name: float(value * factor[name]) for name, value in values.items()}

    time = replace(
        time,
        regional=time.regional._replace(parts=moved("regional ", time.regional.parts)),
        course=time.course._replace(parts=moved("course ", time.course.parts)),
        sigma=time.sigma * np.exp(to_come.get("sigma", 0.0)),
    )
    found: dict[str, Any] = {
        name: float(np.clip(value, *SCALE_RANGES[name]))
        for name, value in moved(
            "", {name: getattr(scales, name) for name in _SCALES}
        ).items()
    }
    return time, replace(scales, **found)


def _logarithms(time: TimeHyperparameters, scales: PriorScales) -> Step:
    # What regions differ by for good is told by few of them, and not by their weeks.
    wander = {n: v for n, v in time.regional.parts.items() if n != INTERCEPT}
    out = {f"regional {name}": value for name, value in wander.items()}
    out |= {f"course {name}": value for name, value in time.course.parts.items()}
    out |= {name: getattr(scales, name) for name in _SCALES}
    found = {name: float(np.log(max(value, _NOTHING))) for name, value in out.items()}
    # Noise moves in all regions alike; variances of regions are in its units.
    return found | {"sigma": float(np.log(time.sigma).mean())}


def _to_come(former: float, last: float) -> float:
    """Return what the steps after two others sum to.

    Examples
    --------
    >>> _to_come(1.0, 0.5), round(_to_come(0.1, 1.0), 3)
    (0.5, 1.857)

    Steps that turn round have overshot already.

    >>> abs(_to_come(1.0, -0.5))
    0.0
    """
    rate = last / former if abs(former) > _LEAST else 0.0
    rate = float(np.clip(rate, 0.0, _SLOWEST))
    return float(np.clip(last * rate / (1 - rate), -_FURTHEST, _FURTHEST))
