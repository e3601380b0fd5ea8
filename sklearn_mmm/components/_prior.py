"""Parameters of a component and what is believed about them before seeing data."""

from dataclasses import dataclass

import torch
from scipy.stats import norm
from torch import Tensor

from sklearn_mmm._arguments import is_number

_TRANSFORMS = ("identity", "log", "logit")


@dataclass(frozen=True)
class Prior:
    r"""A parameter of a component with its prior: Gaussian once transformed.

    Parameters
    ----------
    name : str
        By which formulas and tables know the parameter.
    transform : {"identity", "log", "logit"}
        Makes the parameter :math:`\theta` a real number :math:`z \sim N(m, s^2)`:
        :math:`\theta = z`; :math:`\theta = a + e^z`, above ``low``; or
        :math:`\theta = a + (b - a) / (1 + e^{-z})`, between ``low`` and ``high``.
    mean, sd : float
        Of :math:`z`.
    low, high : float, default=0.0, 1.0
        :math:`a` and :math:`b`; "log" has no upper end and "identity" neither.
    media_power : int, default=0
        Power of the media's unit that the parameter is measured in: 1 for a
        half-saturation, -1 for a rate per unit of media, 0 for a number without unit.
        An update by further weeks may change the unit (``media_scale_``), and so starts
        from the same curve.

    Raises
    ------
    ValueError
        If the name is no identifier, the transform is unknown, or a number is not
        finite or out of its range.

    Examples
    --------
    >>> from sklearn_mmm.components import Prior
    >>> Prior("half_saturation", "log", -0.5, 0.8, media_power=1).quantile(0.5)
    0.6065306597126334
    """

    name: str
    transform: str
    mean: float
    sd: float
    low: float = 0.0
    high: float = 1.0
    media_power: int = 0

    def __post_init__(self) -> None:
        if not str(self.name).isidentifier():
            raise ValueError(
                f"Got name={self.name!r}, but expected an identifier, such as 'slope'."
            )
        if self.transform not in _TRANSFORMS:
            raise ValueError(
                f"Got transform={self.transform!r} for {self.name!r}, but expected one "
                f"of {list(_TRANSFORMS)}."
            )
        if not all(map(is_number, (self.mean, self.low, self.high))):
            raise ValueError(
                f"Got mean={self.mean!r}, low={self.low!r}, high={self.high!r} for "
                f"{self.name!r}, but expected finite numbers."
            )
        if not (is_number(self.sd) and self.sd > 0):
            raise ValueError(
                f"Got sd={self.sd!r} for {self.name!r}, but expected a positive number."
            )
        if self.transform == "logit" and not self.low <= self.high:
            raise ValueError(
                f"Got low={self.low!r} and high={self.high!r} for {self.name!r}, but "
                "expected low <= high."
            )

    def natural(self, raw: Tensor) -> Tensor:
        """Return the parameter of real numbers.

        Parameters
        ----------
        raw : Tensor
            Real numbers of any shape.

        Returns
        -------
        Tensor
            Of the same shape, in the parameter's range.
        """
        if self.transform == "log":
            return self.low + raw.exp()
        if self.transform == "logit":
            return self.low + (self.high - self.low) * torch.sigmoid(raw)
        return raw

    def derivative(self, raw: Tensor) -> Tensor:
        """Return the derivative of :meth:`natural`.

        Parameters
        ----------
        raw : Tensor
            Real numbers of any shape.

        Returns
        -------
        Tensor
            Of the same shape.
        """
        if self.transform == "log":
            return raw.exp()
        if self.transform == "logit":
            share = torch.sigmoid(raw)
            return (self.high - self.low) * share * (1 - share)
        return torch.ones_like(raw)

    def raw(self, natural: Tensor) -> Tensor:
        """Return the real numbers of a parameter, the inverse of :meth:`natural`.

        Parameters
        ----------
        natural : Tensor
            Inside its range.

        Returns
        -------
        Tensor
            Real numbers of the same shape.
        """
        if self.transform == "log":
            return (natural - self.low).log()
        if self.transform == "logit":
            return torch.logit((natural - self.low) / (self.high - self.low))
        return natural

    def in_unit(self, raw: Tensor, ratio: Tensor) -> Tensor:
        """Return the real numbers of the parameter for media in another unit.

        Parameters
        ----------
        raw : Tensor
            Real numbers of any shape.
        ratio : Tensor
            The former unit of the media in new ones, of the same shape.

        Returns
        -------
        Tensor
            Real numbers of the same shape; the same ones if the parameter has no unit.
        """
        if not self.media_power:
            return raw
        return self.raw(self.natural(raw) * ratio**self.media_power)

    def quantile(self, probability: float) -> float:
        """Return a quantile of the parameter's prior.

        Parameters
        ----------
        probability : float
            Between 0 and 1.

        Returns
        -------
        float
            In the parameter's range.
        """
        raw = self.mean + self.sd * norm.ppf(probability)
        return float(self.natural(torch.tensor(raw, dtype=torch.float64)))

    def __str__(self) -> str:
        ends = {
            "identity": "(-inf, inf)",
            "log": f"({self.low:g}, inf)",
            "logit": f"({self.low:g}, {self.high:g})",
        }
        return f"{self.name} in {ends[self.transform]}"
