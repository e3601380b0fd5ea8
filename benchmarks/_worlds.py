"""Building blocks of worlds that are not ours: spend, kernels, curves, baselines.

Nothing here knows the model. Everything is drawn relative to a mean outcome of one, and
:meth:`Draft.finish` gives regions their sizes and channels their units.
"""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy import stats

_WEEKS = 365.25 / 7
FREQUENCIES = {"W-MON": _WEEKS, "D": 365.25, "MS": 12.0}


@dataclass(frozen=True)
class World:
    """A panel whose truth is known.

    Attributes
    ----------
    X : DataFrame
        ``region``, ``week`` (the time step), media in spend units, controls; sorted by
        region and time.
    y : Series
        Outcome.
    contributions : DataFrame
        True contribution of each channel to each row, outcome units: what removing the
        channel costs, scaled to sum to what removing all of them costs.
    media, controls : list of str
    horizon : int
        Time steps at the end that are not for fitting.
    year : float
        Time steps per year.
    zero : tuple of str
        Channels without any effect.
    clean : bool
        Whether nothing is odd: these judge the bias of the media share.
    demand_driven : bool
        Whether attribution is impossible from such data.
    reference : str or None
        Kind of the same panel without what is odd about it.
    """

    X: pd.DataFrame
    y: pd.Series
    contributions: pd.DataFrame
    media: list[str]
    controls: list[str]
    horizon: int
    year: float
    zero: tuple[str, ...] = ()
    clean: bool = False
    demand_driven: bool = False
    reference: str | None = None

    @property
    def is_training(self):
        """Whether rows are for fitting."""
        weeks = np.sort(self.X["week"].unique())
        return (self.X["week"] < weeks[-self.horizon]).to_numpy()

    @property
    def national(self):
        """Whether there is one region, by week."""
        return self.X["region"].nunique() == 1 and self.year == _WEEKS


def kernel(kind, *shape, length=60):
    """Return weights by lag, which sum to one."""
    lag = np.arange(length)
    weights = {
        "geometric": lambda decay: decay**lag,
        "delayed": lambda peak, retain: retain ** ((lag - peak) ** 2),
        "weibull": lambda c, scale: stats.weibull_min.pdf(lag + 0.5, c, scale=scale),
        "gamma": lambda a, scale: stats.gamma.pdf(lag + 0.5, a, scale=scale),
        "box": lambda width: (lag < width).astype(float),
    }[kind](*shape)
    return weights / weights.sum()


def curve(kind, bend):
    """Return a response to media that are relative to their mean."""
    return {
        "linear": lambda x: x,
        "log": lambda x: np.log1p(bend * x),
        "exp": lambda x: 1 - np.exp(-bend * x),
        "power": lambda x: x ** (1 / (1 + bend)),
        "logistic": lambda x: 2 / (1 + np.exp(-bend * x)) - 1,
        "michaelis": lambda x: x / (x + 1 / bend),
        "hill": lambda x: x**2 / (x**2 + 1 / bend**2),
    }[kind]


def carried(x, weights):
    """Return media (region, step) carried over by a kernel, from a silent past."""
    out = np.zeros_like(x)
    for lag, weight in enumerate(weights[: x.shape[1]]):
        out[:, lag:] += weight * x[:, : x.shape[1] - lag]
    return out


def walk(rng, shape, persistence, spread):
    """Return a stationary AR(1) process along the last axis."""
    shocks = rng.standard_normal(shape) * spread
    out = shocks.copy()
    for t in range(1, shape[-1]):
        out[..., t] = persistence * out[..., t - 1]
        out[..., t] += np.sqrt(1 - persistence**2) * shocks[..., t]
    return out


def steady_spend(rng, shape, variation=0.35, persistence=0.6):
    """Return spend that is always on, and wanders; mean one."""
    common = walk(rng, shape[1:], persistence, variation)
    own = walk(rng, shape, 0.3, 0.5 * variation)
    return np.exp(common + own - 0.5 * 1.25 * variation**2)


def flights(rng, shape):
    """Return spend in bursts of some weeks with silence between; mean about one."""
    out = np.zeros(shape)
    start = int(rng.integers(0, 8))
    while start < shape[1]:
        length = int(rng.integers(2, 9))
        height = rng.uniform(1, 4)
        burst = height * np.exp(0.2 * rng.standard_normal((shape[0], length)))
        part = out[:, start : start + length]
        part += burst[:, : part.shape[1]]
        start += length + int(rng.integers(2, 12))
    return out / out.mean()


def sporadic(rng, shape):
    """Return spend of gamma size in about half of the weeks; mean about one."""
    on = rng.random(shape[1]) < rng.uniform(0.3, 0.7)
    size = rng.gamma(2.0, 1.0, shape) * on
    return size / max(size.mean(), 1e-9)


def quarterly(rng, shape, year):
    """Return spend by budgets that are set anew each quarter; mean about one."""
    quarter = (np.arange(shape[1]) // (year / 4)).astype(int)
    level = rng.uniform(0.3, 2.0, quarter.max() + 1)[quarter]
    spend = level * np.exp(0.15 * rng.standard_normal(shape))
    return spend / spend.mean()


@dataclass
class Draft:
    """A world in the making; arrays are (region, step), relative to a mean of one."""

    rng: np.random.Generator
    n_regions: int = 1
    n_steps: int = 156
    horizon: int = 13
    frequency: str = "W-MON"
    noise_size: float = 0.0
    spend: dict = field(default_factory=dict)
    effect: dict = field(default_factory=dict)
    controls: dict = field(default_factory=dict)
    given: dict = field(default_factory=dict)

    def __post_init__(self):
        rng = self.rng
        if not self.noise_size:
            self.noise_size = rng.uniform(0.02, 0.06)
        self.size = np.exp(0.8 * rng.standard_normal(self.n_regions))[:, None]
        t = np.arange(self.shape[1])
        slope = rng.uniform(-0.05, 0.15)
        self.trend = np.ones(self.shape) + slope * t / self.n_steps
        self.season = self.fourier(rng.uniform(0.05, 0.15))
        self.noise = self.noise_size * rng.standard_normal(self.shape)
        self.synergy = np.zeros(self.shape)
        price = walk(rng, self.shape, 0.8, 1.0)
        self.controls["price"] = price
        self.control_effect = -rng.uniform(0.0, 0.05) * price

    @property
    def shape(self):
        """Regions and time steps, with those held out."""
        return self.n_regions, self.n_steps + self.horizon

    @property
    def year(self):
        """Time steps per year."""
        return FREQUENCIES[self.frequency]

    def fourier(self, amplitude):
        """Return a season of two exact harmonics, the same for all regions."""
        angle = 2 * np.pi * np.arange(self.shape[1]) / self.year
        phase = self.rng.uniform(0, 2 * np.pi, 2)
        wave = np.cos(angle + phase[0]) + 0.5 * np.cos(2 * angle + phase[1])
        return amplitude * wave * np.ones(self.shape)

    def any_spend(self):
        """Return spend of any of the usual patterns."""
        rng, shape = self.rng, self.shape
        return [
            lambda: steady_spend(rng, shape),
            lambda: flights(rng, shape),
            lambda: sporadic(rng, shape),
            lambda: quarterly(rng, shape, self.year),
        ][rng.integers(4)]()

    def any_kernel(self):
        """Return a kernel that has all but faded after eight weeks."""
        rng = self.rng
        scale = self.year / _WEEKS
        if scale < 0.5:
            return kernel("geometric", rng.uniform(0.0, 0.3))
        longer = 60 * int(np.ceil(scale))
        return [
            lambda: kernel(
                "geometric", rng.uniform(0.0, 0.7) ** (1 / scale), length=longer
            ),
            lambda: kernel("delayed", scale, 0.5 ** (1 / scale**2), length=longer),
            lambda: kernel(
                "weibull", rng.uniform(0.8, 1.8), 2.0 * scale, length=longer
            ),
            lambda: kernel("gamma", 1.5, 1.2 * scale, length=longer),
            lambda: kernel("box", max(1, round(2 * scale)), length=longer),
        ][rng.integers(5)]()

    def any_curve(self):
        """Return a response of any form but straight."""
        kind = ["log", "exp", "power", "logistic", "michaelis", "hill"]
        bend = np.exp(self.rng.uniform(np.log(0.4), np.log(2.0)))
        return curve(kind[self.rng.integers(len(kind))], bend)

    def add(self, name, share, spend=None, weights=None, response=None, factor=1.0):
        """Add a channel that brings a share of the mean outcome.

        ``factor`` (regions or weeks) multiplies the effect, and is part of the share.
        """
        spend = self.any_spend() if spend is None else spend
        weights = self.any_kernel() if weights is None else weights
        response = self.any_curve() if response is None else response
        effect = response(carried(spend, weights)) * factor
        self.spend[name] = spend
        self.effect[name] = share * effect / effect.mean()

    def add_usual(
        self,
        n=None,
        total=None,
        names=("tv", "search", "social", "print", "radio", "display"),
    ):
        """Add channels of uneven shares of the outcome."""
        rng = self.rng
        n = int(rng.integers(3, 6)) if n is None else n
        total = rng.uniform(0.15, 0.45) if total is None else total
        part = rng.dirichlet(np.full(n, 3.0))
        for name, share in zip(names[:n], total * part, strict=True):
            self.add(name, share)

    def expected(self, without=()):
        """Return the mean outcome if some channels were off."""
        media = sum(
            (e for name, e in self.effect.items() if name not in without),
            np.zeros(self.shape),
        )
        both = not {"tv", "search"} & set(without)
        return self.base() + media + (self.synergy if both else 0.0)

    def base(self):
        """Return the outcome without media, such that all means sum to about one."""
        media = sum(e.mean() for e in self.effect.values()) + self.synergy.mean()
        level = max(1.0 - media, 0.1)
        return level * self.trend + self.season * level + self.control_effect

    def finish(self, multiplicative=False, **marks):
        """Return the world."""
        mean = self.multiplied if multiplicative else self.expected
        full = mean()
        lost = {name: full - mean([name]) for name in self.effect}
        joint = full - mean(list(self.effect))
        apart = sum(lost.values())
        joined = np.divide(joint, apart, out=np.ones(self.shape), where=apart > 0)
        y = np.maximum(full + self.noise * (full if multiplicative else 1.0), 0.0)
        unit = 1000.0 * self.size
        keys = self.keys()
        money = {n: self.money(n, x) for n, x in self.spend.items()}
        money |= {n: x.ravel() for n, x in self.given.items()}
        controls = {n: x.ravel() for n, x in self.controls.items()}
        truth = {n: (unit * x * joined).ravel() for n, x in lost.items()}
        truth |= {n: np.zeros(keys.shape[0]) for n in self.given}
        zero = [n for n, x in truth.items() if not x.any()]
        return World(
            X=keys.assign(**money, **controls),
            y=pd.Series((unit * y).ravel(), name="sales"),
            contributions=pd.DataFrame(truth),
            media=list(truth),
            controls=list(controls),
            horizon=self.horizon,
            year=self.year,
            zero=tuple(zero),
            **marks,
        )

    def money(self, name, spend):
        """Return spend in money: regions pay by size, channels have prices."""
        price = 10.0 ** self.rng.uniform(1, 3)
        return (price * self.size * spend).ravel()

    def multiplied(self, without=()):
        """Return the mean outcome if effects multiply."""
        off = sum(
            (e for name, e in self.effect.items() if name not in without),
            np.zeros(self.shape),
        )
        media = sum(e.mean() for e in self.effect.values())
        base = self.trend * np.exp(self.season + self.control_effect)
        return base * np.exp(off - media)

    def keys(self):
        """Return regions and time steps of the rows."""
        time = pd.date_range("2019-01-07", periods=self.shape[1], freq=self.frequency)
        region = [f"r{i:02d}" for i in range(self.n_regions)]
        return pd.DataFrame(
            {
                "region": np.repeat(region, len(time)),
                "week": np.tile(time, self.n_regions),
            }
        )
