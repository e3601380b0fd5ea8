import pytest
import torch
from threadpoolctl import threadpool_info

from sklearn_mmm._threads import one_thread


def limits():
    return torch.get_num_threads(), [pool["num_threads"] for pool in threadpool_info()]


def look_inside(before):
    with one_thread():
        assert limits() == (1, [1] * len(before[1]))
        raise ZeroDivisionError


def test_one_thread_inside_and_as_before_outside():
    former = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        before = limits()
        with pytest.raises(ZeroDivisionError):
            look_inside(before)
        assert limits() == before
    finally:
        torch.set_num_threads(former)
