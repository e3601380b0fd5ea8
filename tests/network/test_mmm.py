"""Copies of modules, some of whose parts stay the same."""

import torch
from torch import nn

from sklearn_mmm.network import copied


def test_a_copy_has_tensors_of_its_own_but_for_what_is_shared():
    module = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3), nn.GRU(3, 2))
    first, norm, gru = module
    copy = copied(module, [first.bias, gru])
    torch.testing.assert_close(copy.state_dict(), module.state_dict())
    assert copy[0].bias is first.bias
    assert copy[2] is gru
    before = module.state_dict()
    before = {name: value.clone() for name, value in before.items()}
    with torch.no_grad():
        copy[0].weight.zero_()
        copy[1].running_mean.fill_(7.0)
    torch.testing.assert_close(module.state_dict(), before)
    assert copy[0].weight.requires_grad
    assert norm.running_mean is not copy[1].running_mean
