"""What the figures were measured on."""

import platform

import sklearn
import torch


def describe_machine():
    """Return one line about processor, threads and versions."""
    return (
        f"{platform.machine()}, {torch.get_num_threads()} torch thread(s), Python "
        f"{platform.python_version()}, torch {torch.__version__}, "
        f"scikit-learn {sklearn.__version__}"
    )
