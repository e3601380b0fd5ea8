import numpy as np
import pytest
import torch

from sklearn_mmm.baseline._covariance import TimeCovariance, Variances
from sklearn_mmm.baseline._dependence import Decorrelation
from sklearn_mmm.baseline._variances import TimeHyperparameters, kernels_at
from sklearn_mmm.components._adstock import make_adstock
from sklearn_mmm.components._noise import HuberNoise
from sklearn_mmm.components._saturation import make_saturation
from sklearn_mmm.likelihood import _posterior
from sklearn_mmm.likelihood._bounds import at_bound
from sklearn_mmm.likelihood._data import TrainingData
from sklearn_mmm.likelihood._experiments import Experiment, experiment_rows
from sklearn_mmm.likelihood._penalised import Penalties
from sklearn_mmm.likelihood._posterior import Posterior
from sklearn_mmm.likelihood._randomisation import Randomisation
from sklearn_mmm.likelihood._slopes import features, gradient, with_priors
from sklearn_mmm.network import ChannelGroups, MMMModule, ResponseShape, Sizes
from sklearn_mmm.panel._groups import Groups
from sklearn_mmm.posterior import _normal_equations
from sklearn_mmm.posterior._gauss_newton import gauss_newton_step
from sklearn_mmm.posterior._members import no_randomisation
from sklearn_mmm.posterior._normal_equations import NormalEquations
from sklearn_mmm.posterior._parts import (
    explained_by,
    explained_with_share,
    mean_share,
)

# Three cells of two geos and two brands; the fourth is not there.
CROSSED = Groups(np.array([[0, 0], [0, 1], [1, 0]]), (2, 2))


def make_posterior(
    n_regions=3,
    delta=2.0,
    modulated=False,
    experiments=False,
    adstock="geometric",
    saturation="hill",
    l1=0.0,
    groups=None,
    crossed=False,
    seed=0,
):
    """Return the posterior of a panel with gaps, around a module of its own truth."""
    rng = np.random.default_rng(seed)
    n_weeks, n_controls = 30, 2
    n_channels = 2 if groups is None else len(groups.unit)
    observed = rng.random((n_regions, n_weeks)) > 0.1
    data = TrainingData(
        media=rng.random((n_regions, n_weeks, n_channels)),
        controls=rng.standard_normal((n_regions, n_weeks, n_controls)),
        target=np.ones((n_regions, n_weeks)),
        observed=observed,
        position=np.arange(float(n_weeks)),
        covariance=TimeCovariance(0.0, (), True),
        groups=CROSSED if crossed else None,
    )
    n_calendar = data.calendar.shape[1] if modulated else 0
    n_course = n_weeks if n_regions > 1 else 0
    torch.manual_seed(seed)
    module = MMMModule(
        Sizes(n_regions, n_course, n_channels, n_controls, n_calendar),
        ResponseShape(
            make_adstock(adstock), make_saturation(saturation), 4, groups=groups
        ),
        groups=data.groups,
    ).double()
    module.modulation.active = modulated
    with torch.no_grad():
        module.baseline.intercept.fill_(0.7)
        module.media.log_effect.fill_(np.log(0.3))
        module.controls.coefficient.fill_(0.1)
        total = module(**data.inputs(4)).total.numpy()
    noise = 0.05 * rng.standard_normal(total.shape)
    data.target[:] = (total + noise) * observed
    hyper = TimeHyperparameters(
        regional=Variances({"level": 0.01, "intercept": 0.2}, 1.0),
        course=Variances({"level": 1e-4, "shock": 1e-4}, 1.0),
        sigma=np.full(n_regions, 0.05),
        loadings=rng.uniform(0.2, 0.6, (n_regions, 1 if n_regions > 1 else 0)),
    )
    counted = observed & (np.arange(n_weeks) // 8 == 1)
    other = np.where(counted[..., None], 0.1, data.media[..., [1, 0]])
    tests = {
        False: [],
        True: [Experiment((1,), counted, other[..., :1], 3.0, 0.2)],
        "joint": [Experiment((1, 0), counted, other, 3.0, 0.2)],
    }
    sizes = np.linspace(1.0, 2.0, n_regions)
    told = [test.with_groups(groups) for test in tests[experiments]]
    rows = experiment_rows(told, module, data, sizes)
    shape = module.media.shape
    penalties = Penalties.usual(
        shape, np.full(2, 0.4), l1, 1.3, HuberNoise(delta), True
    ).with_dimensions(data.groups)
    kernels = kernels_at(data.covariance, data.position)
    return Posterior(module, data, hyper, penalties, kernels, rows)


def test_groups_count_as_the_covariance_they_give_to_cells():
    posterior = make_posterior(crossed=True)
    at = moved(posterior, 0.2, n_members=1)
    random = no_randomisation(posterior)

    def size(groups):
        of = posterior.prior_residuals(at | {"group_deviation": groups}, random)
        both = of["deviation"], of["group_deviation"]
        return 0.5 * sum(part.square().sum() for part in both)

    # The likeliest deviations of groups by a Newton step: all is quadratic in them.
    start = torch.zeros_like(at["group_deviation"])
    slope = torch.autograd.functional.jacobian(size, start).flatten()
    curvature = torch.autograd.functional.hessian(size, start).reshape(2 * [len(slope)])
    best = size(start) - 0.5 * slope @ torch.linalg.solve(curvature, slope)
    Z = torch.as_tensor(CROSSED.membership)
    sd = posterior.priors["deviation"][1]
    variance = posterior.priors["group_deviation"][1][:: at["effect"].shape[1]] ** 2
    covariance = sd**2 * torch.eye(len(Z)) + (Z * variance) @ Z.T
    deviation = at["deviation"][0]
    expected = 0.5 * (deviation * torch.linalg.solve(covariance, deviation)).sum()
    torch.testing.assert_close(best, expected)


def find_mode(posterior, at, random, n_steps=30):
    value = posterior.objective(at, random)
    for _ in range(n_steps):
        former = value
        at, value, _ = gauss_newton_step(posterior, at, value, random)
        if (former - value).max() < 1e-10:
            break
    return at


def moved(posterior, size, n_members=2, seed=1):
    """Return members around the start, at random."""
    generator = torch.Generator().manual_seed(seed)

    def noise(value):
        shape = n_members, *value.shape[1:]
        return torch.randn(shape, generator=generator, dtype=torch.float64)

    at = posterior.start()
    out = {name: value + size * noise(value) for name, value in at.items()}
    out["effect"] = at["effect"] * (size * noise(at["effect"])).exp()
    if not posterior.regional:
        out["deviation"] = at["deviation"].expand(n_members, -1, -1)
        out["control_deviation"] = at["control_deviation"].expand(n_members, -1, -1)
    return out


def randomise(posterior, at, seed=2):
    generator = torch.Generator().manual_seed(seed)

    def draw(like):
        return torch.randn(like.shape, generator=generator, dtype=torch.float64)

    names = [*posterior.spans, *posterior.regional]
    return Randomisation(
        draw(posterior.innovations(at, posterior.media_together(at)))
        * posterior.observed,
        draw(posterior.gaps(at)),
        {name: draw(at[name]) for name in names if name in posterior.priors},
    )


def negative_gradient(posterior, at, random):
    """Return the objective's negative gradient by automatic differentiation."""
    names = [*posterior.spans, *posterior.regional]
    given = {name: at[name].clone().requires_grad_() for name in names}
    total = posterior.objective(at | given, random).sum()
    slopes = torch.autograd.grad(total, [given[name] for name in names])
    by_name = dict(zip(names, slopes, strict=True))
    shared = torch.cat([by_name[name] for name in posterior.spans], 1)
    own = [by_name[name] for name in posterior.regional]
    own = torch.cat(own, -1) if own else shared.new_zeros(len(shared), 1, 0)
    return -shared, -own


@pytest.mark.parametrize("randomised", [False, True])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"experiments": True},
        {"n_regions": 1, "experiments": True},
        {"experiments": "joint"},
        {"delta": 0.3, "experiments": True},
        {"delta": 1e6},
        {"modulated": True, "experiments": True},
        {"adstock": "delayed", "experiments": True},
        {"adstock": "weibull", "l1": 0.8},
        {"adstock": "binomial", "saturation": "logistic", "experiments": True},
        {"saturation": "none", "experiments": True},
        {"groups": ChannelGroups((0, 0, 1), (3.0, 1.0, 1.0)), "experiments": True},
        {"groups": ChannelGroups((0, 1, 0), (3.0, 1.0, 1.0)), "experiments": "joint"},
        {"groups": ChannelGroups((0, 0, 1)), "modulated": True, "n_regions": 1},
        {"crossed": True, "experiments": True},
    ],
    ids=str,
)
def test_right_hand_side_is_the_negative_gradient(options, randomised):
    posterior = make_posterior(**options)
    at = moved(posterior, 0.2)
    random = randomise(posterior, at) if randomised else no_randomisation(posterior)
    (shared, own), _ = gradient(posterior, at, random)
    expected = negative_gradient(posterior, at, random)
    torch.testing.assert_close(shared, expected[0], rtol=1e-5, atol=1e-4)
    torch.testing.assert_close(own, expected[1], rtol=1e-5, atol=1e-4)


def test_right_hand_side_pushes_a_negative_baseline_up():
    posterior = make_posterior()
    at = moved(posterior, 0.1)
    at["intercept"] = torch.full_like(at["intercept"], -0.02)
    random = no_randomisation(posterior)
    assert (posterior.below(at) > 0).any()
    (shared, _), _ = gradient(posterior, at, random)
    torch.testing.assert_close(
        shared, negative_gradient(posterior, at, random)[0], rtol=1e-5, atol=1e-4
    )


@pytest.mark.parametrize("options", [{"n_regions": 1}, {}, {"crossed": True}], ids=str)
def test_normal_equations_are_symmetric_and_positive(options):
    posterior = make_posterior(experiments=True, **options)
    at = moved(posterior, 0.2, n_members=1)
    at["intercept"] -= 0.75
    system = NormalEquations(posterior, at)
    side, _ = gradient(posterior, at, no_randomisation(posterior))
    matrix = matrix_of(system.multiply, side)
    torch.testing.assert_close(matrix, matrix.T, rtol=1e-9, atol=1e-9)
    assert torch.linalg.eigvalsh(matrix).min() > 0


def matrix_of(multiply, like):
    """Return the matrix by which vectors of the shape of others are multiplied."""
    sizes, columns = [part.numel() for part in like], []
    for unit in torch.eye(sum(sizes), dtype=torch.float64):
        parts = zip(unit.split(sizes), like, strict=True)
        image = multiply(tuple(part.reshape(one.shape) for part, one in parts))
        columns.append(torch.cat([part.flatten() for part in image]))
    return torch.stack(columns)


@pytest.mark.parametrize("lasting", [False, True])
def test_only_parameters_of_two_regions_are_left_out_of_what_is_factorised(lasting):
    posterior = make_posterior()
    rng = np.random.default_rng(0)
    loadings = rng.uniform(-2.0, 4.0, (1 if lasting else 30, 3, 2))
    posterior.decorrelate = Decorrelation(torch.as_tensor(loadings))
    # Whatever is missing in a week has no part in what moves the others.
    posterior.observed = torch.ones_like(posterior.observed)
    at = moved(posterior, 0.2, n_members=1)
    system = NormalEquations(posterior, at)
    side, _ = gradient(posterior, at, no_randomisation(posterior))
    whole = matrix_of(system.multiply, side)
    found = torch.linalg.inv(matrix_of(system.precondition, side))
    n = side[0].numel()
    scale = whole.diagonal().sqrt()
    gap = (found - whole) / scale / scale[:, None]
    assert gap[:n].abs().max() < 1e-6
    alone = system.of_independent_regions()
    independent = torch.linalg.inv(matrix_of(alone.precondition, side))
    torch.testing.assert_close(found[n:, n:], independent[n:, n:])
    assert (independent - whole)[:n, :n].abs().max() > 1.0


@pytest.mark.parametrize("held", [False, True])
@pytest.mark.parametrize(
    "options",
    [{}, {"n_regions": 1}, {"experiments": True}, {"crossed": True}],
    ids=str,
)
def test_solutions_solve_the_normal_equations(options, held):
    posterior = make_posterior(**options)
    at = moved(posterior, 0.2, n_members=1)
    system = NormalEquations(posterior, at)
    side, _ = gradient(posterior, at, no_randomisation(posterior))
    stays = torch.tensor([[held, False]])
    step = system.solve(side, stays)
    assert (step[0][:, :1] == 0).all() == held
    image = system.multiply(step)
    free = slice(int(held), None)
    gap = torch.cat(
        [(side[0] - image[0])[:, free].ravel(), (side[1] - image[1]).ravel()]
    )
    size = torch.cat([side[0].ravel(), side[1].ravel()])
    # Conjugate gradients end at a small share of what they began with.
    assert gap.norm() < (0.1 if len(posterior.target) > 1 else 1e-6) * size.norm()


def test_the_transpose_at_the_mode_is_the_gradient_of_the_fit():
    posterior = make_posterior(modulated=True)
    at = moved(posterior, 0.2, n_members=1)
    random = no_randomisation(posterior)
    side, innovation = gradient(posterior, at, random)
    other = with_priors(posterior, at, random, *(torch.zeros_like(s) for s in side))
    for part, expected, prior in zip(
        NormalEquations(posterior, at).transpose(innovation), side, other, strict=True
    ):
        torch.testing.assert_close(part, expected - prior, rtol=1e-6, atol=1e-6)


def test_normal_equations_are_the_curvature_where_the_fit_is_linear():
    posterior = make_posterior(delta=1e6)
    at = moved(posterior, 0.1, n_members=1)
    at["intercept"] += 1.0
    random = no_randomisation(posterior)
    system = NormalEquations(posterior, at)
    before, _ = gradient(posterior, at, random)
    step = tuple(torch.zeros_like(part) for part in before)
    change = dict(at)
    for name in ("coefficient", "intercept", "innovation"):
        change[name] = at[name] + 0.01
        step[0][:, posterior.spans[name]] = 0.01
    after = negative_gradient(posterior, change, random)
    image = system.multiply(step)
    for new, old, expected in zip(after, before, image, strict=True):
        torch.testing.assert_close(old - new, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("delta", [0.5, 1e6])
@pytest.mark.parametrize("n_regions", [1, 3])
def test_modes_have_a_lower_objective_and_no_gradient(delta, n_regions):
    posterior = make_posterior(n_regions, delta, experiments=True)
    random = no_randomisation(posterior)
    start = moved(posterior, 0.2, n_members=1)
    at = find_mode(posterior, start, random, 200)
    assert posterior.objective(at, random) < posterior.objective(start, random)
    held = at["effect"] <= 1.01 * posterior.least_effect
    for before, after in zip(
        negative_gradient(posterior, start, random),
        negative_gradient(posterior, at, random),
        strict=True,
    ):
        if after.numel():
            if after.dim() == 2:
                # An effect at its lower end wants to fall.
                effect = after[:, posterior.spans["effect"]]
                assert (effect[held] <= 0).all()
                effect[held] = 0.0
            assert after.abs().max() < 1e-3 * before.abs().max()


def test_an_effect_that_wants_to_be_negative_stays_at_its_lower_end():
    posterior = make_posterior()
    media = posterior.inputs["lags"][..., 0, 0]
    posterior.target = (1.5 - 0.5 * media) * posterior.observed
    random = no_randomisation(posterior)
    at = find_mode(posterior, posterior.start(), random)
    assert at["effect"][0, 0] == pytest.approx(float(posterior.least_effect[0]))
    shared, _ = negative_gradient(posterior, at, random)
    assert shared[0, posterior.spans["effect"]][0] < 0


def test_the_mode_does_not_depend_on_the_start():
    posterior = make_posterior(experiments=True)
    random = no_randomisation(posterior)
    ends = []
    for seed in (1, 2):
        at = moved(posterior, 0.05, n_members=1, seed=seed)
        at = find_mode(posterior, at, random, 60)
        ends.append(at)
    first, second = ends
    for name in posterior.spans:
        torch.testing.assert_close(first[name], second[name], rtol=1e-2, atol=1e-2)
    values = [posterior.objective(at, random) for at in ends]
    torch.testing.assert_close(*values, rtol=0, atol=1e-3)


def test_a_test_of_one_campaign_counts_what_it_does_to_the_others():
    groups = ChannelGroups((0, 0, 1))
    posterior = make_posterior(experiments=True, groups=groups)
    rows, media = posterior.experiments, posterior.module.media
    assert rows.part_channel.tolist() == [1, 0]
    at = moved(posterior, 0.2)
    parts = rows.lift_of_parts(media, posterior.media_state(at)).sum(-1)
    # Media of the one are more with the test, so that the other has less of the curve.
    more = (rows.lags[0] - rows.lags[1])[rows.cell_part == 0].sum()
    assert (parts[:, 0] * more > 0).all()
    assert (parts[:, 1] * more < 0).all()


@pytest.mark.parametrize(
    "options",
    [{"n_regions": 1}, {"experiments": True}, {"modulated": True}, {"crossed": True}],
)
def test_single_precision_rounds_the_step(options, monkeypatch):
    monkeypatch.setattr(_normal_equations, "_FEWEST", 0)
    posterior = make_posterior(**options)
    at = posterior.start()
    found = []
    for single in (False, True):
        system = NormalEquations(posterior, at, single)
        assert system.firm
        rhs = system.pull(at, no_randomisation(posterior))
        found.append(system.solve(rhs, at_bound(posterior, at, rhs[0]), 1e-6))
    assert system.slopes.shared.dtype == torch.float32
    for exact, rounded in zip(*found, strict=True):
        assert rounded.dtype == torch.float64
        assert (rounded - exact).norm() <= 1e-4 * exact.norm()
    # It is not the same system after all.
    assert not torch.equal(found[0][0], found[1][0])


def test_few_columns_or_those_that_tell_the_same_ask_for_double_precision(monkeypatch):
    monkeypatch.setattr(_normal_equations, "_FEWEST", 0)
    posterior = make_posterior()
    controls = posterior.inputs["controls"]
    controls[..., 1] = controls[..., 0]
    at = posterior.start()
    assert NormalEquations(posterior, at).firm
    monkeypatch.setattr(_normal_equations, "_FEWEST", 10**6)
    assert not NormalEquations(posterior, at).firm
    monkeypatch.setattr(_normal_equations, "_FEWEST", 0)
    # So little is believed that the prior does not tell them apart either.
    wide = dict.fromkeys(("coefficient", "control_deviation"), (0.0, 1e4))
    posterior.priors = posterior.priors | wide
    assert not NormalEquations(posterior, at).firm


@pytest.mark.parametrize("options", [{}, {"modulated": True}])
def test_what_is_explained_and_its_saturation_are_those_of_passes_of_their_own(options):
    posterior = make_posterior(**options)
    at = moved(posterior, 0.2, n_members=3)
    explained, share = explained_with_share(posterior, at)
    assert torch.equal(explained, explained_by(posterior, at))
    assert torch.equal(share, mean_share(posterior, at))


@pytest.mark.parametrize(
    "options", [{}, {"modulated": True}, {"groups": ChannelGroups((0, 0, 1))}], ids=str
)
def test_regions_read_a_few_at_once_give_what_all_of_them_give(options, monkeypatch):
    posterior = make_posterior(**options)
    at = moved(posterior, 0.1, n_members=1)
    found = []
    for size in (10**9, 1):
        monkeypatch.setattr(_posterior, "_AT_ONCE", size)
        assert len(list(posterior.parts(at))) == (1 if size > 1 else 3)
        columns, media = features(posterior, at)
        explained, share = explained_with_share(posterior, at)
        together = posterior.media_together(at)
        found.append([columns, media, explained, share, together])
    for whole, parts in zip(*found, strict=True):
        torch.testing.assert_close(parts, whole, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(found[1][1], posterior.media(at).sum(-1))
