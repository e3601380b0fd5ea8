"""Find the mode, decide what may vary, condition the baseline, draw members."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import NamedTuple

import numpy as np
import torch

from sklearn_mmm._random import torch_seed
from sklearn_mmm.baseline._condition import forecasting_variances
from sklearn_mmm.baseline._forecast import TimeBaseline
from sklearn_mmm.baseline._outliers import Outliers, gross_outliers
from sklearn_mmm.baseline._variances import initial_hyperparameters
from sklearn_mmm.likelihood._data import TrainingData, exposure
from sklearn_mmm.likelihood._experiments import (
    Experiment,
)
from sklearn_mmm.likelihood._penalised import (
    Penalties,
)
from sklearn_mmm.likelihood._randomisation import Parameters
from sklearn_mmm.network import MMMModule, Sizes
from sklearn_mmm.posterior import (
    WIDENING,
    Hyperparameters,
    Member,
    Mode,
    ModeSearch,
    Schedule,
    draw_members,
    make_members,
)
from sklearn_mmm.training._carry_over import freer_carry_over
from sklearn_mmm.training._checkpoint import Checkpoint
from sklearn_mmm.training._condition import baseline_of, media_and_controls
from sklearn_mmm.training._drift import drift_scale, effects_vary, train_drift
from sklearn_mmm.training._net import MMMNet
from sklearn_mmm.training._options import TrainingOptions
from sklearn_mmm.training._resize import resized
from sklearn_mmm.training._stage import (
    AGAIN,
    SCHEDULE,
    Told,
    multiplied,
    train_whole,
)
from sklearn_mmm.training._validate import (
    LARGEST_SHIFT,
    ForecastSettings,
    InnerFit,
    inner_origins,
    validate,
)

# Searches begin where that of all weeks has ended.
_INNER = Schedule(n_rounds=1, n_steps=4, n_last_steps=4, several_starts=False)
N_CORRECTIONS = 3
# So many times what effects that drift may move at most they move for good.
_HOPELESS = 1.25


@dataclass(frozen=True)
class Fitted:
    """A trained net, its baseline, and what inner validation chose.

    Attributes
    ----------
    net : MMMNet
    hyper : Hyperparameters
        By which the net was trained; those of the baseline may be more flexible.
    baseline : TimeBaseline
    settings : ForecastSettings
    members : list of Member
        Refits on randomised data, whose spread is the uncertainty of parameters.
    link : {"identity", "log"}
        Of what effects are added to.
    n_drawn : int
        Time steps that were known when members were drawn.
    """

    net: MMMNet
    hyper: Hyperparameters
    baseline: TimeBaseline
    settings: ForecastSettings
    members: list[Member]
    link: str
    n_drawn: int


def fit_network(
    data: TrainingData,
    options: TrainingOptions,
    experiments: list[Experiment],
    outcome_scale: np.ndarray,
    seed: int,
    checkpoint: Checkpoint,
) -> Fitted:
    """Train the model on a panel.

    The state of torch's global random generator is left as it was.

    Parameters
    ----------
    data : TrainingData
    options : TrainingOptions
    experiments : list of Experiment
    outcome_scale : ndarray of shape (n_regions,)
        Outcome units of a relative contribution.
    seed : int
    checkpoint : Checkpoint
        Where stages are kept, and found if they have been passed before.
    """
    # What is watched or shown changes no result.
    watched = replace(options, callbacks=(), verbose=0, n_jobs=None)
    checkpoint.begin((data, watched, experiments, outcome_scale), seed)
    with torch_seed(seed):
        module = make_module(data, options, modulates=options.time_varying)
    if options.time_varying:
        orders = data.orders(options.shape)
        module.modulation.arrange(orders.media, orders.controls)
    if options.link == "log":
        data = data.logged()
    hyper = initial(module, data, options)
    told = Told(experiments, outcome_scale, seed, checkpoint)
    found = train_whole(module, data, hyper, told, SCHEDULE, options, "fit")
    if options.link == "auto":
        found = multiplied(found, told, options)
    freer = freer_carry_over(found.mode, found.module, found.usual, options)
    if freer is not None:
        module, hyper, options = freer
        found = train_whole(
            module, found.data, hyper, told, AGAIN, options, "carry-over"
        )
    module, whole, data, net, mode = found

    @cache
    def drifting() -> _Drifting | None:
        return _drifting(module, mode, data, options, checkpoint)

    settings = checkpoint.recall("settings")
    if settings is None:
        settings = _choose(module, drifting, mode, data, options, seed)
        checkpoint.keep("settings", settings)
    varying = drifting() if settings.future_share > 0 else None
    if varying is not None:
        hyper = mode.hyper._replace(penalties=varying.penalties)
        own = varying.module
        found = train_whole(own, whole, hyper, told, AGAIN, options, "drift")
        net, mode = found.net, found.mode
    net.module_.modulation.future_share = settings.future_share
    if not net.module_.modulation.active:
        net.module_.modulation.remove()
    draw = partial(drawn_members, mode, options, N_CORRECTIONS, seed)
    return complete_fit(net, mode, settings, whole, options, draw)


def drawn_members(
    mode: Mode, options: TrainingOptions, n_corrections: int, seed: int
) -> Parameters:
    """Return the parameters of members around a mode."""
    posterior, at, _ = mode
    return draw_members(
        posterior,
        at,
        options.n_members,
        seed + 1,
        n_corrections,
        WIDENING,
        options.verbose,
        n_jobs=options.n_jobs,
    )


def complete_fit(
    net: MMMNet,
    mode: Mode,
    settings: ForecastSettings,
    data: TrainingData,
    options: TrainingOptions,
    draw: Callable[[], Parameters],
) -> Fitted:
    """Condition a trained net's baseline on the data, and those of members.

    Parameters
    ----------
    net, mode, settings, data, options
        See :class:`Fitted`.
    draw : callable
        Returns the parameters of members.
    """
    clean = data.without(mode.hyper.outliers.shift)
    time = forecasting_variances(
        mode.hyper.time, clean.covariance, clean.position, settings.flexibility
    )
    module = net.module_
    inputs = clean.inputs(module.media.max_lag)
    explained = media_and_controls(module, clean, len(clean.position), inputs)
    baseline = baseline_of(module, time, clean, explained, options.noise, inputs)
    members: list[Member] = []
    if options.n_members:
        posterior, at, _ = mode
        members = make_members(posterior, at, draw(), clean, baseline, inputs)
    n_drawn = len(data.position)
    return Fitted(net, mode.hyper, baseline, settings, members, data.link, n_drawn)


class _Drifting(NamedTuple):
    """A module whose effects vary with time, and how far they may."""

    module: MMMModule
    penalties: Penalties


def _drifting(
    module: MMMModule,
    mode: Mode,
    data: TrainingData,
    options: TrainingOptions,
    checkpoint: Checkpoint,
) -> _Drifting | None:
    """Train effects that vary with time if there is evidence that they do."""
    if not options.time_varying:
        return None
    trained = checkpoint.recall("drifting")
    if trained is not None:
        own = deepcopy(module)
        own.modulation.active = True
        own.load_state_dict(trained["module"])
        return _Drifting(own, trained["penalties"])
    scale = drift_scale(mode.posterior, mode.at).value
    if not effects_vary(scale):
        return None
    own = deepcopy(module)
    # What is validated would be refused in the end.
    most = _HOPELESS * LARGEST_SHIFT if options.validation else np.inf
    penalties = train_drift(own, mode, data, scale, options, most)
    if penalties is None:
        return None
    trained = {"module": own.state_dict(), "penalties": penalties}
    checkpoint.keep("drifting", trained)
    return _Drifting(own, penalties)


def _inner_origins(data: TrainingData) -> list[int]:
    """Return from where inner validation forecasts; nothing without a clock."""
    return inner_origins(len(data.position)) if data.covariance.wanders else []


def _choose(
    module: MMMModule,
    drifting: Callable[[], _Drifting | None],
    mode: Mode,
    data: TrainingData,
    options: TrainingOptions,
    seed: int,
) -> ForecastSettings:
    """Return what forecasts best at the last origins inside the training weeks.

    Effects that vary are trained only where they could be chosen.
    """
    origins = _inner_origins(data) if options.validation else []
    if not origins:
        # What cannot be validated does not vary.
        constant = options.validation or drifting() is None
        return ForecastSettings(future_share=0.0 if constant else 1.0)
    early = data.without(mode.hyper.outliers.shift)

    def varying() -> InnerFit | None:
        own = drifting()
        if own is None:
            return None
        hyper = mode.hyper._replace(penalties=own.penalties)
        return _inner_mode(own.module, hyper, early, origins[0], options, seed)

    inner = _inner_mode(module, mode.hyper, early, origins[0], options, seed)
    return validate(inner, varying, early, origins, options.noise)


def _inner_mode(
    module: MMMModule,
    hyper: Hyperparameters,
    data: TrainingData,
    n_weeks: int,
    options: TrainingOptions,
    seed: int,
) -> InnerFit:
    """Find the mode of the first weeks alone, starting from that of all."""
    early = data.until(n_weeks)
    own = resized(module, early, np.arange(len(early.media)))
    nothing = np.zeros(early.target.shape)
    start = Hyperparameters(hyper.time, hyper.penalties, Outliers(nothing, 1 - nothing))
    search = ModeSearch(own, early, start, None, _INNER, options.tol, seed)
    return InnerFit(own, search.run().hyper.time)


def make_module(
    data: TrainingData, options: TrainingOptions, modulates: bool
) -> MMMModule:
    """Return an untrained module for a panel, in double precision."""
    n_regions, n_weeks, n_channels = data.media.shape
    has_course = n_regions > 1 and data.covariance.wanders
    sizes = Sizes(
        n_regions,
        n_weeks if has_course else 0,
        n_channels,
        data.controls.shape[2],
        data.calendar.shape[1] if modulates else 0,
    )
    return MMMModule(sizes, options.shape, options.signs, data.groups).double()


def initial(
    module: MMMModule, data: TrainingData, options: TrainingOptions
) -> Hyperparameters:
    """Return the hyper-parameters before anything is seen."""
    with torch.no_grad():
        share = module.media.shape.share(
            module.media.raw, *exposure(data.inputs(options.max_lag))
        ).numpy()
    share = module.media.shape.together(torch.as_tensor(share)).numpy()
    share = (share * data.observed[..., None]).sum((0, 1)) / data.observed.sum()
    penalties = Penalties.usual(
        options.shape,
        share,
        options.l1,
        options.l2,
        options.noise,
        not data.multiplies and bool((data.target >= 0).all()),
        options.believed,
        module.controls.signed,
        data.whole_events,
    ).with_dimensions(data.groups)
    reasons = np.concatenate([data.media, data.controls], axis=2)
    outliers = gross_outliers(data.target, data.observed, reasons)
    time = initial_hyperparameters(data.covariance, len(data.observed), data.groups)
    return Hyperparameters(time, penalties, outliers)
