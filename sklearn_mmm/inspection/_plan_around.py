"""Plans that change some answers of another plan."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class PlanAround:
    """A plan that answers what it does not change as the plan within does.

    Attributes
    ----------
    base : MediaPlan
    """

    base: Any

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self.base, name)
