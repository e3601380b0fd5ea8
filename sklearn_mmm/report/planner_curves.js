"use strict";

/* What money brings at one level of the planner, and the best split of a total. */
const plannerCurves = (data, level) => {
  const { cells, organic } = level;
  const nWorlds = organic.length;
  const nPieces = cells[0].values[0].length - 1;
  const planned = cells.map((cell) => cell.planned);
  const sum = (values) => values.reduce((a, b) => a + b, 0);

  /* ------------------------------------------------- curves: report/_planner.py */

  /* The cubic of the piece in which the square root of the multiple lies. */
  function place(c, money) {
    const t = Math.sqrt(Math.max(money, 0) / planned[c] / data.reach) * nPieces;
    const piece = Math.min(Math.floor(t), nPieces - 1);
    return [piece, t - piece];
  }

  function brought(c, money, world = 0) {
    const [i, u] = place(c, money);
    const v = cells[c].values[world];
    const s = cells[c].slopes[world];
    const w = 1 - u;
    return (
      v[i] * (1 + 2 * u) * w * w +
      v[i + 1] * u * u * (3 - 2 * u) +
      ((s[i] * w - s[i + 1] * u) * u * w) / nPieces
    );
  }

  /* Outcome units per further spend unit; at no spend, of the first cent. */
  function marginal(c, money) {
    const at = Math.max(money, planned[c] * 1e-4);
    const [i, u] = place(c, at);
    const v = cells[c].values[0];
    const s = cells[c].slopes[0];
    const byU =
      6 * u * (1 - u) * (v[i + 1] - v[i]) +
      (s[i] * (1 - u) * (1 - 3 * u) + s[i + 1] * u * (3 * u - 2)) / nPieces;
    const t = Math.sqrt(at / planned[c] / data.reach);
    return (byU * nPieces) / (2 * t * data.reach * planned[c]);
  }

  function outcome(money, world = 0) {
    return money.reduce((total, m, c) => total + brought(c, m, world), organic[world]);
  }

  /* The k-th of n members has k / (n + 1) of the distribution below it. */
  function quantile(values, share) {
    const sorted = [...values].sort((a, b) => a - b);
    const at = Math.min(Math.max(share * (sorted.length + 1) - 1, 0), sorted.length - 1);
    const low = Math.floor(at);
    const high = Math.min(low + 1, sorted.length - 1);
    return sorted[low] + (at - low) * (sorted[high] - sorted[low]);
  }

  function interval(valueOf) {
    if (nWorlds < 3) return null;
    const values = [];
    for (let w = 1; w < nWorlds; w++) values.push(valueOf(w));
    const tail = (1 - data.coverage) / 2;
    return [quantile(values, tail), quantile(values, 1 - tail)];
  }

  function around(ends, value) {
    return ends && [Math.min(ends[0], value), Math.max(ends[1], value)];
  }

  const asPlanned = organic.map((_, w) => outcome(planned, w));

  function evaluate(money) {
    const outcomes = organic.map((_, w) => outcome(money, w));
    const difference = outcomes[0] - asPlanned[0];
    return {
      total: sum(money),
      outcome: outcomes[0],
      outcomes: around(interval((w) => outcomes[w]), outcomes[0]),
      difference,
      differences: around(interval((w) => outcomes[w] - asPlanned[w]), difference),
    };
  }

  /* ------------------------------------------------------------------ best split */

  const UNITS = 400;

  /* The best of all splits into equal units, by dynamic programming. */
  function coarse(low, high, total) {
    const unit = (total - sum(low)) / UNITS;
    let best = new Float64Array(UNITS + 1).fill(-Infinity);
    best[0] = 0;
    const choices = [];
    for (let c = 0; c < low.length; c++) {
      const most = Math.min(UNITS, Math.ceil((high[c] - low[c]) / unit - 1e-9));
      const gains = [];
      for (let j = 0; j <= most; j++) gains.push(brought(c, Math.min(low[c] + j * unit, high[c])));
      const next = new Float64Array(UNITS + 1).fill(-Infinity);
      const choice = new Int32Array(UNITS + 1);
      for (let k = 0; k <= UNITS; k++) {
        for (let j = 0; j <= Math.min(most, k); j++) {
          const value = best[k - j] + gains[j];
          if (value > next[k]) {
            next[k] = value;
            choice[k] = j;
          }
        }
      }
      choices.push(choice);
      best = next;
    }
    const out = low.slice();
    for (let c = low.length - 1, k = UNITS; c >= 0; c--) {
      const j = choices[c][k];
      out[c] = Math.min(low[c] + j * unit, high[c]);
      k -= j;
    }
    return out;
  }

  /* What units cut off at an upper bound leave over goes where there is room. */
  function fill(money, high, total) {
    let left = total - sum(money);
    for (let c = 0; c < money.length; c++) {
      const more = Math.min(left, high[c] - money[c]);
      if (more > 0) {
        money[c] += more;
        left -= more;
      }
    }
    return money;
  }

  /* Ever smaller amounts go from the cell that misses them least to another. */
  function refine(money, low, high, total) {
    const worth = money.map((m, c) => brought(c, m));
    for (let step = total / UNITS; step > total * 1e-7; step /= 2) {
      const gain = (c) =>
        high[c] - money[c] >= step ? brought(c, money[c] + step) - worth[c] : -Infinity;
      const loss = (c) =>
        money[c] - low[c] >= step ? worth[c] - brought(c, money[c] - step) : Infinity;
      const gains = money.map((_, c) => gain(c));
      const losses = money.map((_, c) => loss(c));
      for (let turn = 0; turn < 1000; turn++) {
        const [taker, giver] = bestPair(gains, losses);
        if (taker === giver || !(gains[taker] - losses[giver] > 1e-13 * Math.abs(organic[0]))) break;
        money[taker] += step;
        money[giver] -= step;
        for (const c of [taker, giver]) {
          worth[c] = brought(c, money[c]);
          gains[c] = gain(c);
          losses[c] = loss(c);
        }
      }
    }
    return money;
  }

  /* The two different cells with the largest gain less loss. */
  function bestPair(gains, losses) {
    const ends = (better) => {
      let first = -1;
      let second = -1;
      for (let c = 0; c < gains.length; c++) {
        if (first < 0 || better(c, first)) [first, second] = [c, first];
        else if (second < 0 || better(c, second)) second = c;
      }
      return [first, second];
    };
    const takers = ends((a, b) => gains[a] > gains[b]);
    const givers = ends((a, b) => losses[a] < losses[b]);
    if (takers[0] !== givers[0] || takers[1] < 0) return [takers[0], givers[0]];
    const net = ([taker, giver]) => gains[taker] - losses[giver];
    const pairs = [
      [takers[0], givers[1]],
      [takers[1], givers[0]],
    ];
    return net(pairs[0]) >= net(pairs[1]) ? pairs[0] : pairs[1];
  }

  /* The money of each cell; null where bounds do not allow the total. */
  function bestSplit(low, high, total) {
    const slack = 1e-9 * Math.max(total, 1);
    if (sum(low) > total + slack || sum(high) < total - slack) return null;
    if (total - sum(low) <= slack) return low.slice();
    if (sum(high) - total <= slack) return high.slice();
    return refine(fill(coarse(low, high, total), high, total), low, high, total);
  }

  return { planned, nWorlds, marginal, evaluate, bestSplit };
};
