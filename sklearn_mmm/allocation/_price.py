"""Prices that rise with spend."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np

from sklearn_mmm._arguments import shown


@dataclass(frozen=True)
class PricedPlan:
    r"""A plan whose media become dearer as more is bought.

    Spend :math:`s` instead of :math:`s_0` buys what :math:`s_0 (s / s_0)^{1 - e}`
    would buy at the price of the plan.

    Attributes
    ----------
    base : MediaPlan
    elasticity : ndarray of shape (n_channels,)
        In [0, 1).
    reference : ndarray of shape (n_rows, n_channels)
        Spend at which the price is the plan's.
    """

    base: Any
    elasticity: np.ndarray
    reference: np.ndarray

    def __getattr__(self, name: str) -> Any:
        # What does not depend on the price is that of the plan.
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self.base, name)

    def at_plan_prices(self, spend: np.ndarray) -> np.ndarray:
        """Return what the media would cost at the prices of the plan."""
        ratio = spend / self.reference
        return np.asarray(self.reference * ratio ** (1 - self.elasticity))

    def value_and_gradient(self, spend: np.ndarray) -> tuple[float, np.ndarray]:
        """Return contributions of all channels and their gradient in spend."""
        value, gradient = self.base.value_and_gradient(self.at_plan_prices(spend))
        ratio = np.maximum(spend / self.reference, 1e-300)
        return value, gradient * (1 - self.elasticity) * ratio**-self.elasticity

    def contributions(self, spend: np.ndarray) -> np.ndarray:
        """Return what each channel contributes to the rows."""
        return np.asarray(self.base.contributions(self.at_plan_prices(spend)))

    def after(self, spend: np.ndarray) -> np.ndarray:
        """Return what the rows' media contribute where there is no row."""
        return np.asarray(self.base.after(self.at_plan_prices(spend)))

    def extrapolated(self, spend: np.ndarray) -> np.ndarray:
        """Return which cells exceed what training has seen."""
        return np.asarray(self.base.extrapolated(self.at_plan_prices(spend)))

    def media(self, spend: np.ndarray) -> np.ndarray:
        """Return the media that spend buys."""
        return np.asarray(self.base.media(self.at_plan_prices(spend)))


def priced(plans: Sequence[Any], elasticity: Mapping[str, float] | None) -> list[Any]:
    """Return plans whose prices rise with spend.

    Parameters
    ----------
    plans : sequence of MediaPlan
        Of the same rows.
    elasticity : dict of float or None
        By channel.

    Raises
    ------
    ValueError
        If a channel is unknown or free, an elasticity is not in [0, 1), or channels
        react.
    """
    if elasticity is not None and not isinstance(elasticity, Mapping):
        raise ValueError(f"got price_elasticity={shown(elasticity)}; give a dict")
    if not elasticity:
        return list(plans)
    plan = plans[0]
    if plan.influence is not None:
        raise ValueError(
            "price_elasticity and react exclude one another: reactions are learned at "
            "the prices of the plan; leave react='none'"
        )
    values = np.zeros(len(plan.channels))
    for name, value in elasticity.items():
        paid = [c for c, f in zip(plan.channels, plan.free, strict=True) if not f]
        if name not in paid:
            raise ValueError(
                f"price_elasticity names {name!r}; the channels that cost something "
                f"are {paid}"
            )
        if not isinstance(value, Real) or not 0 <= float(value) < 1:
            raise ValueError(
                f"price_elasticity of {name!r} is {value!r}; it is at least 0 and "
                "below 1"
            )
        values[plan.channels.index(name)] = float(value)
    bought = plan.spend > 0
    n_bought = bought.sum(axis=0)
    mean = plan.spend.sum(axis=0) / np.maximum(n_bought, 1)
    usual = np.where(n_bought > 0, mean, plan.media_scale)
    reference = np.where(bought, plan.spend, usual)
    return [PricedPlan(each, values, reference) for each in plans]
