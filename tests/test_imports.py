"""A fit loads no more than it needs."""

import subprocess
import sys

_FIT = """
import sys
from sklearn_mmm import DeepCausalMMMRegressor
from sklearn_mmm.datasets import make_mmm
X, y, truth = make_mmm(1, 60, 2, random_state=0)
columns = truth.media_columns, truth.control_columns
DeepCausalMMMRegressor(*columns, "region", "week", random_state=0).fit(X, y)
print(*{"sympy", "torch._dynamo", "torch._inductor"} & set(sys.modules))
"""


def test_a_fit_loads_no_compiler():
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", _FIT],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == []
