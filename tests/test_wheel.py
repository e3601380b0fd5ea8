"""What is built installs into fresh environments and works without the repository."""

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

import sklearn_mmm
from sklearn_mmm.datasets import make_mmm

ROOT = Path(sklearn_mmm.__file__).parents[1]
_VERSION = "import sys; print(*sys.version_info[:2], sys.executable)"
_IMPORT = """
import sys, time
start = time.perf_counter()
import joblib, narwhals, pandas, plotly.graph_objects, scipy.optimize, skorch, torch
import plotly.subplots, scipy.stats, sklearn.ensemble, sklearn.pipeline
import sklearn.model_selection
middle = time.perf_counter()
import sklearn_mmm
print(middle - start, time.perf_counter() - middle)
"""

pytestmark = pytest.mark.slow


def run(*command, **options):
    """Run a command and return what it prints."""
    env = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    done = subprocess.run(
        [str(part) for part in command],
        capture_output=True,
        text=True,
        check=False,
        env=env | {"OMP_NUM_THREADS": "1"},
        **options,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def interpreters():
    """Return the oldest and the newest Python from 3.11 that can be found."""
    names = [shutil.which(f"python3.{minor}") for minor in range(11, 20)]
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    names += sorted(pyenv.glob("versions/3.*/bin/python"))
    found = {}
    for name in [sys.executable, *names]:
        if not name:
            continue
        try:
            told = subprocess.run(
                [str(name), "-c", _VERSION], capture_output=True, text=True, check=True
            )
        except (OSError, subprocess.CalledProcessError):
            continue
        major, minor, path = told.stdout.split(maxsplit=2)
        if (int(major), int(minor)) >= (3, 11):
            found.setdefault((int(major), int(minor)), path.strip())
    return [found[min(found)], found[max(found)]]


OLDEST, NEWEST = interpreters()


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Return the folder with wheel and sdist."""
    pytest.importorskip("build")
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--outdir", folder, ROOT)
    return folder


@pytest.fixture(scope="module", params=[OLDEST, NEWEST], ids=["oldest", "newest"])
def installed(request, built, tmp_path_factory):
    """Return the programs of a fresh environment with the wheel in it."""
    folder = tmp_path_factory.mktemp("venv")
    run(request.param, "-m", "venv", folder)
    pip = [folder / "bin" / "python", "-m", "pip", "install", "-q"]
    [wheel] = built.glob("*.whl")
    run(*pip, "-c", ROOT / "constraints.txt", wheel)
    return folder / "bin"


def test_the_wheel_holds_the_package_and_nothing_else(built):
    [wheel] = built.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0].split("-")[0] for name in names} == {"sklearn_mmm"}
    assert {"sklearn_mmm/py.typed", "sklearn_mmm/report/page.css"} <= set(names)


def test_the_sdist_can_build_the_documentation(built):
    [sdist] = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {n.split("/", 1)[1] for n in archive.getnames() if "/" in n}
    assert {"docs/conf.py", "README.md", "LICENSE", "Makefile", "llms.txt"} <= names


def test_from_a_file_to_a_report_and_a_plan(installed, tmp_path):
    X, y, _ = make_mmm(2, 60, 2, random_state=0)
    X.assign(sales=y).to_csv(tmp_path / "sales.csv", index=False)
    program = installed / "sklearn-mmm"
    run(program, "report", "sales.csv", "--target", "sales", "--save", "m.mmm",
        cwd=tmp_path)  # fmt: skip
    assert (tmp_path / "report.html").stat().st_size > 1e6
    run(program, "plan", "m.mmm", cwd=tmp_path)


def test_importing_takes_hardly_longer_than_the_dependencies(installed, tmp_path):
    run(installed / "python", "-c", _IMPORT, cwd=tmp_path)  # compiles and caches
    times = [
        [
            float(x)
            for x in run(installed / "python", "-c", _IMPORT, cwd=tmp_path).split()
        ]
        for _ in range(3)
    ]
    theirs, ours = (min(t[i] for t in times) for i in (0, 1))
    assert ours < 0.5 * theirs, (ours, theirs)
