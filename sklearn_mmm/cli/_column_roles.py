"""The roles of a file's columns, and what the caller said of them."""

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass
class Columns:
    """The role of each column.

    Attributes
    ----------
    target : str
    time : str or None
    regions : list of str
        Columns whose labels together are the region.
    media, controls : list of str
    spend : dict
        Column with the money behind each medium that is no money; None where it costs
        nothing.
    outcome_value : str, float or None
        Column with the worth of an outcome unit, or a number.
    left_out : dict
        Name of each other column, and why it is not used.
    reach : dict
        Columns of reach and frequency, by channel that has them.
    """

    target: str = ""
    time: str | None = None
    regions: list[str] = field(default_factory=list)
    media: list[str] = field(default_factory=list)
    controls: list[str] = field(default_factory=list)
    spend: dict[str, str | None] = field(default_factory=dict)
    outcome_value: str | float | None = None
    left_out: dict[str, str] = field(default_factory=dict)
    reach: dict[str, tuple[str, str]] = field(default_factory=dict)

    @property
    def region_column(self) -> str | list[str] | None:
        """What the regressor calls so: a name, or a list where there are several."""
        return self.regions if len(self.regions) > 1 else next(iter(self.regions), None)

    @property
    def taken(self) -> dict[str, str]:
        """The role of each column that has one."""
        roles = {self.target: "target", self.time: "time"}
        roles |= dict.fromkeys(self.regions, "region")
        # Media may be their own money.
        behind = [column for medium, column in self.spend.items() if column != medium]
        roles |= dict.fromkeys(behind, "spend")
        if isinstance(self.outcome_value, str):
            roles[self.outcome_value] = "outcome-value"
        roles |= dict.fromkeys(self.controls, "controls")
        roles |= dict.fromkeys(self.media, "media")
        roles |= dict.fromkeys(sum(self.reach.values(), ()), "reach-frequency")
        return {str(k): v for k, v in roles.items() if k}


@dataclass(frozen=True)
class Wanted:
    """What the caller said about roles; None where nothing was said."""

    target: str | None = None
    time: str | None = None
    regions: Sequence[str] = ()
    media: Sequence[str] | None = None
    controls: Sequence[str] | None = None
    organic: Sequence[str] = ()
    spend: Sequence[str] = ()
    outcome_value: str | None = None
    reach: Sequence[str] = ()
