from concurrent.futures import ThreadPoolExecutor

import torch

from sklearn_mmm._random import torch_seed


def draw(seed):
    with torch_seed(seed):
        return torch.cat([torch.rand(1) for _ in range(100)])


def test_threads_draw_the_same_as_alone_and_leave_the_generator_as_it_was():
    state = torch.get_rng_state()
    alone = [draw(seed) for seed in range(4)]
    with ThreadPoolExecutor(4) as pool:
        beside = list(pool.map(draw, range(4)))
    assert all(map(torch.equal, alone, beside))
    assert torch.equal(torch.get_rng_state(), state)
