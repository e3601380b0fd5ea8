"""The kinds of worlds: ordinary ones, and what real data do to models.

Each function takes a seed; names are ``kind/variant``.
"""

import zlib
from dataclasses import replace

import numpy as np
from _worlds import Draft, curve, kernel, steady_spend, walk

KINDS = {}


def world(name):
    """Register a function of a seed as a kind of world."""

    def register(make):
        KINDS[name] = make
        return make

    return register


def generator(name, seed):
    """Return random numbers that belong to a kind and a seed alone."""
    return np.random.default_rng([zlib.crc32(name.encode()), seed])


def usual(name, seed, n_regions=1, **options):
    """Return a draft with channels of the usual kind."""
    draft = Draft(generator(name, seed), n_regions, **options)
    draft.add_usual()
    return draft


def _register_sizes():
    for n_regions in (1, 2, 6, 20):

        @world(f"additive/{n_regions}")
        def additive(seed, n_regions=n_regions):
            draft = usual(f"additive/{n_regions}", seed, n_regions)
            return draft.finish(clean=True)

    for n_regions in (6, 20):

        @world(f"regional/{n_regions}")
        def regional(seed, n_regions=n_regions):
            rng = generator(f"regional/{n_regions}", seed)
            draft = Draft(rng, n_regions)
            total, part = rng.uniform(0.2, 0.4), rng.dirichlet(np.full(4, 3.0))
            for name, share in zip(
                ("tv", "search", "social", "radio"), total * part, strict=True
            ):
                factor = np.exp(0.5 * rng.standard_normal((n_regions, 1)))
                draft.add(name, share, factor=factor)
            return draft.finish(clean=True)

    for n_regions in (1, 6):

        @world(f"multiplicative/{n_regions}")
        def multiplicative(seed, n_regions=n_regions):
            draft = usual(f"multiplicative/{n_regions}", seed, n_regions)
            return draft.finish(multiplicative=True)


_register_sizes()

_OUTLIER_PANELS = {"1": 1, "5": 5}


def with_outliers(panel, n_rows, factor, rng):
    """Return the world with some training rows of the outcome multiplied."""
    rows = rng.choice(np.flatnonzero(panel.is_training), n_rows, replace=False)
    y = panel.y.copy()
    y.iloc[rows] *= factor
    return replace(panel, y=y, clean=False)


def _register_outliers():
    for size, n_regions in {**_OUTLIER_PANELS, "20": 20}.items():

        @world(f"outliers/{size}:none")
        def without(seed, size=size, n_regions=n_regions):
            return usual(f"outliers/{size}", seed, n_regions).finish(clean=True)

        cases = [(n, by) for n in (1, 5, 10) for by in (3, 10, 50)]
        for n_rows, factor in cases if n_regions < 20 else [(10, 50)]:
            name = f"outliers/{size}:{n_rows}x{factor}"

            @world(name)
            def outliers(seed, size=size, n_rows=n_rows, factor=factor, name=name):
                panel = KINDS[f"outliers/{size}:none"](seed)
                changed = with_outliers(panel, n_rows, factor, generator(name, seed))
                return replace(changed, reference=f"outliers/{size}:none")


_register_outliers()


@world("always-on/noise")
def always_on_noise(seed):
    rng = generator("always-on/noise", seed)
    draft = Draft(rng, 12, 130)
    draft.add_usual(4)
    draft.given["noise"] = rng.poisson(50_000, draft.shape).astype(float)
    return draft.finish()


@world("always-on/saturating")
def always_on_saturating(seed):
    draft = usual("always-on/saturating", seed)
    spend = steady_spend(draft.rng, draft.shape, 0.12)
    draft.add("brand", 0.045, spend, response=curve("michaelis", 4.0))
    return draft.finish()


@world("always-on/linear")
def always_on_linear(seed):
    rng = generator("always-on/linear", seed)
    draft = Draft(rng)
    for name, share in (("tv", 0.45), ("search", 0.3), ("social", 0.15)):
        spend = steady_spend(rng, draft.shape, 0.07, 0.3)
        weights = kernel("geometric", rng.uniform(0.0, 0.5))
        draft.add(name, share, spend, weights, curve("linear", 1.0))
    return draft.finish()


def kernels(name, seed, chosen, n_regions=1):
    """Return a world in which channels have given kernels."""
    draft = Draft(generator(name, seed), n_regions)
    part = draft.rng.dirichlet(np.full(len(chosen), 4.0))
    total = draft.rng.uniform(0.25, 0.4)
    for (channel, weights), share in zip(chosen.items(), total * part, strict=True):
        draft.add(channel, share, weights=weights)
    return draft.finish()


def _register_kernels():
    quick = kernel("geometric", 0.2)
    late = kernel("delayed", 3, 0.7)
    mixed = {
        "tv": late,
        "radio": kernel("geometric", 0.9),
        "search": quick,
        "social": kernel("box", 3),
    }
    chosen = {
        "delayed": {"tv": late, "print": kernel("delayed", 5, 0.85), "search": quick},
        "long": {
            "radio": kernel("geometric", 0.9),
            "tv": kernel("weibull", 1.2, 9.0),
            "search": quick,
        },
        "mixed": mixed,
        "mixed_6": mixed,
    }
    for name, given in chosen.items():

        @world(f"kernels/{name}")
        def made(seed, name=name, given=given):
            return kernels(f"kernels/{name}", seed, given, 6 if "6" in name else 1)


_register_kernels()


def demand(name, seed, proxy):
    """Return a world whose search is bought in proportion to demand."""
    draft = usual(name, seed)
    rng, shape = draft.rng, draft.shape
    wanted = walk(rng, shape, 0.9, 0.12) + draft.season
    bought = np.exp(2 * wanted + 0.1 * rng.standard_normal(shape))
    draft.spend.pop("search")
    draft.effect.pop("search")
    draft.add("search", 0.03, bought / bought.mean(), kernel("geometric", 0.2))
    draft.noise = draft.noise + wanted - draft.season
    if proxy:
        seen = wanted - draft.season
        draft.controls["demand"] = seen + 0.3 * seen.std() * rng.standard_normal(shape)
    return draft.finish(demand_driven=True)


@world("demand/blind")
def demand_blind(seed):
    return demand("demand", seed, proxy=False)


@world("demand/proxy")
def demand_proxy(seed):
    return demand("demand", seed, proxy=True)


@world("noise/ar1")
def noise_ar1(seed):
    draft = usual("noise/ar1", seed)
    draft.noise = walk(draft.rng, draft.shape, 0.7, 0.06)
    return draft.finish()


@world("noise/t2")
def noise_t2(seed):
    draft = usual("noise/t2", seed)
    draft.noise = 0.03 * draft.rng.standard_t(2, draft.shape)
    return draft.finish()


@world("noise/t2_6")
def noise_t2_panel(seed):
    draft = usual("noise/t2_6", seed, 6)
    draft.noise = 0.03 * draft.rng.standard_t(2, draft.shape)
    return draft.finish()


@world("noise/promotions")
def promotions(seed):
    draft = usual("noise/promotions", seed)
    weeks = draft.rng.choice(draft.shape[1], 12, replace=False)
    draft.noise[:, weeks] += draft.rng.uniform(0.15, 0.45, 12)
    return draft.finish()


def _lockdown(name, seed, n_regions):
    draft = usual(name, seed, n_regions)
    start = int(draft.rng.integers(50, 110))
    draft.noise[:, start : start + 10] -= 0.4
    return draft.finish()


@world("noise/lockdown")
def lockdown(seed):
    return _lockdown("noise/lockdown", seed, 1)


@world("noise/lockdown_6")
def lockdown_panel(seed):
    return _lockdown("noise/lockdown_6", seed, 6)


@world("channels/zero")
def zero_effect(seed):
    draft = usual("channels/zero", seed)
    draft.add("banner", 0.0)
    return draft.finish()


@world("channels/zero_6")
def zero_effect_panel(seed):
    draft = usual("channels/zero_6", seed, 6)
    draft.add("banner", 0.0)
    return draft.finish()


@world("channels/tiny")
def tiny(seed):
    draft = usual("channels/tiny", seed)
    draft.add("banner", 0.003)
    return draft.finish()


@world("channels/constant")
def constant(seed):
    draft = usual("channels/constant", seed)
    draft.add("sponsoring", 0.04, np.ones(draft.shape), kernel("box", 1))
    return draft.finish()


@world("channels/correlated")
def correlated(seed):
    draft = usual("channels/correlated", seed, 2)
    near = draft.spend["tv"] * np.exp(0.1 * draft.rng.standard_normal(draft.shape))
    draft.add("video", 0.06, near / near.mean())
    return draft.finish()


@world("channels/late")
def late_channel(seed):
    draft = usual("channels/late", seed)
    spend = steady_spend(draft.rng, draft.shape)
    spend[:, :110] = 0.0
    draft.add("influencer", 0.03, spend / spend.mean())
    return draft.finish()


@world("synergy/1")
def synergy(seed):
    draft = usual("synergy", seed)
    both = draft.effect["tv"] * draft.effect["search"]
    draft.synergy = 0.08 * both / both.mean()
    return draft.finish()


@world("phase/1")
def in_phase(seed):
    draft = usual("phase", seed)
    wave = draft.season / np.abs(draft.season).max()
    spend = (1 + 0.8 * wave) * np.exp(0.15 * draft.rng.standard_normal(draft.shape))
    draft.add("video", 0.1, spend / spend.mean())
    return draft.finish()


@world("drift/curve")
def drift_along_curve(seed):
    draft = usual("drift/curve", seed)
    growth = np.linspace(0.4, 2.2, draft.shape[1])
    spend = growth * np.exp(0.2 * draft.rng.standard_normal(draft.shape))
    draft.add("video", 0.12, spend / spend.mean(), response=curve("exp", 1.5))
    return draft.finish()


@world("drift/effect")
def drifting_effect(seed):
    draft = usual("drift/effect", seed)
    spend = steady_spend(draft.rng, draft.shape, 0.2, 0.3)
    fading = np.linspace(1.6, 0.4, draft.shape[1])
    draft.add("video", 0.12, spend, response=curve("exp", 1.0), factor=fading)
    return draft.finish()


@world("frequency/daily")
def daily(seed):
    rng = generator("frequency/daily", seed)
    draft = Draft(rng, 1, 540, 28, "D")
    weekday = rng.uniform(-0.1, 0.1, 7)
    draft.season = (
        draft.season + (weekday - weekday.mean())[np.arange(draft.shape[1]) % 7]
    )
    draft.add_usual(4)
    return draft.finish(clean=True)


@world("frequency/monthly")
def monthly(seed):
    draft = usual("frequency/monthly", seed, n_steps=72, horizon=6, frequency="MS")
    return draft.finish(clean=True)


@world("frequency/monthly_6")
def monthly_panel(seed):
    draft = usual("frequency/monthly_6", seed, 6, n_steps=60, horizon=6, frequency="MS")
    return draft.finish(clean=True)
