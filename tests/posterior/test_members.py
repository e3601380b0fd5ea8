import numpy as np
import pytest
import torch

from sklearn_mmm.baseline._covariance import TimeCovariance, Variances
from sklearn_mmm.baseline._variances import TimeHyperparameters, kernels_at
from sklearn_mmm.components import GeometricAdstock, HillSaturation
from sklearn_mmm.components._noise import HuberNoise
from sklearn_mmm.likelihood._data import TrainingData
from sklearn_mmm.likelihood._penalised import Penalties
from sklearn_mmm.likelihood._posterior import Posterior
from sklearn_mmm.network import MMMModule, ResponseShape, Sizes
from sklearn_mmm.posterior import _gauss_newton, _members
from sklearn_mmm.posterior._carried_members import carried_members, deviations_of
from sklearn_mmm.posterior._gauss_newton import gauss_newton_step
from sklearn_mmm.posterior._members import draw_members, no_randomisation
from sklearn_mmm.training._condition import baseline_of, media_and_controls

LINEAR = ("coefficient", "intercept", "innovation", "control_deviation")
N_DRAWS = 400
NOISE = HuberNoise(1e6)


class Linear:
    """A panel without any media: its posterior is Gaussian."""

    def __init__(self, n_known=20):
        rng = np.random.default_rng(0)
        n_regions, n_weeks, n_controls = 3, 20, 2
        controls = rng.standard_normal((n_regions, n_weeks, n_controls))
        noise = 0.05 * rng.standard_normal((n_regions, n_weeks))
        observed = rng.random((n_regions, n_weeks)) > 0.1
        target = (1.0 + controls @ [0.1, -0.05] + noise) * observed
        self.data = TrainingData(
            media=np.zeros((n_regions, n_known, 1)),
            controls=controls[:, :n_known],
            target=target[:, :n_known],
            observed=observed[:, :n_known],
            position=np.arange(float(n_known)),
            covariance=TimeCovariance(0.0, (), True),
        )
        self.hyper = TimeHyperparameters(
            regional=Variances({"level": 0.01, "intercept": 0.2}, 1.0),
            course=Variances({"level": 1e-4, "shock": 1e-4}, 1.0),
            sigma=np.array([0.04, 0.05, 0.06]),
            loadings=np.array([[0.3], [0.5], [-0.2]]),
        )
        shape = ResponseShape(GeometricAdstock(), HillSaturation(), 2)
        sizes = Sizes(n_regions, n_known, 1, n_controls, 0)
        self.module = MMMModule(sizes, shape).double()
        penalties = Penalties.usual(shape, np.array([0.4]), 0.0, 1.0, NOISE, False)
        kernels = kernels_at(self.data.covariance, self.data.position)
        self.posterior = Posterior(
            self.module, self.data, self.hyper, penalties, kernels
        )
        none = no_randomisation(self.posterior)
        at = self.posterior.start()
        value = self.posterior.objective(at, none)
        for _ in range(30):
            at, value, _ = gauss_newton_step(self.posterior, at, value, none)
        self.mode = at

    def vector(self, at):
        return torch.cat([at[name].flatten(1) for name in LINEAR], 1)

    def covariance(self):
        """Return the posterior covariance from derivatives of innovations."""
        posterior, mode = self.posterior, self.mode
        media = posterior.media_together(mode).detach()

        def innovations(*values):
            at = mode | dict(zip(LINEAR, values, strict=True))
            return posterior.innovations(at, media).flatten()

        slopes = torch.autograd.functional.jacobian(
            innovations, tuple(mode[name] for name in LINEAR)
        )
        columns = torch.cat([slope.flatten(1) for slope in slopes], 1)
        precise = [
            torch.full(
                (mode[name].numel(),),
                posterior.priors[name][1] ** -2.0 if name in posterior.priors else 0.0,
            )
            for name in LINEAR
        ]
        return torch.linalg.inv(columns.T @ columns + torch.diag(torch.cat(precise)))

    def members(self, n):
        """Return the mode's baseline and members around it."""
        self.posterior.install(self.module, self.mode, 0)
        explained = media_and_controls(self.module, self.data, 20)
        baseline = baseline_of(self.module, self.hyper, self.data, explained, NOISE)
        inputs = self.data.inputs(self.module.media.max_lag)
        return baseline, _members.make_members(
            self.posterior, self.mode, self.draws(n), self.data, baseline, inputs
        )

    def draws(self, n=N_DRAWS, seed=0, **options):
        return draw_members(self.posterior, self.mode, n, seed, 2, **options)


@pytest.fixture(scope="module")
def linear():
    return Linear()


@pytest.fixture(scope="module")
def draws(linear):
    return linear.draws()


def test_members_spread_as_the_gaussian_posterior(linear, draws):
    covariance = linear.covariance()
    deviation = linear.vector(draws) - linear.vector(linear.mode)
    expected = covariance.diagonal().sqrt()
    # The standard deviation of N draws has a relative error of 1 / sqrt(2 N).
    np.testing.assert_allclose(
        deviation.std(0) / expected, 1.0, atol=4.5 / np.sqrt(2 * N_DRAWS)
    )
    assert (deviation.mean(0) / expected).abs().max() < 4.5 / np.sqrt(N_DRAWS)
    distance = torch.einsum(
        "mi,ij,mj->m", deviation, torch.linalg.inv(covariance), deviation
    )
    size = deviation.shape[1]
    error = np.sqrt(2 / (size * N_DRAWS))
    assert distance.mean() / size == pytest.approx(1.0, abs=4 * error)


def test_without_data_members_are_draws_from_the_prior(linear, draws):
    priors = linear.module.media.shape.priors
    assert len(priors) == 3
    for name, prior in priors.items():
        spread = 4.5 / np.sqrt(2 * N_DRAWS)
        assert draws[name].std() == pytest.approx(prior.sd, rel=spread)


def test_widening_scales_the_spread(linear):
    mode = linear.vector(linear.mode)
    narrow, wide = (
        linear.vector(linear.draws(8, widening=widening)) - mode
        for widening in (1.0, 1.5)
    )
    scale = linear.covariance().diagonal().sqrt()
    np.testing.assert_allclose(wide / scale, 1.5 * narrow / scale, atol=0.05)


def test_seeds_make_members(linear):
    first, again, other = (linear.draws(4, seed=seed) for seed in (0, 0, 1))
    for name, value in first.items():
        assert torch.equal(value, again[name])
    assert not torch.equal(first["coefficient"], other["coefficient"])
    assert not torch.equal(first["coefficient"][0], first["coefficient"][1])


def test_members_of_large_panels_take_a_step_of_their_own(linear, monkeypatch):
    together = linear.vector(linear.draws(4))
    taken = []

    def step(posterior, at, value, random, *options):
        taken.append(len(value))
        return gauss_newton_step(posterior, at, value, random, *options)

    monkeypatch.setattr(_gauss_newton, "gauss_newton_step", step)
    monkeypatch.setattr(_gauss_newton, "AT_ONCE", 1)
    alone = linear.vector(linear.draws(4))
    assert taken == [1] * 4
    # The same modes, since the model is linear.
    scale = linear.covariance().diagonal().sqrt()
    assert ((alone - together) / scale).abs().max() < 0.05


@pytest.mark.parametrize("n_members", [1, 7])
def test_batches_do_not_change_the_number_of_members(linear, n_members, monkeypatch):
    monkeypatch.setattr(_members, "_BATCH_SIZE", 3 * linear.data.media.size)
    _, members = linear.members(n_members)
    assert len(members) == n_members
    coefficients = {tuple(m.module.controls.coefficient.tolist()) for m in members}
    assert len(coefficients) == n_members


def test_members_have_baselines_of_their_own(linear):
    baseline, members = linear.members(3)
    region, position = np.zeros(5, int), np.arange(18.0, 23.0)
    found = np.array([m.baseline.predict(region, position) for m in members])
    assert np.ptp(found, axis=0).min() > 0
    assert np.abs(found - baseline.predict(region, position)).max() < 0.5


def test_members_that_are_carried_on_spread_as_those_drawn_with_all_weeks(linear):
    former = Linear(16)
    drawn = former.draws(widening=_members.WIDENING)
    deviations = {name: drawn[name] - former.mode[name] for name in drawn}
    factor = former.posterior.common_columns[:, 1:]
    deviations["innovation"] = deviations["innovation"] @ factor.T
    found = carried_members(
        linear.posterior, linear.mode, deviations, np.arange(3), 1.0, 16, 1
    )
    covariance = _members.WIDENING**2 * linear.covariance()
    deviation = linear.vector(found) - linear.vector(linear.mode)
    expected = covariance.diagonal().sqrt()
    np.testing.assert_allclose(
        deviation.std(0) / expected, 1.0, atol=4.5 / np.sqrt(2 * N_DRAWS)
    )
    inverse = torch.linalg.inv(covariance)
    distance = torch.einsum("mi,ij,mj->m", deviation, inverse, deviation)
    size = deviation.shape[1]
    error = np.sqrt(2 / (size * N_DRAWS))
    assert distance.mean() / size == pytest.approx(1.0, abs=4 * error)
    # What former weeks have said of is as uncertain in the same direction still.
    before, after = deviations["coefficient"], found["coefficient"]
    both = torch.corrcoef(torch.stack([before[:, 0], after[:, 0]]))
    assert both[0, 1] > 0.7


def test_carried_deviations_follow_regions_and_the_unit_of_the_outcome(linear):
    deviations = {name: torch.zeros_like(v) for name, v in linear.mode.items()}
    deviations["coefficient"] = torch.tensor([[0.1, 0.2]], dtype=torch.float64)
    own = torch.arange(6.0, dtype=torch.float64).reshape(1, 3, 2)
    deviations["control_deviation"] = own
    known = linear.posterior, linear.mode, deviations
    # Without weeks that are new.
    found = carried_members(*known, np.array([2, 0, 1]), 1.5, 20, 0)
    moved = found["control_deviation"] - linear.mode["control_deviation"]
    torch.testing.assert_close(moved, own[:, [2, 0, 1]])
    moved = found["coefficient"] - linear.mode["coefficient"]
    torch.testing.assert_close(moved, 1.5 * deviations["coefficient"])


def test_deviations_are_those_of_the_members_modules(linear, draws):
    linear.posterior.install(linear.module, linear.mode, 0)
    modules = [linear.posterior.module_of(draws, m) for m in range(3)]
    found = deviations_of(modules, linear.module)
    for name in ("coefficient", "intercept", "control_deviation"):
        expected = draws[name][:3] - linear.mode[name]
        torch.testing.assert_close(found[name], expected)
    course = linear.posterior.course(draws)[:3] - linear.posterior.course(linear.mode)
    torch.testing.assert_close(found["innovation"], course)
