"""Prices that rise with spend."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sklearn_mmm._arguments import is_number, shown
from sklearn_mmm.inspection._plan_around import PlanAround

# Relative spend below which the slope of the price is not followed further.
_LEAST = 1e-12


@dataclass(frozen=True)
class PricedPlan(PlanAround):
    r"""A plan whose media become dearer as more is bought.

    Spend :math:`s` instead of :math:`s_0` buys what :math:`s_0 (s / s_0)^{1 - e}`
    would buy at the price of the plan. Channels that react buy media at the same
    rising price.

    Attributes
    ----------
    elasticity : ndarray of shape (n_channels,)
        In [0, 1).
    reference : ndarray of shape (n_rows, n_channels)
        Spend at which the price is the plan's.
    """

    elasticity: np.ndarray
    reference: np.ndarray

    straight = False

    def at_plan_prices(self, spend: np.ndarray) -> np.ndarray:
        """Return what the media would cost at the prices of the plan."""
        ratio = spend / self.reference
        return np.asarray(self.reference * ratio ** (1 - self.elasticity))

    def at_own_prices(self, spend: np.ndarray) -> np.ndarray:
        """Return what media cost that would cost ``spend`` at the plan's prices."""
        ratio = spend / self.reference
        return np.asarray(self.reference * ratio ** (1 / (1 - self.elasticity)))

    def _slope(self, spend: np.ndarray) -> np.ndarray:
        """Return the derivative of :meth:`at_plan_prices`."""
        ratio = np.maximum(spend / self.reference, _LEAST)
        return np.asarray((1 - self.elasticity) * ratio**-self.elasticity)

    def value_and_gradient(self, spend: np.ndarray) -> tuple[float, np.ndarray]:
        """Return contributions of all channels and their gradient in spend."""
        value, gradient = self.base.value_and_gradient(self.at_plan_prices(spend))
        return value, gradient * self._slope(spend)

    def reacted(self, spend: np.ndarray) -> np.ndarray:
        """Return what is spent once channels have reacted to the plan's changes."""
        if self.base.influence is None:
            return spend
        return self.at_own_prices(self.base.reacted(self.at_plan_prices(spend)))

    def cost_and_gradient(self, spend: np.ndarray) -> tuple[float, np.ndarray]:
        """Return all spend after reactions, and its gradient."""
        if self.base.influence is None:
            return float(spend.sum()), np.ones_like(spend)
        bought = self.at_plan_prices(spend)
        costs = self.at_own_prices(self.base.reacted(bought))
        _, gradient = self.base.cost_and_gradient(bought, 1 / self._slope(costs))
        return float(costs.sum()), gradient * self._slope(spend)

    def contributions(self, spend: np.ndarray) -> np.ndarray:
        """Return what each channel contributes to the rows."""
        return np.asarray(self.base.contributions(self.at_plan_prices(spend)))

    def after(self, spend: np.ndarray) -> np.ndarray:
        """Return what the rows' media contribute where there is no row."""
        return np.asarray(self.base.after(self.at_plan_prices(spend)))

    def totals(self, spend: np.ndarray) -> np.ndarray:
        """Return what each channel contributes to the rows and after them."""
        return np.asarray(self.base.totals(self.at_plan_prices(spend)))

    def regional_totals(self, spend: np.ndarray) -> np.ndarray:
        """Return what each channel contributes by region, after the rows as well."""
        return np.asarray(self.base.regional_totals(self.at_plan_prices(spend)))

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
        If a channel is unknown or free, or an elasticity is not in [0, 1).
    """
    if elasticity is not None and not isinstance(elasticity, Mapping):
        raise ValueError(f"got price_elasticity={shown(elasticity)}; give a dict")
    if not elasticity:
        return list(plans)
    plan = plans[0]
    values = np.zeros(len(plan.channels))
    for name, value in elasticity.items():
        paid = [c for c, f in zip(plan.channels, plan.free, strict=True) if not f]
        if name not in paid:
            raise ValueError(
                f"price_elasticity names {name!r}; the channels that cost something "
                f"are {paid}"
            )
        if not is_number(value) or not 0 <= float(value) < 1:
            raise ValueError(
                f"price_elasticity of {name!r} is {shown(value)}; it is at least "
                "0 and below 1"
            )
        values[plan.channels.index(name)] = float(value)
    bought = plan.spend > 0
    n_bought = bought.sum(axis=0)
    mean = plan.spend.sum(axis=0) / np.maximum(n_bought, 1)
    usual = np.where(n_bought > 0, mean, plan.media_scale)
    reference = np.where(bought, plan.spend, usual)
    return [PricedPlan(each, values, reference) for each in plans]
