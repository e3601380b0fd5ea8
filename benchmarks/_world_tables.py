"""Tables by kind, and the limits that are to hold."""

import json
from pathlib import Path

import numpy as np
import pandas as pd


def by_kind(rows):
    """Return means by kind and model."""

    def collect(part):
        return pd.Series(
            {
                "runs": len(part),
                "misallocated": part["misallocated"].mean(),
                "weekly": part["weekly"].mean(),
                "total": part["total"].mean(),
                "coverage": ratio(part, "n_inside", "n_channels"),
                "zero": ratio(part, "zero_reached", "n_zero"),
                "skill": part["skill"].mean(),
                "seconds": part["seconds"].mean(),
            }
        )

    groups = rows.groupby(["kind", "model"], sort=False)
    return groups[rows.columns.tolist()].apply(collect)


def ratio(part, above, below):
    """Return one sum over another; NaN where there is none."""
    if above not in part or not part[below].sum():
        return np.nan
    return part[above].sum() / part[below].sum()


def print_table(rows):
    """Print means by kind: ours in full, what baselines misallocate beside it."""
    table = by_kind(rows)
    models = list(rows["model"].unique())
    first = models[0]
    print(
        f"\n{'kind':<16}{'runs':>5}{'misalloc.':>10}"
        + "".join(f"{m[:11]:>12}" for m in models[1:])
        + f"{'weekly':>8}{'total':>7}{'coverage':>9}{'to zero':>8}{'skill':>7}"
        f"{'harmonics':>10}{'s':>7}"
    )
    harmonics = rows.groupby("kind")["harmonics_skill"].mean()
    for kind in rows["kind"].unique():
        line = table.loc[kind]
        own = line.loc[first]
        others = "".join(f"{line.loc[m, 'misallocated']:12.2f}" for m in models[1:])
        print(
            f"{kind:<16}{own['runs']:5.0f}{own['misallocated']:10.2f}{others}"
            f"{own['weekly']:8.2f}{own['total']:7.2f}{own['coverage']:9.2f}"
            f"{own['zero']:8.2f}{own['skill']:7.2f}{harmonics[kind]:10.2f}"
            f"{own['seconds']:7.1f}"
        )


def outlier_ratios(own):
    """Return what outliers multiply the misallocated share by, and how totals move."""
    found = []
    index = own.set_index(["world", "seed"])
    for _, row in own[own["reference"].notna()].iterrows():
        clean = index.loc[(row["reference"], row["seed"])]
        before, after = json.loads(clean["channels"]), json.loads(row["channels"])
        moved = max(abs(after[c][1] / before[c][1] - 1) for c in before)
        found.append((row["world"], row["misallocated"] / clean["misallocated"], moved))
    return pd.DataFrame(found, columns=["world", "ratio", "moved"])


def better_than_baselines(rows):
    """Return the share of worlds in which the first model misallocates least."""
    wide = rows.pivot_table(
        index=["world", "seed"], columns="model", values="misallocated", sort=False
    )
    first, others = rows["model"].iloc[0], rows["model"].unique()[1:]
    if not len(others):
        return {}
    found = {f"lower than {m}": (wide[first] < wide[m]).mean() for m in others}
    found["lower than all of them"] = (
        wide[first] < wide[list(others)].min(axis=1)
    ).mean()
    return found


def limits(rows):
    """Return what was found beside each limit: name, value, and the limit in words."""
    own = rows[rows["model"] == rows["model"].iloc[0]]
    solvable = own[~own["demand_driven"]]
    kinds = by_kind(solvable)["coverage"].dropna()
    yield (
        "coverage, all kinds",
        ratio(solvable, "n_inside", "n_channels"),
        "0.85 - 0.97",
    )
    if len(kinds):
        worst = kinds.idxmin()[0]
        yield f"coverage, worst kind ({worst})", kinds.min(), ">= 0.75"
    yield (
        "zero-effect intervals at zero",
        ratio(own, "zero_reached", "n_zero"),
        ">= 0.85",
    )
    apart = outlier_ratios(own)
    if len(apart):
        worst = apart.loc[apart["ratio"].idxmax(), "world"]
        yield f"outliers, largest ratio ({worst})", apart["ratio"].max(), "<= 1.25"
        yield "outliers, median ratio", apart["ratio"].median(), ""
        yield "outliers, cases within 1.25", (apart["ratio"] <= 1.25).mean(), "1"
        large = apart[apart["world"] == "outliers/20:10x50"]
        yield "10 rows x50 in 20 x 156, largest move", large["moved"].max(), "< 0.10"
    if "noise_share" in own:
        yield "always-on noise, share of sales", own["noise_share"].mean(), "<= 0.05"
    for name, value in better_than_baselines(rows).items():
        yield name, value, ">= 0.85" if "all" in name else ""
    clean = own[own["clean"]]
    signed = (clean["share"] - clean["true_share"]) / clean["true_share"]
    yield "signed error of media, clean kinds", signed.mean(), "within 0.05"
    yield "misallocated, all", own["misallocated"].mean(), ""
    yield "misallocated, clean kinds", clean["misallocated"].mean(), ""
    yield "misallocated, all but demand-driven", solvable["misallocated"].mean(), ""
    yield "skill of forecasts, mean", own["skill"].mean(), ""
    yield "  of a trend and harmonics", own["harmonics_skill"].mean(), "not above it"
    yield "skill of forecasts, median", own["skill"].median(), ""
    yield "  of a trend and harmonics", own["harmonics_skill"].median(), ""
    yield "CPU seconds, sum", own["seconds"].sum(), ""


def print_limits(rows):
    """Print totals against their limits."""
    print(f"\n{'over all':<52}{'found':>8}   limit")
    for name, value, limit in limits(rows):
        if np.isfinite(value):
            print(f"{name:<52}{value:8.2f}   {limit}")
    _print_failures(rows)


def print_beside(rows):
    """Print two models world by world, and in how many kinds the first is ahead."""
    first, other = rows["model"].unique()
    keys = ["kind", "world", "seed"]
    columns = [c for c in ("misallocated", "skill", "seconds") if c in rows]
    wide = rows.pivot_table(index=keys, columns="model", values=columns, sort=False)
    wide["inside", first], wide["inside", other] = (
        rows[rows["model"] == m].set_index(keys)["n_inside"]
        / rows[rows["model"] == m].set_index(keys)["n_channels"]
        for m in (first, other)
    )
    shown = ["misallocated", "inside", "skill", "seconds"]
    print(f"\n{'world':<26}{'seed':>4}" + "".join(f"{c:>20}" for c in shown))
    print(f"{'':<30}" + f"{first[:9]:>10}{other[:9]:>10}" * len(shown))
    both = wide.dropna()
    for (_, world, seed), row in wide.iterrows():
        print(f"{world:<26}{seed:>4}" + _pairs(row, shown, (first, other)))
    print(f"{'mean':<30}" + _pairs(both.mean(), shown, (first, other)))
    kinds = both["misallocated"].groupby(level="kind").mean()
    ahead = (kinds[first] < kinds[other]).sum()
    worlds = (both["misallocated", first] < both["misallocated", other]).sum()
    print(
        f"\n{first} misallocates less in {ahead} of {len(kinds)} kinds, "
        f"in {worlds} of {len(both)} worlds"
    )
    _print_failures(rows)


def _pairs(row, columns, models):
    return "".join(f"{row[c, m]:10.2f}" for c in columns for m in models)


def _print_failures(rows):
    failed = rows[rows["error"].notna()] if "error" in rows else rows[:0]
    for _, row in failed.iterrows():
        print(f"failed: {row['world']} {row['seed']} {row['model']}: {row['error']}")


def compare(paths):
    """Print runs side by side, on the worlds and seeds that all of them have."""
    runs = {Path(p).stem: pd.read_csv(p) for p in paths}
    keys = ["world", "seed"]
    common = None
    for rows in runs.values():
        have = pd.MultiIndex.from_frame(rows[keys])
        common = have if common is None else common.intersection(have)
    parts = {
        name: rows[pd.MultiIndex.from_frame(rows[keys]).isin(common)]
        for name, rows in runs.items()
    }
    tables = {}
    for name, rows in parts.items():
        own = by_kind(rows[rows["model"] == rows["model"].iloc[0]])
        tables[name] = own.droplevel("model")
    columns = ["misallocated", "total", "coverage", "skill", "seconds"]
    both = pd.concat(tables, axis=1).swaplevel(axis=1)[columns]
    with pd.option_context("display.width", 200, "display.max_columns", 50):
        print(both.to_string(float_format=lambda v: f"{v:.2f}"))
    totals = {
        name: pd.Series(
            {label: value for label, value, _ in limits(rows) if label[0] != " "}
        )
        for name, rows in parts.items()
    }
    print()
    print(pd.DataFrame(totals).to_string(float_format=lambda v: f"{v:.3f}"))
