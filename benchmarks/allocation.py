"""Budgets: gain under the truth, the solver's accuracy, time, and curves through tables."""

import argparse
import itertools
import time
import warnings

import numpy as np
import pandas as pd
import torch
from _machine import describe_machine
from scipy.optimize import LinearConstraint, differential_evolution, minimize

from sklearn_mmm import DeepCausalMMMRegressor, ResponseCurveFit, allocate_budget
from sklearn_mmm.allocation._evidence import weigh
from sklearn_mmm.datasets import make_mmm, true_outcome
from sklearn_mmm.inspection._exchanged_plan import exchanged

RANGE = (0.5, 1.5)
# Weeks of a plan after training, and weeks after it that show its carry-over.
PLANNED, AFTER = 13, 8


def fit(X, y, truth, **options):
    """Fit a default model, silently."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return DeepCausalMMMRegressor(
            truth.media_columns,
            truth.control_columns,
            "region",
            "week",
            random_state=0,
            **options,
        ).fit(X, y)


def insert_truth(mmm, truth):
    """Put the true parameters of media into a fitted model."""
    media = mmm.net_.module_.media
    effect = truth.effect.loc[mmm.media_scale_.index].to_numpy()
    relative = np.log(effect / mmm._predictor.scales.outcome[:, None])
    np.testing.assert_allclose(truth.scale.to_numpy(), mmm.media_scale_.to_numpy())
    decay = truth.adstock["decay"].to_numpy().clip(1e-9)
    with torch.no_grad():
        for parameter, value in (
            (media.log_effect, relative.mean(0)),
            (media.deviation, relative - relative.mean(0)),
            (
                media.saturation_half_saturation,
                np.log(truth.half_saturation.to_numpy()),
            ),
            (media.saturation_slope, np.log(truth.slope.to_numpy())),
            (media.adstock_decay, np.log(decay / (1 - decay))),
        ):
            parameter.copy_(torch.as_tensor(value))
    mmm.net_.module_.modulation.active = False


class TrueGain:
    """What multiples of channels' spend in some weeks bring under the truth."""

    def __init__(self, X, truth, planned):
        self.X, self.truth, self.planned = X, truth, planned
        self.channels = truth.media_columns
        self.spend = X.loc[planned, self.channels].sum().to_numpy()
        self.before = true_outcome(truth, X).sum()

    def of_plan(self, spend):
        """Return the gain of a table of spend."""
        changed = self.X.copy()
        changed.loc[self.planned, self.channels] = spend.to_numpy()
        return float(true_outcome(self.truth, changed).sum() - self.before)

    def of_factors(self, factors):
        """Return the gain of multiples by channel."""
        return self.of_plan(self.X.loc[self.planned, self.channels] * factors)

    def optimum(self, n_starts=4):
        """Return the best gain at the same total, by SLSQP with finite differences."""
        share = self.spend / self.spend.sum()
        size = abs(self.before) * 1e-3
        rng = np.random.default_rng(0)
        starts = [np.ones(len(share))]
        starts += [rng.uniform(*RANGE, len(share)) for _ in range(n_starts - 1)]
        found = [
            minimize(
                lambda f: -self.of_factors(f) / size,
                start,
                method="SLSQP",
                bounds=[RANGE] * len(share),
                constraints=[{"type": "eq", "fun": lambda f: f @ share - 1}],
                options={"ftol": 1e-10, "maxiter": 200},
            )
            for start in starts
        ]
        return max(-f.fun * size for f in found if abs(f.x @ share - 1) < 1e-8)


def truth_table(seeds):
    """Gain of plans from fitted models, and from the truth put into a model."""
    print("\ngain over the plan as given, as a share of what the truth's optimum gains")
    print("(20 regions, 8 channels, a plan of 52 weeks, amounts within ±50 %)")
    print(f"{'seed':>4}{'optimum':>12}{'of sales':>10}{'fitted':>9}{'truth in':>10}")
    shares = []
    for seed in range(seeds):
        X, y, truth = make_mmm(20, 156, 8, random_state=seed)
        weeks = X["week"].unique()
        # Eight weeks follow, so that all carry-over is seen.
        planned = X["week"].isin(weeks[96:148])
        gain = TrueGain(X, truth, planned)
        optimum = gain.optimum()
        mmm = fit(X, y, truth)
        row = []
        for prepare in (None, insert_truth):
            if prepare:
                prepare(mmm, truth)
            result = allocate_budget(mmm, X[planned], bounds=RANGE)
            row.append(gain.of_plan(result.spend) / optimum)
        shares.append(row)
        sales = optimum / y[planned].sum()
        print(f"{seed:4d}{optimum:12.4g}{sales:10.1%}{row[0]:9.3f}{row[1]:10.5f}")
    mean = np.mean(shares, axis=0)
    print(f"mean{'':22}{mean[0]:9.3f}{mean[1]:10.5f}")
    print(f" min{'':22}{np.min(shares, 0)[0]:9.3f}{np.min(shares, 0)[1]:10.5f}")


def twin_panel(seed, n_regions, n_weeks):
    """Return a panel whose second channel moves with the first, within 5 %."""
    X, y, truth = make_mmm(n_regions, n_weeks, 4, random_state=seed)
    noise = y - true_outcome(truth, X)
    one, other = truth.media_columns[:2]
    ratio = X.groupby("region")[[one, other]].transform("mean")
    wobble = np.exp(0.05 * np.random.default_rng(seed).standard_normal(len(X)))
    X[other] = X[one] * ratio[other] / ratio[one] * wobble
    return X, true_outcome(truth, X) + noise, truth


def promises(seed, twins=False):
    """What is promised of plans from one panel's model, and what is true."""
    n_regions = (1, 2, 4, 8)[seed % 4]
    n_weeks = 104 + PLANNED + AFTER
    if twins:
        X, y, truth = twin_panel(seed, n_regions, n_weeks)
    else:
        X, y, truth = make_mmm(n_regions, n_weeks, 4, random_state=seed)
    weeks = X["week"].unique()
    train = X["week"].isin(weeks[:104])
    planned = X["week"].isin(weeks[104 : 104 + PLANNED])
    mmm = fit(X[train], y[train], truth, graph=False)
    gain = TrueGain(X, truth, planned)
    plan, channels = X[planned], truth.media_columns
    rows = []

    def add(kind, said, spend):
        low, high = said.gain_interval
        true = gain.of_plan(spend)
        inside = low <= true <= high
        rows.append((seed, kind, said.probability, true, said.expected_gain, inside))

    for kind, bounds in (
        ("best within ±50 %", RANGE),
        ("best within ±20 %", (0.8, 1.2)),
    ):
        result = allocate_budget(mmm, plan, bounds=bounds, n_starts=1)
        add(kind, result, result.spend)
    members = exchanged(mmm, mmm.member_plans(plan))
    total = plan[channels].sum()
    for one, other in itertools.permutations(channels, 2):
        if not total[one] > 0 or not total[other] > 0:
            continue
        moved = 0.2 * min(total[one], total[other])
        spend = plan[channels].copy()
        spend[one] *= 1 - moved / total[one]
        spend[other] *= 1 + moved / total[other]
        said = weigh(members, spend.to_numpy(), channels, 1.0, 0.0, 0.9)
        if said.probability > 0.5:
            add("20 % from one to another", said, spend)
    return rows


def probability_table(panels=40, twins=False):
    """How often plans that are promised to be better are better."""
    print(f"\nplans over {panels} panels of 1 to 8 regions, 4 channels, 104 weeks:")
    if twins:
        print("the second channel moves with the first, within 5 %;")
    print("how often they are truly better, by the probability that was promised")
    names = ["panel", "kind", "promised", "gain", "expected", "inside"]
    rows = [row for seed in range(panels) for row in promises(seed, twins)]
    table = pd.DataFrame(rows, columns=names)
    edges = [0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0]
    table["bin"] = pd.cut(table["promised"], edges)
    table["better"] = table["gain"] > 0
    kinds = [("all", table), *table.groupby("kind", sort=False)]
    print(f"{'plans':<26}{'promised':>12}{'number':>8}{'panels':>8}{'better':>8}")
    for kind, part in kinds:
        for ends, own in part.groupby("bin", observed=True):
            print(
                f"{kind:<26}{ends.left:>6.0%}–{ends.right:<5.0%}{len(own):8d}"
                f"{own['panel'].nunique():8d}{own['better'].mean():8.0%}"
            )
    print(f"in intervals of the gain of 90 %: {table['inside'].mean():.0%}")


def fine_table():
    """Seconds for one amount of each channel, region and week: 50 x 13 x 13."""
    print("\n13 weeks x 50 regions x 13 channels, one start each")
    X, y, truth = make_mmm(50, 91, 13, 2, random_state=0)
    planned = X["week"].isin(X["week"].unique()[-13:])
    options = {"validation": False, "graph": False, "n_members": 0}
    mmm = fit(X[~planned], y[~planned], truth, **options)
    print(
        f"{'amounts':<22}{'number':>8}{'s':>7}{'CPU s':>7}{'violation':>11}{'KKT':>10}"
    )
    for by in ("channel×week", "channel×region×week"):
        wall, cpu = time.perf_counter(), time.process_time()
        result = allocate_budget(mmm, X[planned], by=by, n_starts=1)
        print(
            f"{by:<22}{len(result.table):8d}{time.perf_counter() - wall:7.1f}"
            f"{time.process_time() - cpu:7.1f}{result.max_violation:11.1e}"
            f"{result.kkt_residual:10.1e}  {result.status}"
        )


def evolution_table():
    """The solver beside differential evolution, both on one fitted model."""
    print("\nallocate_budget beside differential_evolution (3 channels, bounds 0 to 3)")
    print(f"{'seed':>4}{'ours':>14}{'evolution':>14}{'ours':>8}{'evol.':>9}  CPU s")
    for seed in range(3):
        X, y, truth = make_mmm(4, 80, 3, random_state=seed)
        mmm = fit(X, y, truth, validation=False)
        start = time.process_time()
        ours = allocate_budget(mmm, X, bounds=(0, 3))
        ours_s = time.process_time() - start
        plan = mmm.media_plan(X)
        share = plan.spend.sum(0) / plan.spend.sum()
        start = time.process_time()
        found = differential_evolution(
            lambda f, plan=plan: -plan.value_and_gradient(plan.spend * f)[0] / 1e6,
            [(0, 3)] * 3,
            constraints=LinearConstraint(share[None], 1 - 1e-9, 1 + 1e-9),
            seed=0,
            tol=1e-10,
            maxiter=300,
        )
        print(
            f"{seed:4d}{ours.objective:14.8g}{-found.fun * 1e6:14.8g}{ours_s:8.2f}"
            f"{time.process_time() - start:9.2f}"
        )


def time_table():
    """CPU seconds on a plan of 13 weeks, 190 regions and 13 channels."""
    print("\n13 weeks x 190 regions x 13 channels")
    X, y, truth = make_mmm(190, 101, 13, 2, random_state=0)
    planned = X["week"].isin(X["week"].unique()[-13:])
    mmm = fit(X[~planned], y[~planned], truth, validation=False, max_epochs=200)
    digital = {"channels": truth.media_columns[:6], "max_share": 0.5}
    print(
        f"{'amounts':<18}{'number':>8}{'CPU s':>7}{'gain':>8}{'violation':>11}{'KKT':>10}"
    )
    for by in ("channel", "channel×week", "channel×region"):
        for groups in (None, {"digital": digital}):
            start = time.process_time()
            result = allocate_budget(mmm, X[planned], by=by, groups=groups)
            seconds = time.process_time() - start
            name = by if groups is None else "  with a group"
            gain = result.gain / result.planned_outcome
            print(
                f"{name:<18}{len(result.table):8d}{seconds:7.2f}{gain:8.1%}"
                f"{result.max_violation:11.1e}{result.kkt_residual:10.1e}  "
                f"{result.status}"
            )


def curve_table():
    """How often ResponseCurveFit is within 5 % of all three parameters."""
    print("\nResponseCurveFit: curves of 100 with all three parameters within 5 %")
    print("(half-saturation at 0.1 to 0.5 of the largest spend, slope 0.7 to 3)")
    print(f"{'noise':<34}{'points':>7}{'within 5 %':>12}{'within 2 s.e.':>15}")
    for noise in ("2 % of the response", "2 % of the top"):
        for n_points in (50, 100, 200):
            rng = np.random.default_rng(0)
            within, covered = 0, []
            for _ in range(100):
                top = rng.uniform(10, 1e5)
                half, slope = rng.uniform(100, 500), rng.uniform(0.7, 3)
                spend = rng.uniform(0, 1000, n_points)
                response = top * spend**slope / (spend**slope + half**slope)
                size = response if "response" in noise else top
                noisy = response + 0.02 * size * rng.standard_normal(n_points)
                curve = ResponseCurveFit().fit(spend, noisy)
                found = curve.top_, curve.half_saturation_, curve.slope_
                error = np.array(found) - (top, half, slope)
                within += (np.abs(error) < 0.05 * np.array((top, half, slope))).all()
                covered.append(np.abs(error) < 2 * curve.std_error_)
            print(f"{noise:<34}{n_points:7d}{within:12d}{np.mean(covered):15.0%}")
    rng = np.random.default_rng(0)
    flagged, relative = 0, []
    for _ in range(100):
        half, slope = rng.uniform(2000, 5000), rng.uniform(0.7, 1.5)
        spend = rng.uniform(0, 1000, 100)
        response = spend**slope / (spend**slope + half**slope)
        noisy = response + 0.02 * response.max() * rng.standard_normal(100)
        curve = ResponseCurveFit().fit(spend, noisy)
        flagged += not curve.saturated_
        relative.append(curve.std_error_["top"] / curve.top_)
    print(
        f"half-saturation at 2 to 5 times the largest spend: {flagged} of 100 are said "
        f"not to be saturated; median standard error of the top {np.median(relative):.0%}"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument(
        "--parts",
        nargs="+",
        default=["truth", "probability", "twins", "evolution", "time", "fine", "curve"],
    )
    parser.add_argument("--panels", type=int, default=40)
    args = parser.parse_args()
    torch.set_num_threads(1)
    print(describe_machine())
    tables = {
        "truth": lambda: truth_table(args.seeds),
        "probability": lambda: probability_table(args.panels),
        "twins": lambda: probability_table(args.panels, twins=True),
        "evolution": evolution_table,
        "time": time_table,
        "fine": fine_table,
        "curve": curve_table,
    }
    for part in args.parts:
        tables[part]()


if __name__ == "__main__":
    main()
