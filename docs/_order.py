"""The order in which the gallery shows examples: that in which they are of use."""

FIRST = (
    "quickstart",
    "trust",
    "uncertainty",
    "plan_budget",
    "lift_test",
    "refresh",
    "tune",
    "charts_and_report",
    "many_brands",
    "own_curve",
)


class ReadingOrder:
    """Sort key of files; those that are not named stand last, by name.

    Parameters
    ----------
    folder : str
        Of the examples.
    """

    def __init__(self, folder: str) -> None:
        self.folder = folder

    def __call__(self, name: str) -> tuple[int, str]:
        """Return the place of a file."""
        stem = name.removesuffix(".py")
        place = FIRST.index(stem) if stem in FIRST else len(FIRST)
        return place, name
