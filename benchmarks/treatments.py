"""What is no paid channel, and what happens to an outcome: events, reach, campaigns...

Worlds of known truth and a panel of another package, fitted with default settings; each
row is one world and seed, its figure, the limit that it has to keep, and whether it does.
"""

import argparse
import importlib
import warnings

import pandas as pd
from _machine import describe_machine

PARTS = {
    "events": "_treatments_events",
    "reach": "_treatments_reach",
    "shapes": "_treatments_shapes",
    "dimensions": "_treatments_dimensions",
    "value": "_treatments_value",
}


def main():
    """Print a table for each part and how many figures keep their limits."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--seeds", type=int, default=3, metavar="N")
    args = parser.parse_args()
    print(describe_machine())
    tables = []
    for part in args.parts:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            table = importlib.import_module(PARTS[part]).run(range(args.seeds))
        print(f"\n{part}")
        print(table.to_string(index=False, float_format="{:.3f}".format))
        tables.append(table)
    met = pd.concat(tables)["met"]
    print(f"\n{int(met.sum())} of {len(met)} figures keep their limits")


if __name__ == "__main__":
    main()
