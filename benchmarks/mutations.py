"""Mutations: whether near tests fail when a formula of the fit is wrong."""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from _machine import describe_machine

ROOT = Path(__file__).resolve().parents[1]


class Mutation(NamedTuple):
    """A formula and what it is made into, with the tests that stand near it."""

    what: str
    file: str
    right: str
    wrong: str
    tests: str


MUTATIONS = (
    Mutation(
        "an unknown region has the deviation of the last one",
        "network/_group_deviations.py",
        "own = deviation[..., region.clamp_min(0), :] * known",
        "own = deviation[..., region, :]",
        "tests/network tests/estimator/test_regressor.py",
    ),
    Mutation(
        "factors of effects over time do not have the mean 1",
        "network/_modulation.py",
        "        return modulation / mean\n",
        "        return modulation\n",
        "tests/network tests/estimator/test_time_varying.py",
    ),
    Mutation(
        "the loss leaves out what regions share",
        "likelihood/_penalised.py",
        "        innovation = self.decorrelate(innovation)\n",
        "",
        "tests/likelihood tests/posterior tests/training",
    ),
    Mutation(
        "the Gaussian penalty is twice as strong",
        "likelihood/_penalised.py",
        "return 0.5 * (z * z).sum()",
        "return (z * z).sum()",
        "tests/likelihood tests/posterior",
    ),
    Mutation(
        "the gradient of lift tests has the wrong sign",
        "likelihood/_slopes.py",
        'shared = shared - torch.einsum("mes,me->ms", rows, gaps)',
        'shared = shared + torch.einsum("mes,me->ms", rows, gaps)',
        "tests/likelihood tests/posterior tests/estimator/test_lift_tests.py",
    ),
    Mutation(
        "a channel has a say in its own prior scale",
        "likelihood/_penalised.py",
        "others = squares.sum() - squares",
        "others = squares.sum() + 0 * squares",
        "tests/likelihood tests/components/test_prior.py tests/estimator/test_priors.py",
    ),
    Mutation(
        "waves of a season fade with their order, not its fourth power",
        "baseline/_covariance.py",
        "(np.cos(order * angle) / order**power)",
        "(np.cos(order * angle) / order)",
        "tests/baseline",
    ),
    Mutation(
        "whitening of what regions share is half as strong",
        "baseline/_dependence.py",
        "weight = ((1 + squared).rsqrt() - 1) / squared",
        "weight = 0.5 * ((1 + squared).rsqrt() - 1) / squared",
        "tests/baseline tests/likelihood",
    ),
    Mutation(
        "an outlier's statistic counts once, not half its square",
        "baseline/_outliers.py",
        "log_odds = log_odds + 0.5 * t**2 * (1 - 1 / wide)",
        "log_odds = log_odds + 0.5 * np.abs(t) * (1 - 1 / wide)",
        "tests/baseline tests/estimator/test_outliers.py",
    ),
    Mutation(
        "members that are carried on do not learn from new weeks",
        "posterior/_carried_members.py",
        "add(deviation, change, 1.0)",
        "add(deviation, change, 0.0)",
        "tests/posterior tests/estimator/test_partial_fit.py",
    ),
    Mutation(
        "the state's covariance is carried on without what is added",
        "baseline/_block_filter.py",
        "P = moves[k] @ P @ moves[k].mT + added[k] - gain @ gain.mT",
        "P = moves[k] @ P @ moves[k].mT - gain @ gain.mT",
        "tests/baseline",
    ),
)


def first_failure(folder, tests):
    """Return the first test that fails in a copy of the project, or None."""
    options = "-q -x -n0 --no-header -p no:cacheprovider"
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options.split(), *tests.split()],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(folder), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    found = re.search(r"^(?:FAILED|ERROR) (\S+)", done.stdout, re.MULTILINE)
    if done.returncode and found is None:
        raise RuntimeError(done.stdout[-2000:] + done.stderr[-2000:])
    return found and found[1]


def try_out(mutation, folder):
    """Return the first test that fails with a mutation; the file is put back."""
    path = folder / "sklearn_mmm" / mutation.file
    text = path.read_text(encoding="utf-8")
    if text.count(mutation.right) != 1:
        raise ValueError(f"{mutation.file} has not once {mutation.right.strip()!r}")
    path.write_text(text.replace(mutation.right, mutation.wrong), encoding="utf-8")
    try:
        return first_failure(folder, mutation.tests)
    finally:
        path.write_text(text, encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", type=int, nargs="*", help="numbers, from 1")
    args = parser.parse_args()
    print(describe_machine())
    survived = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part in ("sklearn_mmm", "tests", "docs"):
            ignored = shutil.ignore_patterns("__pycache__", "_build")
            shutil.copytree(ROOT / part, folder / part, ignore=ignored)
        shutil.copy(ROOT / "pyproject.toml", folder)
        for i, mutation in enumerate(MUTATIONS, 1):
            if args.only and i not in args.only:
                continue
            start = time.perf_counter()
            found = try_out(mutation, folder)
            survived += found is None
            took = time.perf_counter() - start
            print(f"{i:2} {mutation.file}: {mutation.what}", flush=True)
            print(f"   {found or 'NO TEST FAILS'} ({took:.0f} s)", flush=True)
    return survived


if __name__ == "__main__":
    sys.exit(main())
