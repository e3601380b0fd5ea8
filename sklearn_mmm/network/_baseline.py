"""Baseline that all regions share: an intercept and a common course in time."""

import torch
from torch import Tensor, nn


class CommonBaseline(nn.Module):
    r"""Intercept plus a Gaussian-process course common to all regions.

    The course is :math:`L z` with :math:`z \sim N(0, I)` and :math:`L` the Cholesky
    factor of its covariance, which empirical Bayes renews during training; so the
    penalty on :math:`z` is always that of the current covariance.

    Parameters
    ----------
    n_weeks : int
        Weeks of the training panel; 0 where there is no common course.
    """

    factor: Tensor

    def __init__(self, n_weeks: int) -> None:
        super().__init__()
        self.intercept = nn.Parameter(torch.tensor(0.7))
        if n_weeks:
            self.innovation = nn.Parameter(torch.zeros(n_weeks))
        else:
            self.register_buffer("innovation", torch.zeros(0))
        self.register_buffer("factor", torch.eye(n_weeks))

    @property
    def has_course(self) -> bool:
        """Whether regions share a course in time."""
        return self.innovation.numel() > 0

    def forward(self) -> Tensor:
        """Return the baseline, (week,) or a scalar."""
        if not self.has_course:
            return self.intercept
        return self.intercept + self.factor @ self.innovation
