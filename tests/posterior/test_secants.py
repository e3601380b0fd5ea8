from types import SimpleNamespace

import pytest
import torch

from sklearn_mmm.posterior._secants import Secants

N = 6


@pytest.fixture(scope="module")
def curvature():
    torch.manual_seed(0)
    root = torch.randn(N, N).double()
    return root @ root.T + torch.eye(N).double()


def walk(curvature, n_steps):
    """Return secants of some steps on a quadratic by a matrix that is too simple."""
    posterior = SimpleNamespace(
        spans={"effect": slice(0, N)}, regional=(), target=torch.zeros(2, 3)
    )
    secants, at = Secants(), torch.linspace(1.0, 2.0, N).double()[None]
    for _ in range(n_steps):
        pull = -at @ curvature, at.new_zeros(1, 2, 0)
        secants.see(posterior, {"effect": at}, pull)
        rhs, shares = secants.before(pull)
        at = at + secants.after(solve(curvature, rhs), shares)[0]
    return secants, at


def solve(curvature, rhs):
    return rhs[0] / curvature.diagonal(), rhs[1]


def test_a_step_that_was_taken_answers_its_change_of_the_gradient(curvature):
    secants, _ = walk(curvature, 4)
    pair = secants.pairs[-1]
    rhs, shares = secants.before(pair.change)
    found = secants.after(solve(curvature, rhs), shares)
    torch.testing.assert_close(found[0], pair.step[0])


def test_steps_converge_where_those_of_the_matrix_alone_do_not(curvature):
    _, end = walk(curvature, 30)
    assert end.abs().max() < 1e-6
    alone = torch.eye(N) - curvature / curvature.diagonal()[:, None]
    assert torch.linalg.eigvals(alone).abs().max() > 1


def test_only_some_steps_are_remembered_and_none_of_negative_curvature(curvature):
    assert len(walk(curvature, 9)[0].pairs) == 5
    assert not walk(-curvature, 2)[0].pairs


def test_without_steps_before_the_system_alone_counts(curvature):
    pull = torch.ones(1, N).double(), torch.zeros(1, 2, 0)
    rhs, shares = Secants().before(pull)
    assert rhs is pull
    assert not shares
    assert Secants().after(rhs, shares) is pull
