"""From response to money: budgets under constraints."""

from sklearn_mmm.allocation._allocate import allocate_budget
from sklearn_mmm.allocation._best_frequency import best_frequency
from sklearn_mmm.allocation._experiments import plan_experiments
from sklearn_mmm.allocation._frontier import budget_frontier
from sklearn_mmm.allocation._future import make_future
from sklearn_mmm.allocation._inverse import budget_at_marginal_roi, minimize_spend
from sklearn_mmm.allocation._result import BudgetAllocation

__all__ = [
    "BudgetAllocation",
    "allocate_budget",
    "best_frequency",
    "budget_at_marginal_roi",
    "budget_frontier",
    "make_future",
    "minimize_spend",
    "plan_experiments",
]
