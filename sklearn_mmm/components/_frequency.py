r"""The response to frequency, of channels of which reach and frequency are known.

With the reach :math:`r_t`, how many people saw something in a time step, and the
frequency :math:`f_t`, how often they did on average, a channel's response is

.. math:: \sum_l w_l\, r_{t-l}\, \frac{f_{t-l}^s}{f_{t-l}^s + \kappa^s},

linear in reach at a given frequency (Zhang et al., 2023, "Bayesian Hierarchical Media
Mix Model Incorporating Reach and Frequency Data"; Meridian's documentation, "Reach and
frequency"). Carry-over follows the curve: of each time step it carries what that one's
contacts were worth.
"""

from collections.abc import Mapping

from torch import Tensor

from sklearn_mmm.components._prior import Prior
from sklearn_mmm.components._saturation import HillSaturation

# Half of what can be had is reached after some 2.5 contacts, and most often the second
# contact adds to the first; Meridian's are alike (medians of 2.1 and 2.0).
FREQUENCY_PRIORS = (
    Prior("frequency_half_saturation", "log", 0.9, 0.5),
    Prior("frequency_slope", "log", 0.7, 0.4),
)
_CURVE = HillSaturation()


def heard(reach: Tensor, frequency: Tensor, parameters: Mapping[str, Tensor]) -> Tensor:
    """Return reach times the response to its frequency, (..., channel).

    Parameters
    ----------
    reach, frequency : Tensor of shape (..., channel)
    parameters : dict of Tensor of shape (channel,)
        By the names of their priors, in their units.
    """
    half, slope = (parameters[prior.name] for prior in FREQUENCY_PRIORS)
    return reach * _CURVE.value({"half_saturation": half, "slope": slope}, frequency)


def frequency_parameters(raw: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return half-saturation (contacts) and slope of all channels, by plain name."""
    return {
        prior.name.removeprefix("frequency_"): prior.natural(raw[prior.name])
        for prior in FREQUENCY_PRIORS
    }


def response_to_frequency(raw: Mapping[str, Tensor], frequency: Tensor) -> Tensor:
    """Return the curve of frequency, by channel.

    Parameters
    ----------
    raw : dict of Tensor of shape (..., channel), broadcast against ``frequency``
    frequency : Tensor of shape (..., channel)
        Contacts of those who were reached.
    """
    return _CURVE.value(frequency_parameters(raw), frequency)


def frequency_and_derivatives(
    raw: Mapping[str, Tensor], frequency: Tensor
) -> tuple[Tensor, dict[str, Tensor]]:
    """Return the curve of frequency and its derivatives by raw parameters."""
    parameters = frequency_parameters(raw)
    value, _, by = _CURVE.value_and_derivatives(parameters, frequency)
    return value, {
        prior.name: by[prior.name.removeprefix("frequency_")]
        * prior.derivative(raw[prior.name])
        for prior in FREQUENCY_PRIORS
    }
