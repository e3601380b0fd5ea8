"""The way to a mode: steps that only descend, renewals that settle, and going on."""

import copy

import numpy as np
import pytest
import torch

from sklearn_mmm.baseline._covariance import TimeCovariance
from sklearn_mmm.baseline._outliers import Outliers
from sklearn_mmm.baseline._variances import initial_hyperparameters
from sklearn_mmm.components import GeometricAdstock, HillSaturation
from sklearn_mmm.components._noise import HuberNoise
from sklearn_mmm.likelihood._data import TrainingData
from sklearn_mmm.likelihood._penalised import Penalties
from sklearn_mmm.likelihood._slopes import gradient
from sklearn_mmm.network import MMMModule, ResponseShape, Sizes
from sklearn_mmm.posterior import Hyperparameters, ModeSearch, Schedule, _mode_search

N_REGIONS, N_WEEKS, SIGMA = 3, 60, 0.05
SHAPE = ResponseShape(GeometricAdstock(), HillSaturation(), 3)
ROUNDS = Schedule(n_rounds=2, n_steps=5, n_last_steps=30)


def panel_of(n_regions):
    """Return a panel of the model's own: media, a control, a level and noise."""
    rng = np.random.default_rng(0)
    size = n_regions, N_WEEKS
    panel = TrainingData(
        media=rng.exponential(0.3, (*size, 1)),
        controls=rng.standard_normal((*size, 1)),
        target=np.ones(size),
        observed=rng.random(size) > 0.05,
        position=np.arange(float(N_WEEKS)),
        covariance=TimeCovariance(-1.0, (), True),
    )
    truth = new_module(n_regions)
    with torch.no_grad():
        truth.media.log_effect.fill_(np.log(0.5))
        truth.controls.coefficient.fill_(0.1)
        total = truth(**panel.inputs(3)).total.numpy()
    level = 0.01 * rng.standard_normal(size).cumsum(1)
    noise = SIGMA * rng.standard_normal(size)
    panel.target[:] = (total + level + noise) * panel.observed
    return panel


def new_module(n_regions):
    torch.manual_seed(0)
    n_course = N_WEEKS if n_regions > 1 else 0
    return MMMModule(Sizes(n_regions, n_course, 1, 1, 0), SHAPE).double()


@pytest.fixture(scope="module")
def data():
    return panel_of(N_REGIONS)


@pytest.fixture
def search(data):
    """Return a factory of searches that begin where nothing has been seen."""

    def make(schedule=ROUNDS, panel=data, tol=1e-6):
        n_regions = len(panel.target)
        penalties = Penalties.usual(
            SHAPE, np.array([0.4]), 0.0, 1.0, HuberNoise(2.0), True
        )
        nothing = Outliers(np.zeros(panel.target.shape), np.ones(panel.target.shape))
        time = initial_hyperparameters(panel.covariance, n_regions)
        hyper = Hyperparameters(time, penalties, nothing)
        return ModeSearch(
            new_module(n_regions), panel, hyper, None, schedule, tol, seed=0
        )

    return make


def test_steps_descend_to_where_the_gradient_is_nothing(search):
    own = search(Schedule(n_rounds=0, n_steps=0, n_last_steps=60), tol=1e-9)
    values = [float(own.value)]
    while not own.finished:
        values.append(own.step())
        own.advance()
    assert (np.diff(values) <= 1e-9).all()
    assert values[-1] < values[0] - 10
    (shared, regional), _ = gradient(own.mode.posterior, own.mode.at, own.still)
    assert shared.abs().max() < 1e-2
    assert regional.abs().max() < 1e-2


def test_a_search_renews_as_often_as_its_schedule_says(search):
    own, renewed, steps = search(), [], 0
    while not own.finished:
        own.step()
        steps += 1
        own.advance()
        renewed.append(own.n_renewals)
    assert renewed[-1] == ROUNDS.n_rounds
    assert sorted(renewed) == renewed
    most = ROUNDS.n_rounds * ROUNDS.n_steps + ROUNDS.n_last_steps
    assert ROUNDS.n_rounds < steps <= most


def test_hyper_parameters_settle_near_the_truth(search):
    mode = search(Schedule(n_rounds=4, n_steps=6, n_last_steps=30)).run()
    np.testing.assert_allclose(mode.hyper.time.sigma, SIGMA, rtol=0.35)
    # A level of a fifth of the noise from week to week: 0.04 of its variance.
    assert 0.005 < mode.hyper.time.regional.parts["level"] < 0.2
    assert mode.at["coefficient"].item() == pytest.approx(0.1, abs=0.03)
    further = search(Schedule(n_rounds=6, n_steps=6, n_last_steps=30)).run()
    np.testing.assert_allclose(
        further.hyper.time.sigma, mode.hyper.time.sigma, rtol=0.02
    )


def test_the_module_has_the_parameters_of_the_mode(search):
    own = search()
    mode = own.run()
    torch.testing.assert_close(own.module.media.log_effect.exp(), mode.at["effect"][0])
    torch.testing.assert_close(
        own.module.controls.coefficient, mode.at["coefficient"][0]
    )


def test_few_renewals_come_as_near_as_many(search, monkeypatch):
    """Those that go further are nearer than those that do not."""

    def found(n_rounds):
        own = search(Schedule(n_rounds=n_rounds, n_steps=6, n_last_steps=30)).run()
        return np.log(own.hyper.time.regional.parts["level"])

    five = found(5)
    monkeypatch.setattr(_mode_search, "extrapolated", lambda *given: given[:2])
    plain, end = found(5), found(25)
    assert abs(five - end) < 0.6 * abs(plain - end)


LONG = Schedule(n_rounds=5, n_steps=3, n_last_steps=30)


@pytest.mark.parametrize(
    ("schedule", "n_steps"), [(ROUNDS, 1), (ROUNDS, 7), (LONG, 6), (LONG, 9)]
)
def test_a_search_that_goes_on_ends_where_one_without_a_pause_does(
    search, schedule, n_steps
):
    whole = search(schedule).run()
    begun = search(schedule)
    for _ in range(n_steps):
        begun.step()
        begun.advance()
    state = copy.deepcopy(begun.state())
    other = search(schedule)
    other.restore(state)
    found = other.run()
    for name, value in whole.at.items():
        assert torch.equal(found.at[name], value), name
    assert found.hyper.time.regional == whole.hyper.time.regional
    assert found.hyper.time.course == whole.hyper.time.course


@pytest.mark.parametrize("n_regions", [1, N_REGIONS])
def test_an_outlier_is_found_and_hardly_moves_the_mode(search, n_regions):
    data = panel_of(n_regions)
    spoiled = data.without(np.zeros(data.target.shape))
    week = int(np.flatnonzero(data.observed[0])[30])
    spoiled.target[0, week] += 20 * SIGMA
    plain, robust = search(panel=data).run(), search(panel=spoiled).run()
    shift = robust.hyper.outliers.shift
    assert shift[0, week] == pytest.approx(20 * SIGMA, rel=0.15)
    shift[0, week] = 0.0
    assert np.abs(shift).max() < SIGMA
    torch.testing.assert_close(
        robust.at["effect"], plain.at["effect"], rtol=0.1, atol=0.01
    )
    np.testing.assert_allclose(
        robust.hyper.time.sigma, plain.hyper.time.sigma, rtol=0.1
    )
