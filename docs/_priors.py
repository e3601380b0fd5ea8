"""Tables of components and priors, written from the classes that fits use."""

import inspect
import re
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from sklearn_mmm.baseline import _maximise, _variance_search, _variances
from sklearn_mmm.components import Prior
from sklearn_mmm.components._adstock import ADSTOCKS
from sklearn_mmm.components._component import Component
from sklearn_mmm.components._saturation import SATURATIONS
from sklearn_mmm.likelihood import _penalised
from sklearn_mmm.likelihood._pooling import OF_GROUPS

# Of the kernels in the table: a prior may depend on the length of the kernel.
_N_LAGS = 8


def _formula(component: Component) -> str:
    """Return the first formula of a component's docstring."""
    found = re.search(r":math:`.+?`", inspect.getdoc(type(component)) or "", re.DOTALL)
    return " ".join(found[0].split()) if found else ":math:`x`"


def _interval(prior: Prior) -> str:
    low, middle, high = (prior.quantile(p) for p in (0.05, 0.5, 0.95))
    return f"{middle:.2f} ({low:.2f} to {high:.2f})"


def _table(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [".. list-table::", "   :header-rows: 1", ""]
    for row in (header, *rows):
        lines += [
            f"   {'*' if i == 0 else ' '} - {cell}".rstrip()
            for i, cell in enumerate(row)
        ]
    return "\n".join(lines) + "\n"


def _rows(aliases: dict[str, type]) -> Iterable[tuple[str, ...]]:
    for alias, kind in sorted(aliases.items()):
        component = kind()
        priors = (
            component.priors_for(_N_LAGS)
            if hasattr(component, "priors_for")
            else component.priors
        )
        link = f":class:`~sklearn_mmm.components.{kind.__name__}`"
        for i, prior in enumerate(priors or (None,)):
            first = (f'``"{alias}"``, {link}', _formula(component))
            own = first if i == 0 else ("", "")
            if prior is None:
                yield (*own, "none", "", "")
            else:
                law = f":math:`N({prior.mean:g}, {prior.sd:g}^2)`"
                law += f" of its {prior.transform}"
                yield (*own, f"``{prior.name}``", law, _interval(prior))


def _scales() -> Iterable[tuple[str, ...]]:
    usual, witnesses = _penalised.USUAL_CONTRIBUTION, _penalised._WITNESSES
    yield (
        "contributions of channels",
        "a channel's mean contribution, relative to the mean outcome",
        f"half-normal; scale of the other channels, joined by {witnesses:g} whose "
        f"scale is {usual:g}",
    )
    yield (
        ":math:`\\beta_c`, effects of channels",
        "what a channel brings at full saturation, in the same unit",
        f"half-normal of scale {_penalised.USUAL_EFFECT:g}, times the prior above",
    )
    of = {
        "deviation": ":math:`\\delta_{r,c}`, regions' logarithms of media effects",
        "control": ":math:`\\gamma_k`, effects of controls",
        "control_deviation": ":math:`g_{r,k}`, regions' deviations from them",
    }
    for name, (low, high) in _penalised.SCALE_RANGES.items():
        if name in of:
            yield f"``{name}``", of[name], f"flat from {low:g} to {high:g}"
        if name in OF_GROUPS:
            what = (
                f"{of[name]}: of the groups of each dimension, where there are several"
            )
            yield f"``{OF_GROUPS[name]}``", what, f"flat from {low:g} to {high:g}"
    low, high = _penalised.SCALE_RANGES["event"]
    yield (
        "``event``, ``event_deviation``",
        ":math:`\\gamma_k` and :math:`g_{r,k}` of three or more rare events, each "
        "whole, relative to the mean outcome",
        f"as of the panel's events, joined by {_penalised._EVENT_WITNESSES:g} whose "
        f"scale is {_penalised.USUAL_EVENT:g}; from {low:g} to {high:g}",
    )
    low, high = _penalised.SCALE_RANGES["campaign"]
    yield (
        "``campaign``",
        ":math:`d_i`, deviations of campaigns from their groups",
        f"as of the panel's groups, joined by {_penalised.CAMPAIGN_WITNESSES:g} "
        f"campaigns whose scale is {_penalised.USUAL_CAMPAIGN:g}; from {low:g} to "
        f"{high:g}",
    )
    middle, sd = _variance_search._PRIOR_LOG_MEMORY
    low, high = _variance_search._MEMORY_RANGE
    yield (
        ":math:`m`, memory of seasons",
        "seasons after which one has faded to :math:`1/e`",
        f"log-normal around {np.exp(middle):g}, {sd:g} of its logarithm; from {low:g} "
        f"to {high:g}",
    )
    for what, log_variance in (
        (
            "a region's parts, over the noise variance",
            _variance_search.PRIOR_LOG_VARIANCE,
        ),
        ("the common course's parts, over 1", _maximise._PRIOR_LOG_COURSE),
    ):
        law = f"log-normal around {np.exp(log_variance):g}, 4 of its logarithm"
        yield ":math:`q`, variances", what, law
    yield (
        ":math:`\\sigma_r`, noise of regions",
        "standard deviation over the mean outcome",
        "shrunk to their geometric mean as if that had been seen in "
        f"{_variances._POOLING_WEEKS:g} time steps",
    )


_COMPONENTS = ("Form", "Formula", "Parameter", "Prior", "Median (90 % interval)")


def write(folder: Path) -> None:
    """Write the tables that pages include.

    Parameters
    ----------
    folder : Path
    """
    folder.mkdir(parents=True, exist_ok=True)
    tables = {
        "adstocks": _table(_COMPONENTS, _rows(ADSTOCKS)),
        "saturations": _table(_COMPONENTS, _rows(SATURATIONS)),
        "scales": _table(("Learned", "Of", "Prior"), _scales()),
    }
    for name, text in tables.items():
        (folder / f"{name}.rst").write_text(text, encoding="utf-8")
