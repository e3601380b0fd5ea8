"""Signals and full disks: nothing is lost and nothing half-written."""

import os
import resource
import signal
import subprocess
import sys

import numpy as np
import pytest

from sklearn_mmm import make_report
from sklearn_mmm.__main__ import main


@pytest.fixture
def command(panel, tmp_path):
    """Return the arguments of a small report, and its path."""
    X, y, _ = panel
    X.assign(sales=y).head(120).to_csv(tmp_path / "data.csv", index=False)
    out = tmp_path / "report.html"
    args = ["report", str(tmp_path / "data.csv"), "--target", "sales", "--media", "tv"]
    args += ["--region", "region", "--time", "week", "--members", "0", "--quiet"]
    return [*args, "-o", str(out)], out


def run_with_signal(signal_at, number, n_calls, args):
    with signal_at(number, n_calls) as seen:
        status = main(args)
    return status, seen()


def expect_an_interrupted_job(signal_at, command, moments):
    """Check that no report is written or lost, whenever a signal comes."""
    args, out = command
    for former in (False, True):
        if former:
            out.write_text("former", encoding="utf-8")
        for number, expected in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
            for moment in moments:
                assert run_with_signal(signal_at, number, moment, args)[0] == expected
                assert out.exists() == former
                assert len(list(out.parent.iterdir())) == 1 + former
    assert out.read_text(encoding="utf-8") == "former"


def test_signals_early_in_the_command_line(command, signal_at, capsys):
    before = signal.getsignal(signal.SIGTERM)
    expect_an_interrupted_job(signal_at, command, [200, 2000])
    assert signal.getsignal(signal.SIGTERM) is before
    printed = capsys.readouterr()
    assert printed.out == ""
    assert set(printed.err.split()) == {"interrupted", "terminated"}


@pytest.mark.slow
def test_signals_at_ten_moments_of_the_command_line(command, signal_at):
    args, out = command
    status, n_calls = run_with_signal(signal_at, signal.SIGINT, -1, args)
    assert status == 0
    out.unlink()
    moments = np.linspace(200, 0.98 * n_calls, 10).astype(int)
    expect_an_interrupted_job(signal_at, command, moments)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)]
)
def test_signals_from_outside(command, number, status):
    args, out = command
    args = [a for a in args if a != "--quiet"]
    process = subprocess.Popen(
        [sys.executable, "-m", "sklearn_mmm", *args],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )
    process.stderr.read(1)  # the progress bar of the fit has begun
    process.send_signal(number)
    process.communicate(timeout=120)
    assert process.returncode == status
    assert not out.exists()


def test_a_disk_that_is_full_keeps_the_former_report(fitted, tmp_path):
    path = tmp_path / "report.html"
    path.write_text("former", encoding="utf-8")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(OSError, match="File too large"):
            make_report(fitted, path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert [p.read_text(encoding="utf-8") for p in tmp_path.iterdir()] == ["former"]
