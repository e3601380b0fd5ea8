import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from joblib import Parallel, delayed
from threadpoolctl import threadpool_info

from sklearn_mmm import allocate_budget, simulate
from sklearn_mmm._threads import one_thread, side_by_side
from sklearn_mmm.estimator._media_sequence import MediaSequence
from sklearn_mmm.transformers import AdstockHillTransformer


def limits():
    return torch.get_num_threads(), [pool["num_threads"] for pool in threadpool_info()]


@pytest.fixture
def two_threads():
    """Let torch take two threads, and return the limits of the process."""
    former = torch.get_num_threads()
    torch.set_num_threads(2)
    yield limits()
    torch.set_num_threads(former)


def look_inside(before):
    with one_thread():
        assert limits() == (1, [1] * len(before[1]))
        with one_thread():
            assert limits() == (1, [1] * len(before[1]))
        assert limits() == (1, [1] * len(before[1]))
        raise ZeroDivisionError


def test_one_thread_inside_and_as_before_outside(two_threads):
    with pytest.raises(ZeroDivisionError):
        look_inside(two_threads)
    assert limits() == two_threads


@pytest.mark.parametrize("first_leaves_first", [True, False])
def test_overlapping_computations_leave_the_process_as_it_was(
    two_threads, first_leaves_first
):
    both_inside, one_has_left = threading.Barrier(2), threading.Event()

    def compute(leaves_first):
        before = limits()
        with one_thread():
            both_inside.wait()
            if not leaves_first:
                one_has_left.wait()
            inside = limits()
        one_has_left.set()
        return before[0], inside, torch.get_num_threads()

    with ThreadPoolExecutor(2) as pool:
        seen = list(pool.map(compute, [first_leaves_first, not first_leaves_first]))
        after = list(pool.map(lambda _: torch.get_num_threads(), range(2)))
    for _, inside, outside in seen:
        assert inside == (1, [1] * len(two_threads[1]))
        assert outside == 2
    assert after == [2, 2]
    assert limits() == two_threads


def computations(mmm, X):
    """Return every way to compute with a fitted regressor."""
    return {
        "predict": lambda: mmm.predict(X),
        "score": lambda: mmm.score(X, X["tv"]),
        "predict_interval": lambda: mmm.predict_interval(X),
        "decompose": lambda: mmm.decompose(X, coverage=0.8),
        "effects": lambda: mmm.effects("direct", X, coverage=0.8),
        "effects_by_kind": lambda: mmm.effects_by_kind(X)["total"],
        "media_plan": lambda: mmm.media_plan(X).contributions(mmm.media_plan(X).spend),
        "gradient": lambda: mmm.media_plan(X).value_and_gradient(
            mmm.media_plan(X).spend
        )[1],
        "simulate": lambda: simulate(mmm, X, {"tv": 1.2}).by_channel,
        "allocate": lambda: allocate_budget(mmm, X, n_starts=1).spend,
    }


@pytest.fixture
def number_of_threads(monkeypatch):
    """Return the numbers of threads that forward passes have been computed on."""
    seen = set()
    forward = MediaSequence.contributions

    def watched(self, *args):
        seen.add(torch.get_num_threads())
        return forward(self, *args)

    monkeypatch.setattr(MediaSequence, "contributions", watched)
    return seen


def test_every_computation_runs_on_one_thread_and_gives_the_same_bits(
    with_members, holdout, two_threads, number_of_threads
):
    X = holdout[0].reset_index(drop=True)
    results = []
    for n_threads in (1, 2):
        torch.set_num_threads(n_threads)
        found = {k: np.asarray(f()) for k, f in computations(with_members, X).items()}
        assert torch.get_num_threads() == n_threads
        results.append(found)
    for name, one in results[0].items():
        np.testing.assert_array_equal(one, results[1][name], err_msg=name)
    assert number_of_threads == {1}


def predict(mmm, X):
    return mmm.predict_interval(X)


def test_predictions_are_the_same_in_any_number_of_threads(with_members, holdout):
    X = holdout[0]
    expected = with_members.predict_interval(X)
    jobs = Parallel(2, backend="threading")(
        delayed(predict)(with_members, X) for _ in range(4)
    )
    for found in jobs:
        np.testing.assert_array_equal(found, expected)


def fit(mmm, X, y):
    return mmm.fit(X, y).predict(X)


@pytest.mark.parametrize(
    "backend", ["threading", pytest.param("loky", marks=pytest.mark.slow)]
)
def test_fits_are_the_same_in_any_number_of_workers(panel, make_regressor, backend):
    X, y, _ = panel
    X, y = X[:100], y[:100]

    options = {"validation": False, "graph": False, "n_members": 2}

    def jobs():
        return [
            delayed(fit)(make_regressor(random_state=seed, **options), X, y)
            for seed in (0, 1)
        ]

    alone = Parallel(1)(jobs())
    beside = Parallel(2, backend=backend)(jobs())
    np.testing.assert_array_equal(alone, beside)


def test_transformers_learn_on_one_thread(panel, two_threads):
    X, y, _ = panel
    transformer = AdstockHillTransformer(["tv"], "region", "week")
    one = transformer.fit_transform(X, y)
    torch.set_num_threads(1)
    assert one.equals(transformer.fit_transform(X, y))


def test_work_side_by_side_is_on_one_thread_each_and_in_order(two_threads):
    def work(number):
        return number, threading.get_ident(), limits()[0]

    found = side_by_side(work, [(k,) for k in range(6)], 2)
    assert [number for number, *_ in found] == list(range(6))
    assert {n_threads for *_, n_threads in found} == {1}
    assert threading.get_ident() not in {own for _, own, _ in found}
    assert limits() == two_threads
    alone = side_by_side(work, [(0,), (1,)], None)
    assert {own for _, own, _ in alone} == {threading.get_ident()}
