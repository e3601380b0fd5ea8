"""Responses to media along a straight line, whose carry-over is worked out once."""

from dataclasses import dataclass

import torch
from torch import Tensor

from sklearn_mmm.components import Saturation
from sklearn_mmm.functional import carry_over
from sklearn_mmm.network._response_shape import Raw, ResponseShape


@dataclass(frozen=True)
class ResponseAlong:
    r"""The saturated carry-over of media :math:`a + m\,b` at any multiple :math:`m`.

    Carry-over is linear, so that of :math:`a` and that of :math:`b` are enough:
    :math:`f(A + m B)`. Channels are :attr:`ResponseShape.apart`.

    Attributes
    ----------
    curve : Saturation
        Of the columns.
    parameters : dict of Tensor of shape (column,)
        Of the curve.
    start, change : Tensor of shape (region, week, column)
        The carry-over of :math:`a` and of :math:`b`.
    """

    curve: Saturation
    parameters: dict[str, Tensor]
    start: Tensor
    change: Tensor

    @classmethod
    def of(
        cls,
        shape: ResponseShape,
        raw: Raw,
        start: Tensor,
        change: Tensor,
        first: int,
        channel: Tensor,
    ) -> "ResponseAlong":
        """Carry media over.

        Parameters
        ----------
        shape : ResponseShape
        raw : dict of Tensor of shape (channel,)
        start : Tensor of shape (region, week, column)
            Scaled, from the first week on.
        change : Tensor of shape (region, week - first, column)
            There is none before.
        first : int
            Weeks at the beginning that are only past.
        channel : int Tensor of shape (column,)
            Whose media the columns are.
        """
        own = {name: value.detach() for name, value in raw.items()}
        weights = shape.weights(own).to(start)
        if weights.dim() > 1:
            weights = weights[channel]
        curve, parameters = shape.curves_of(channel, shape.curve_parameters(own))
        return cls(
            curve,
            parameters,
            carry_over(start, weights, first),
            carry_over(change, weights),
        )

    def at(self, multiple: Tensor) -> Tensor:
        """Return responses, (region, week, column), at (..., column) multiples."""
        return self.curve.value(self.parameters, self._carried(multiple))

    def value_and_slope(self, multiple: Tensor) -> tuple[Tensor, Tensor]:
        """Return responses and their derivatives by the multiples."""
        carried = self._carried(multiple)
        value, slope, _ = self.curve.value_and_derivatives(self.parameters, carried)
        return value, slope * self.change

    def _carried(self, multiple: Tensor) -> Tensor:
        return torch.addcmul(self.start, self.change, multiple)
