"""Random numbers of torch, which has one generator for the whole process."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch

_LOCK = threading.RLock()


@contextmanager
def torch_seed(seed: int) -> Iterator[None]:
    """Draw from torch's generator as if it were new and one's own.

    Threads that draw take turns, and what others have seeded is left as it was.

    Parameters
    ----------
    seed : int
    """
    with _LOCK, torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield
