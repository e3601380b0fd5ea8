import ast
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.base import clone

import sklearn_mmm.components
from sklearn_mmm.components import (
    Adstock,
    BinomialAdstock,
    ExponentialSaturation,
    GeometricAdstock,
    HillSaturation,
    LogisticSaturation,
    NoSaturation,
    Prior,
    Saturation,
    WeibullAdstock,
)
from sklearn_mmm.components._adstock import ADSTOCKS
from sklearn_mmm.components._check import check_components
from sklearn_mmm.components._saturation import SATURATIONS
from sklearn_mmm.functional import power

N_LAGS = 6


def parameters(priors, n_members=3, n_channels=2, seed=0):
    """Return draws from priors, (member, channel)."""
    rng = np.random.default_rng(seed)
    return {
        p.name: p.natural(
            p.mean
            + p.sd * torch.as_tensor(rng.standard_normal((n_members, n_channels)))
        )
        for p in priors
    }


def panel(values):
    """Make (member, channel) parameters those of (member, region, week, channel)."""
    return {name: p[:, None, None] for name, p in values.items()}


@pytest.fixture
def media():
    x = torch.as_tensor(np.random.default_rng(1).exponential(size=(3, 4, 5, 2)))
    x[:, 0, :2] = 0.0
    return x


def test_every_class_has_an_alias_and_every_alias_is_public():
    found = {*ADSTOCKS.values(), *SATURATIONS.values()}
    public = {
        getattr(sklearn_mmm.components, n) for n in sklearn_mmm.components.__all__
    }
    assert public == found | {Adstock, Saturation, Prior}


def words_in_code(tree):
    """Return names, and texts other than docstrings in quotes, of a file."""
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef))
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.alias):
            yield node.name
        elif isinstance(node, ast.Constant) and id(node) not in docstrings:
            yield repr(node.value)


def test_a_further_form_touches_its_own_file_and_the_export_alone():
    """No other code knows a built-in form but the two defaults."""
    forms = ADSTOCKS | SATURATIONS
    aliases = set(forms) - {"geometric", "hill", "none"}
    kinds = {forms[alias].__name__ for alias in aliases}
    words = kinds | {repr(alias) for alias in aliases}
    root = Path(sklearn_mmm.__file__).parent
    files = {path for path in root.rglob("*.py") if path.parent.name != "components"}
    knowing = {
        path.name
        for path in files
        if words & set(words_in_code(ast.parse(path.read_text(encoding="utf-8"))))
    }
    assert knowing == {"_intervals.py"}  # numpy's quantiles of that name


@pytest.mark.parametrize("name", SATURATIONS)
def test_closed_derivatives_are_those_of_automatic_differentiation(name, media):
    curve = SATURATIONS[name]()
    given = panel(parameters(curve.priors))
    value, slope, slopes = curve.value_and_derivatives(given, media)
    expected = Saturation.value_and_derivatives(curve, given, media)
    torch.testing.assert_close(value, curve.value(given, media))
    torch.testing.assert_close(value, expected[0])
    torch.testing.assert_close(slope, expected[1])
    assert list(slopes) == [p.name for p in curve.priors]
    for key, derivative in slopes.items():
        torch.testing.assert_close(derivative, expected[2][key])


@pytest.mark.parametrize("name", ADSTOCKS)
def test_closed_derivatives_of_kernels_are_those_of_automatic_differentiation(name):
    kernel = ADSTOCKS[name]()
    given = parameters(kernel.priors_for(N_LAGS))
    weights, slopes = kernel.weights_and_derivatives(given, N_LAGS)
    expected = Adstock.weights_and_derivatives(kernel, given, N_LAGS)
    assert weights.shape == (3, 2, N_LAGS)
    torch.testing.assert_close(weights, kernel.weights(given, N_LAGS))
    for key, derivative in slopes.items():
        torch.testing.assert_close(derivative, expected[1][key])
        # Weights sum to 1 whatever the parameter.
        torch.testing.assert_close(derivative.sum(-1), torch.zeros(3, 2).double())


def test_geometric_derivative_without_decay_by_hand():
    kernel = GeometricAdstock()
    weights, slopes = kernel.weights_and_derivatives({"decay": torch.zeros(1)}, 3)
    assert weights.tolist() == [[1.0, 0.0, 0.0]]
    assert slopes["decay"].tolist() == [[-1.0, 1.0, 0.0]]


def test_binomial_kernel_by_hand():
    kernel = BinomialAdstock()
    weights = kernel.weights({"alpha": torch.tensor([0.5])}, 3)
    torch.testing.assert_close(weights, torch.tensor([[4.0, 3.0, 2.0]]) / 9)
    flat = kernel.weights({"alpha": torch.tensor([1.0])}, 4)
    torch.testing.assert_close(flat, torch.full((1, 4), 0.25))


def test_curves_by_hand():
    x = torch.tensor([0.0, 1.0, 2.0])
    rate = {"rate": torch.tensor(np.log(3.0))}
    found = LogisticSaturation().value(rate, x)
    torch.testing.assert_close(found, torch.tensor([0.0, 0.5, 0.8]))
    found = ExponentialSaturation().value(rate, x)
    torch.testing.assert_close(found, torch.tensor([0.0, 2 / 3, 8 / 9]))
    assert NoSaturation().value({}, x).equal(x)


@pytest.mark.parametrize("name", ["exponential", "hill", "logistic"])
@pytest.mark.parametrize("share", [1e-4, 0.5, 0.999])
def test_inverse_leads_back(name, share):
    curve = SATURATIONS[name]()
    given = {key: p[0] for key, p in parameters(curve.priors).items()}
    wanted = torch.full((2,), share, dtype=torch.float64)
    for inverse in (curve.inverse, lambda p, v: Saturation.inverse(curve, p, v)):
        x = inverse(given, wanted)
        torch.testing.assert_close(curve.value(given, x), wanted, rtol=1e-9, atol=0)
    assert (curve.inverse(given, 1.5) == torch.inf).all()


def test_prior_half_saturation_is_the_same_for_all_curves():
    halves = []
    for name in ("exponential", "hill", "logistic"):
        curve = SATURATIONS[name]()
        middle = {p.name: torch.tensor([p.quantile(0.5)]) for p in curve.priors}
        halves.append(float(curve.inverse(middle, 0.5)))
    np.testing.assert_allclose(halves, np.exp(-0.5), rtol=0.02)


def test_components_are_scikit_learn_estimators():
    curve = HillSaturation(min_slope=1.0)
    assert clone(curve).get_params() == {"min_slope": 1.0}
    assert curve.set_params(min_slope=2.0).priors[1].low == 2.0
    slope = curve.priors[1]
    assert float(slope.natural(torch.tensor(-50.0))) == pytest.approx(2.0)


@pytest.mark.parametrize("saturation", SATURATIONS)
@pytest.mark.parametrize("adstock", ADSTOCKS)
@pytest.mark.parametrize("n_lags", [1, 8])
def test_built_in_components_pass_the_check(adstock, saturation, n_lags):
    check_components(ADSTOCKS[adstock](), SATURATIONS[saturation](), n_lags)


class Root(Saturation):
    bounded = False
    priors = (Prior("exponent", "logit", 0.0, 1.0),)

    def value(self, parameters, x):
        return x ** parameters["exponent"]


class SafeRoot(Root):
    def value(self, parameters, x):
        return power(x, parameters["exponent"])


class Halfway(ExponentialSaturation):
    def value(self, parameters, x):
        return 0.5 * super().value(parameters, x)


class Hump(Root):
    def value(self, parameters, x):
        return x * torch.exp(-parameters["exponent"] * x)


class Offset(Root):
    def value(self, parameters, x):
        return parameters["exponent"] + x


class Total(Root):
    def value(self, parameters, x):
        return (parameters["exponent"] * x).sum(-1)


class Scaled(SafeRoot):
    priors = (Prior("scale", "logit", 0.0, 1.0),)

    def value(self, parameters, x):
        return power(x, parameters["scale"])


class Effect(Scaled):
    priors = (Prior("effect", "logit", 0.0, 1.0),)


class Bare(Saturation):
    priors = Prior("slope", "log", 0.0, 1.0)


class Unnormalised(GeometricAdstock):
    def weights(self, parameters, n_lags):
        return 2 * super().weights(parameters, n_lags)


class Shifted(GeometricAdstock):
    """A subclass whose derivatives are still those of the class above."""

    def weights(self, parameters, n_lags):
        return super().weights(parameters, n_lags).roll(1, -1)


class Negative(GeometricAdstock):
    def weights(self, parameters, n_lags):
        weights = super().weights(parameters, n_lags)
        return 2 * weights[..., [0]] * 0 + weights.flip(-1) * 2 - weights


def test_a_curve_with_finite_derivatives_passes():
    check_components(GeometricAdstock(), SafeRoot(), 4)


@pytest.mark.parametrize(
    ("adstock", "saturation", "error", "message"),
    [
        (None, Root(), ValueError, r"derivative by 'x'.*functional\.power"),
        (None, Halfway(), ValueError, "bounded = False"),
        (None, Hump(), ValueError, "falls somewhere"),
        (None, Offset(), ValueError, "not 0 without media"),
        (None, Total(), ValueError, "has shape"),
        (None, Effect(), ValueError, "'effect' is not unique or is the name"),
        (None, Bare(), TypeError, "tuple of Prior"),
        (None, HillSaturation(-1.0), ValueError, "min_slope.*HillSaturation"),
        (WeibullAdstock(), Scaled(), ValueError, "'scale' is not unique"),
        (Unnormalised(), None, ValueError, "divide them by their sum"),
        (Negative(), None, ValueError, "negative"),
        (Shifted(), None, ValueError, "'weights' differs"),
    ],
)
def test_components_that_would_break_a_fit(adstock, saturation, error, message):
    given = adstock or GeometricAdstock(), saturation or HillSaturation()
    with pytest.raises(error, match=message):
        check_components(*given, 4)


@pytest.mark.parametrize("weeks", [1 / 7, 1.0, 4.35])
def test_what_is_believed_of_a_week_holds_in_other_time_steps(weeks):
    (weekly,) = GeometricAdstock().priors_for(8)
    (prior,) = GeometricAdstock().priors_for(8, weeks)
    assert prior.quantile(0.5) == pytest.approx(weekly.quantile(0.5) ** weeks)
    # To first order, a little to either side of the median.
    for share in (0.49, 0.51):
        expected = weekly.quantile(share) ** weeks
        assert prior.quantile(share) == pytest.approx(expected, rel=0.01)
    _, scale = WeibullAdstock().priors_for(8, weeks)
    assert scale.quantile(0.5) == pytest.approx(1 / weeks)
