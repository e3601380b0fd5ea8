"""Planned experiments: true gain of the next plan after each test, and standard errors."""

import argparse
import itertools
import sys
import warnings

import numpy as np
import pandas as pd
import torch
from _machine import describe_machine

from sklearn_mmm import DeepCausalMMMRegressor, allocate_budget, plan_experiments
from sklearn_mmm.allocation._experiment_regions import BEFORE
from sklearn_mmm.datasets import make_mmm, true_outcome

# Weeks of training, of the test, of the plan after it, and of its carry-over.
TRAIN, TEST, PLAN, AFTER = 104, 6, 13, 8
BOUNDS = (0.5, 1.5)
LIFT_TEST = ["channel", "region", "start", "end", "lift", "std_error", "spend_change"]


class World:
    """A panel whose first two channels move together, and a model of its past."""

    def __init__(self, seed, n_regions, n_channels=3):
        n_weeks = TRAIN + TEST + PLAN + AFTER
        X, y, self.truth = make_mmm(n_regions, n_weeks, n_channels, random_state=seed)
        noise = y - true_outcome(self.truth, X)
        rng = np.random.default_rng(seed)
        one, other = self.truth.media_columns[:2]
        ratio = X.groupby("region")[[one, other]].transform("mean")
        wobble = np.exp(0.05 * rng.standard_normal(len(X)))
        X[other] = X[one] * ratio[other] / ratio[one] * wobble
        self.X, self.y = X, true_outcome(self.truth, X) + noise
        self.sigma = noise.groupby(X["region"]).transform("std").to_numpy()
        weeks = X["week"].unique()
        ends = np.cumsum([0, TRAIN, TEST, PLAN])
        self.train, self.test, self.plan = (
            X["week"].isin(weeks[a:b]).to_numpy() for a, b in itertools.pairwise(ends)
        )
        self.mmm = fit(X[self.train], self.y[self.train], self.truth)

    def propose(self, **options):
        """Return planned tests: the next weeks are the test's and the plan's."""
        rows = self.X[self.test | self.plan]
        return plan_experiments(
            self.mmm, rows, bounds=BOUNDS, durations=(4,), **options
        )

    def with_test(self, test):
        """Return the panel in which a test is carried out, and its window's rows."""
        X, channel = self.X.copy(), test["channel"]
        inside = X["week"].between(test["start"], test["end"]).to_numpy(copy=True)
        if test["region"] != "all":
            inside &= X["region"].isin(test["region"]).to_numpy()
        spent = X.loc[inside, channel].sum()
        X.loc[inside, channel] *= max(0.0, 1 + test["spend_change"] / spent)
        return X, inside

    def noise(self, rng):
        """Return fresh noise."""
        return self.sigma * rng.standard_normal(len(self.sigma))

    def measure(self, test, y):
        """Return the lift that an analyst reads off, as the plan says it is read.

        The outcome less what the model says of controls and of media as planned, in
        treated regions less others, less the same before.
        """
        X = self.X
        seen = (self.train | self.test) & (X["week"] <= test["end"]).to_numpy()
        parts = self.mmm.decompose(X[seen])
        known = [*self.mmm.control_columns_, *self.mmm.media_columns_]
        rest = y[seen] - parts[known].sum(axis=1)
        wide = X.loc[seen, ["region", "week"]].assign(rest=rest)
        wide = wide.pivot(index="week", columns="region", values="rest")
        if test["region"] == "all":
            series = wide.sum(axis=1)
        else:
            past = wide.index < test["start"]
            treated = wide[test["region"]].sum(axis=1)
            others = wide.drop(columns=test["region"]).sum(axis=1)
            series = treated - others * treated[past].mean() / others[past].mean()
        duration = int(test["duration"])
        before = series[series.index < test["start"]].iloc[-BEFORE * duration :]
        inside = series[series.index >= test["start"]]
        return float(inside.sum() - duration * before.mean())

    def gain(self, mmm, tested):
        """Return what the next plan of a model truly brings over the one as given."""
        rows = tested[self.plan]
        spend = allocate_budget(mmm, rows, bounds=BOUNDS, n_starts=1).spend
        moved = tested.copy()
        moved.loc[self.plan, self.truth.media_columns] = spend.to_numpy()
        after = true_outcome(self.truth, moved) - true_outcome(self.truth, tested)
        later = tested["week"] > self.X.loc[self.test, "week"].max()
        return float(after[later].sum())

    def after_test(self, test, seed):
        """Carry a test out, refit with it; return error and gain of the next plan."""
        rng = np.random.default_rng(seed)
        tested, inside = self.with_test(test)
        noise = self.noise(rng)
        outcome = true_outcome(self.truth, tested)
        y = (outcome + noise).where(~self.train, self.y)
        lift = self.measure(test, y)
        true = float((outcome - true_outcome(self.truth, self.X))[inside].sum())
        seen = self.train | self.test
        row = pd.DataFrame([test[LIFT_TEST]]).assign(lift=lift)
        mmm = fit(tested[seen], y[seen], self.truth, lift_tests=row, n_members=0)
        return lift - true, self.gain(mmm, tested)

    def without_test(self, seed):
        """Return the gain of the next plan where the weeks just went by."""
        noise = self.noise(np.random.default_rng(seed))
        y = (true_outcome(self.truth, self.X) + noise).where(~self.train, self.y)
        seen = self.train | self.test
        mmm = fit(self.X[seen], y[seen], self.truth, n_members=0)
        return self.gain(mmm, self.X)

    def cost(self, test):
        """Return what a test truly costs: spend more than it brings, in all weeks."""
        tested, _ = self.with_test(test)
        brings = true_outcome(self.truth, tested) - true_outcome(self.truth, self.X)
        return float(test["spend_change"] - brings.sum())


def fit(X, y, truth, lift_tests=None, **options):
    """Fit a model of effects that do not vary with time, silently."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return DeepCausalMMMRegressor(
            truth.media_columns,
            truth.control_columns,
            "region",
            "week",
            graph=False,
            validation=False,
            random_state=0,
            **options,
        ).fit(X, y, lift_tests=lift_tests)


def name_of(test, world):
    """Return the policy that a test follows."""
    place = world.truth.media_columns.index(test["channel"])
    names = ["collinear 1", "collinear 2", "other"]
    return f"{names[place]}, {test['kind']}"


def measure_panel(seed, draws, n_regions, share):
    """Return rows of one panel: policy, cost, promised error, error, gain."""
    world = World(seed, n_regions)
    budget = share * float(world.y[world.plan].sum())
    tests = world.propose(budget=budget)
    best = tests.loc[~tests.duplicated(["channel", "kind"])]
    rows = []
    for draw in range(draws):
        noise = 1000 * seed + draw
        base = world.without_test(noise)
        for place, test in best.iterrows():
            error, gain = world.after_test(test, noise)
            rows.append(
                {
                    "panel": seed,
                    "test": name_of(test, world),
                    "recommended": place == 0,
                    "value": test["value"],
                    "cost": test["cost"],
                    "true_cost": world.cost(test),
                    "promised": test["std_error"],
                    "error": error,
                    "more": gain - base,
                    "sales": float(world.y[world.plan].sum()),
                }
            )
    return rows


def value_table(rows):
    """What the next plan brings more after each test, on average over panels."""
    table = pd.DataFrame(rows)
    print("\ntrue outcome of the next plan after a test less that without one, as a")
    print("share of its sales; a policy makes the same test on every panel where it is")
    print("within the budget, and none elsewhere; net is less what the test truly cost")
    print(
        f"{'policy':<26}{'panels':>8}{'more':>9}{'s.e.':>8}{'promised':>10}"
        f"{'cost':>8}{'true cost':>11}{'net':>9}"
    )
    share = ["value", "cost", "true_cost", "more"]
    table[share] = table[share].div(table["sales"], axis=0)
    panels = table["panel"].unique()
    policies = [("recommended", table[table["recommended"]])]
    policies += list(table.groupby("test"))
    found = []
    for name, own in policies:
        means = own.groupby("panel")[share].mean()
        filled = means.reindex(panels, fill_value=0.0)
        error = filled["more"].std(ddof=1) / np.sqrt(len(panels))
        mean = filled.mean()
        net = mean["more"] - mean["true_cost"]
        found.append((mean["more"], net))
        print(
            f"{name:<26}{len(means):8d}{mean['more']:9.3%}{error:8.3%}"
            f"{mean['value']:10.3%}{mean['cost']:8.3%}{mean['true_cost']:11.3%}"
            f"{net:9.3%}"
        )
    more, net = (np.array(found[0]) > np.array(found[1:])).sum(axis=0)
    print(
        f"the recommended test is better than {more} of {len(found) - 1} others, "
        f"and than {net} net"
    )


def error_table(rows):
    """Promised standard errors beside those of measured lifts."""
    table = pd.DataFrame(rows)
    ratio = table["error"] / table["promised"]
    by_panel = (ratio**2).groupby(table["panel"]).mean() ** 0.5
    print("\nroot mean square of (measured - true lift) / promised standard error")
    print(f"all tests {np.sqrt((ratio**2).mean()):.2f}, by panel", end="")
    print("".join(f" {r:.2f}" for r in by_panel))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--panels", type=int, default=20)
    parser.add_argument("--draws", type=int, default=1)
    parser.add_argument("--regions", type=int, default=6)
    parser.add_argument("--budget", type=float, default=0.02, help="share of sales")
    args = parser.parse_args()
    torch.set_num_threads(1)
    print(describe_machine())
    print(
        f"{args.panels} panels of {args.regions} regions and 3 channels, of which two "
        f"are collinear; a test costs at most {args.budget:.0%} of the plan's sales"
    )
    rows = []
    for seed in range(args.panels):
        rows += measure_panel(seed, args.draws, args.regions, args.budget)
        print(".", end="", file=sys.stderr, flush=True)
    value_table(rows)
    error_table(rows)


if __name__ == "__main__":
    main()
