"""An environment of its own for each peer, built on first use and kept in a cache."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

_VERSION = "import sys; print('.'.join(map(str, sys.version_info[:2])))"
_FREEZE = "import importlib.metadata as m, sys; print(m.version(sys.argv[1]))"


@dataclass(frozen=True)
class Peer:
    """A package to stand beside.

    Attributes
    ----------
    title : str
        How it is called.
    package : str
        Name on the package index.
    script : str
        File of ``peer_models`` that fits it.
    requires : tuple of str
        What pip is to install; the package alone if empty.
    pythons : tuple of str
        Versions of Python to try, the best first; empty takes the one that runs.
    why_not : str
        Why it cannot live in an environment of Python, if it cannot.
    """

    title: str
    package: str
    script: str = ""
    requires: tuple[str, ...] = ()
    pythons: tuple[str, ...] = ()
    why_not: str = ""


PEERS = {
    "pymc": Peer(
        "PyMC-Marketing", "pymc-marketing", "pymc_marketing_fit.py",
        pythons=("3.13", "3.12"),
    ),
    "meridian": Peer(
        "Meridian", "google-meridian", "meridian_fit.py", pythons=("3.12", "3.13", "3.11")
    ),
    "deepcausalmmm": Peer("DeepCausalMMM", "deepcausalmmm", "deepcausalmmm_fit.py"),
    "lightweight_mmm": Peer(
        "LightweightMMM", "lightweight_mmm", "lightweight_mmm_fit.py",
        # Its last release calls jax as jax was at that time.
        requires=(
            "lightweight_mmm==0.1.9", "jax==0.4.20", "jaxlib==0.4.20",
            "numpyro==0.13.2", "numpy<2", "scipy<1.13", "pandas<2.2", "arviz<0.18",
            "tensorflow<2.16",
        ),
        pythons=("3.11", "3.10"),
    ),
    "robyn": Peer(
        "Robyn (Python)", "robynpy",
        why_not="its regression is that of R's glmnet: needs R beside Python",
    ),
}  # fmt: skip


class CannotInstallError(RuntimeError):
    """A peer that this machine cannot install; the message says why."""


def cache_folder():
    """Return where environments are kept: $PEER_CACHE, or in the user's cache."""
    if "PEER_CACHE" in os.environ:
        return Path(os.environ["PEER_CACHE"])
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    return cache / "sklearn_mmm" / "peers"


def find_python(versions):
    """Return an interpreter of the first version that is here."""
    if not versions:
        return sys.executable
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    for version in versions:
        names = [shutil.which(f"python{version}")]
        names += sorted(pyenv.glob(f"{version}.*/bin/python"), reverse=True)
        for name in filter(None, names):
            told = subprocess.run(
                [str(name), "-c", _VERSION], capture_output=True, text=True, check=False
            )
            if told.stdout.strip() == version:
                return str(name)
    raise CannotInstallError(f"needs Python {' or '.join(versions)}, which is not here")


def _reason(log):
    """Return the line in which pip says why it gave up."""
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR:")]
    told = [line for line in lines if "Error" in line and not line.startswith("ERROR")]
    found = (told or errors or lines or ["no message"])[-1]
    return found.removeprefix("ERROR: ")[:160]


def _build(peer, folder, timeout):
    """Make the environment, or raise with the reason."""
    python = find_python(peer.pythons)
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run([python, "-m", "venv", str(folder)], check=True)
    command = [str(folder / "bin" / "python"), "-m", "pip", "install", "-q"]
    command += ["--prefer-binary", *(peer.requires or (peer.package,))]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=timeout
        )
    except subprocess.TimeoutExpired:
        raise CannotInstallError(
            f"pip was not done after {timeout / 60:.0f} minutes"
        ) from None
    (folder / "pip.log").write_text(done.stdout + done.stderr, encoding="utf-8")
    if done.returncode:
        raise CannotInstallError(_reason(done.stderr))


def environment(name, timeout=1800):
    """Return the interpreter of a peer's environment, and the peer's version.

    Settings of pip apply, such as a ``PIP_CONSTRAINT`` with the CPU's build of a package.
    What could not be installed is remembered; delete its folder to try again.

    Raises
    ------
    CannotInstallError
        With the reason.
    """
    peer, folder = PEERS[name], cache_folder() / name
    if peer.why_not:
        raise CannotInstallError(peer.why_not)
    python, stamp = folder / "bin" / "python", folder / "peer.json"
    if not stamp.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        reason = None
        try:
            _build(peer, folder, timeout)
        except CannotInstallError as error:
            reason = str(error)
            folder.mkdir(exist_ok=True)
        stamp.write_text(json.dumps({"reason": reason}), encoding="utf-8")
    reason = json.loads(stamp.read_text(encoding="utf-8"))["reason"]
    if reason:
        raise CannotInstallError(reason)
    version = subprocess.run(
        [str(python), "-c", _FREEZE, peer.package],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return str(python), version.stdout.strip()
