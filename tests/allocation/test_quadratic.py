import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.optimize import LinearConstraint, minimize

from sklearn_mmm.allocation._objective import quantile_weights
from sklearn_mmm.allocation._quadratic import solve_quadratic


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 10_000), n_groups=st.integers(0, 2))
@example(seed=199, n_groups=1).via("a group without channels")
def test_agrees_with_a_general_solver(seed, n_groups):
    rng = np.random.default_rng(seed)
    n = 12
    gradient, curvature = rng.normal(size=n), rng.uniform(0.5, 2, n)
    low, high = -rng.uniform(0.1, 1, n), rng.uniform(0.1, 1, n)
    matrix = np.vstack([np.ones(n), rng.random((n_groups, n)) < 0.5]).astype(float)
    least = np.r_[0.0, np.full(n_groups, -np.inf)]
    most = np.r_[0.0, np.full(n_groups, 0.1)]
    step = solve_quadratic(gradient, curvature, low, high, matrix, least, most)
    assert (step >= low - 1e-12).all()
    assert (step <= high + 1e-12).all()
    assert (matrix @ step <= most + 1e-9).all()
    assert abs(matrix[0] @ step) < 1e-9
    constraints = [LinearConstraint(matrix[:1], 0, 0)]
    if n_groups:
        constraints.append(LinearConstraint(matrix[1:], -np.inf, most[1:]))
    other = minimize(
        lambda d: -(gradient @ d - 0.5 * curvature @ d**2),
        np.zeros(n),
        bounds=list(zip(low, high, strict=True)),
        constraints=constraints,
        method="SLSQP",
        options={"ftol": 1e-14, "maxiter": 300},
    )
    np.testing.assert_allclose(step, other.x, atol=1e-5)


def test_rows_without_coefficients_limit_nothing():
    gradient, one = np.array([0.2, -2.0]), np.ones(2)
    nothing = np.zeros((1, 2)), np.array([-1.0]), np.array([1.0])
    step = solve_quadratic(gradient, one, -one, one, *nothing)
    np.testing.assert_allclose(step, [0.2, -1.0])


def test_quantile_weights():
    values = np.random.default_rng(0).normal(size=2000)
    assert abs(quantile_weights(values, 0.0) @ values - values.mean()) < 1e-12
    for level in (0.05, 0.1, 0.5):
        weights = quantile_weights(values, level)
        assert abs(weights.sum() - 1) < 1e-12
        assert abs(weights @ values - np.quantile(values, level)) < 0.03
