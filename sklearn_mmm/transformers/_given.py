"""Parameters of a response that are given, checked against their ranges."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from sklearn_mmm._arguments import shown
from sklearn_mmm.components import Prior
from sklearn_mmm.components._by_channel import AnyPrior


def of_channels(
    name: str, value: Any, priors: Mapping[str, AnyPrior], n_channels: int
) -> np.ndarray:
    """Return a given parameter, (n_channels,), inside its range."""
    if name not in priors:
        raise ValueError(
            f"Got {name}={value!r}, but the adstock and the saturation have the "
            f"parameters {list(priors)}; leave it out"
        )
    try:
        values = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        values = np.empty((0, 0))
    if values.shape not in ((), (n_channels,)):
        raise ValueError(
            f"Got {name}={shown(value)}, but expected a number or one for each of the "
            f"{n_channels} media columns"
        )
    values = np.broadcast_to(values, (n_channels,)).copy()
    prior = priors[name]
    if isinstance(prior, Prior):
        _check_range(name, value, values, prior)
        return values
    for channel, own in enumerate(prior.priors):
        if own is None:
            values[channel] = np.nan
        else:
            _check_range(name, value, values[[channel]], own)
    return values


def _check_range(name: str, value: Any, values: np.ndarray, prior: Prior) -> None:
    """Refuse values outside the range of a parameter."""
    expected = {
        "identity": "that are finite",
        "log": f"above {prior.low:g}",
        "logit": f"in [{prior.low:g}, {prior.high:g})",
    }[prior.transform]
    inside = np.isfinite(values)
    if prior.transform == "log":
        inside &= values > prior.low
    elif prior.transform == "logit":
        inside &= (values >= prior.low) & (values < prior.high)
    if not inside.all():
        raise ValueError(f"Got {name}={value!r}, but expected values {expected}")
