"use strict";
(() => {
  const source = document.getElementById("planner-data");
  if (!source) return;
  const data = JSON.parse(source.textContent);
  const channels = data.channels;
  const nWorlds = data.organic.length;
  const nCells = channels[0].values[0].length - 1;
  const planned = channels.map((c) => c.planned);
  const plannedTotal = planned.reduce((a, b) => a + b, 0);
  const find = (name) => document.getElementById(`planner-${name}`);

  /* ------------------------------------------------- curves: report/_planner.py */

  /* The cubic of the cell in which the square root of the multiple lies. */
  function place(c, money) {
    const t = Math.sqrt(Math.max(money, 0) / channels[c].planned / data.reach) * nCells;
    const cell = Math.min(Math.floor(t), nCells - 1);
    return [cell, t - cell];
  }

  function brought(c, money, world = 0) {
    const [i, u] = place(c, money);
    const v = channels[c].values[world];
    const s = channels[c].slopes[world];
    const w = 1 - u;
    return (
      v[i] * (1 + 2 * u) * w * w +
      v[i + 1] * u * u * (3 - 2 * u) +
      ((s[i] * w - s[i + 1] * u) * u * w) / nCells
    );
  }

  /* Outcome units per further spend unit; at no spend, of the first cent. */
  function marginal(c, money) {
    const at = Math.max(money, planned[c] * 1e-4);
    const [i, u] = place(c, at);
    const v = channels[c].values[0];
    const s = channels[c].slopes[0];
    const byU =
      6 * u * (1 - u) * (v[i + 1] - v[i]) +
      (s[i] * (1 - u) * (1 - 3 * u) + s[i + 1] * u * (3 * u - 2)) / nCells;
    const t = Math.sqrt(at / planned[c] / data.reach);
    return (byU * nCells) / (2 * t * data.reach * planned[c]);
  }

  function outcome(money, world = 0) {
    return money.reduce((sum, m, c) => sum + brought(c, m, world), data.organic[world]);
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

  function evaluate(money) {
    const value = outcome(money);
    const difference = value - outcome(planned);
    const differences = interval((w) => outcome(money, w) - outcome(planned, w));
    return {
      total: money.reduce((a, b) => a + b, 0),
      outcome: value,
      outcomes: around(interval((w) => outcome(money, w)), value),
      difference,
      differences: around(differences, difference),
    };
  }

  /* ------------------------------------------------------------------ best split */

  const UNITS = 400;

  /* The best of all splits into equal units, by dynamic programming. */
  function coarse(low, high, total) {
    const unit = (total - low.reduce((a, b) => a + b, 0)) / UNITS;
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
    let left = total - money.reduce((a, b) => a + b, 0);
    for (let c = 0; c < money.length; c++) {
      const more = Math.min(left, high[c] - money[c]);
      if (more > 0) {
        money[c] += more;
        left -= more;
      }
    }
    return money;
  }

  /* Ever smaller amounts go from the channel that misses them least to another. */
  function refine(money, low, high, total) {
    const all = money.map((_, c) => c);
    for (let step = total / UNITS; step > total * 1e-7; step /= 2) {
      for (let turn = 0; turn < 1000; turn++) {
        const takers = all.filter((c) => high[c] - money[c] >= step);
        const givers = all.filter((c) => money[c] - low[c] >= step);
        const gain = (c) => brought(c, money[c] + step) - brought(c, money[c]);
        const loss = (c) => brought(c, money[c]) - brought(c, money[c] - step);
        const gains = new Map(takers.map((c) => [c, gain(c)]));
        const losses = new Map(givers.map((c) => [c, loss(c)]));
        let best = { net: 0 };
        for (const [taker, more] of gains) {
          for (const [giver, less] of losses) {
            if (taker !== giver && more - less > best.net) best = { net: more - less, taker, giver };
          }
        }
        if (!(best.net > 1e-13 * Math.abs(data.organic[0]))) break;
        money[best.taker] += step;
        money[best.giver] -= step;
      }
    }
    return money;
  }

  function bestSplit(low, high, total) {
    const least = low.reduce((a, b) => a + b, 0);
    const most = high.reduce((a, b) => a + b, 0);
    const slack = 1e-9 * Math.max(total, 1);
    if (least > total + slack || most < total - slack) {
      throw new RangeError(
        `The bounds and locks allow a total from ${number(least)} to ${number(most)}, ` +
          `and the total is ${number(total)}. Widen the bounds or change the total.`,
      );
    }
    if (total - least <= slack) return low.slice();
    if (most - total <= slack) return high.slice();
    return refine(fill(coarse(low, high, total), high, total), low, high, total);
  }

  /* ----------------------------------------------------------------------- state */

  const state = {
    money: planned.slice(),
    low: planned.map((p) => p * data.usual[0]),
    high: planned.map((p) => p * data.usual[1]),
    locked: planned.map(() => false),
    total: plannedTotal,
  };
  const scenarios = [];
  const isFixed = () => find("fixed").checked;
  const sum = (values) => values.reduce((a, b) => a + b, 0);
  const clamp = (c, value) => Math.min(Math.max(value, state.low[c]), state.high[c]);

  /* Others share in proportion what one channel gets or gives up. */
  function balance(kept) {
    if (!isFixed()) {
      state.total = sum(state.money);
      return;
    }
    for (let turn = 0; turn < channels.length; turn++) {
      const left = state.total - sum(state.money);
      if (Math.abs(left) <= 1e-9 * state.total) return;
      const open = channels
        .map((_, c) => c)
        .filter((c) => c !== kept && !state.locked[c])
        .filter((c) => (left > 0 ? state.money[c] < state.high[c] : state.money[c] > state.low[c]));
      const weight = (c) => state.money[c] + 1e-6 * planned[c];
      const whole = sum(open.map(weight));
      if (!open.length) break;
      for (const c of open) {
        state.money[c] = clamp(c, state.money[c] + (left * weight(c)) / whole);
      }
    }
    // Nobody else can give or take more.
    const left = state.total - sum(state.money);
    if (kept !== null) state.money[kept] = Math.max(state.money[kept] + left, 0);
  }

  function move(c, value) {
    state.money[c] = clamp(c, value);
    balance(c);
    show();
  }

  function lockedOr(ends) {
    return ends.map((value, c) => (state.locked[c] ? state.money[c] : value));
  }

  function solve() {
    try {
      state.money = bestSplit(lockedOr(state.low), lockedOr(state.high), state.total);
      show();
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      find("problem").textContent = error.message;
    }
  }

  /* ------------------------------------------------------------------------ page */

  /* Money to the unit, results to what a model knows. */
  function number(value) {
    const size = Math.abs(value);
    const digits = size >= 1000 ? { maximumFractionDigits: 0 } : { maximumSignificantDigits: 4 };
    return value.toLocaleString("en", digits).replace("-", "−");
  }

  const few = (most) => (value) =>
    value.toLocaleString("en", { maximumSignificantDigits: most }).replace("-", "−");
  const estimate = few(4);
  const signed = (value) => (value > 0 ? "+" : "") + estimate(value);
  const rows = [];

  function element(tag, properties = {}, ...children) {
    const out = Object.assign(document.createElement(tag), properties);
    out.append(...children);
    return out;
  }

  function input(type, label, properties = {}) {
    const out = element("input", { type, ...properties });
    out.setAttribute("aria-label", label);
    return out;
  }

  /* What a field shows: six digits, and all of them before the decimal point. */
  const plain = (value) =>
    String(value >= 1e5 ? Math.round(value) : Number(value.toPrecision(6)));

  /* A number that was typed, or null with the old one put back. */
  function typed(field, old, most) {
    const value = field.valueAsNumber;
    // Multiples of a plan are typed from the digits that are shown.
    if (Number.isFinite(value) && value >= 0 && value <= most * (1 + 1e-4)) return Math.min(value, most);
    find("problem").textContent = `Give a number from 0 to ${number(most)}.`;
    field.value = plain(old);
    return null;
  }

  function makeRow(c) {
    const { name } = channels[c];
    const most = planned[c] * data.reach;
    const row = {
      slider: input("range", `Spend of ${name}`, { min: 0, max: most, step: "any" }),
      money: input("number", `Spend of ${name}, number`, { className: "field", min: 0, step: "any" }),
      low: input("number", `Least spend of ${name}`, { className: "field", min: 0, step: "any" }),
      high: input("number", `Most spend of ${name}`, { className: "field", min: 0, step: "any" }),
      lock: input("checkbox", `Lock ${name}`),
      bar: element("div", { className: "bar" }),
      worth: element("span"),
      beyond: element("span", { className: "beyond" }),
    };
    row.slider.addEventListener("input", () => move(c, row.slider.valueAsNumber));
    // Half a per cent of the slider's range with each key, instead of what a browser takes.
    row.slider.addEventListener("keydown", (event) => {
      const steps = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 20, PageDown: -20 };
      if (!(event.key in steps) || row.slider.disabled) return;
      event.preventDefault();
      move(c, state.money[c] + (steps[event.key] * most) / 200);
    });
    row.money.addEventListener("change", () => {
      const value = typed(row.money, state.money[c], most);
      if (value !== null) move(c, value);
    });
    for (const end of ["low", "high"]) {
      row[end].addEventListener("change", () => {
        const value = typed(row[end], state[end][c], most);
        if (value === null) return;
        state[end][c] = value;
        if (state.low[c] > state.high[c]) state[end === "low" ? "high" : "low"][c] = value;
        if (state.locked[c]) show();
        else move(c, state.money[c]);
      });
    }
    row.lock.addEventListener("change", () => {
      state.locked[c] = row.lock.checked;
      show();
    });
    const labelled = (words, field) => element("label", {}, words, field);
    find("channels").append(
      element(
        "div",
        { className: "planner-row" },
        element("b", { textContent: name }),
        row.slider,
        labelled("Spend", row.money),
        labelled("from", row.low),
        labelled("to", row.high),
        labelled("Lock", row.lock),
        element("div", { className: "worth" }, row.bar, row.worth, " ", row.beyond),
      ),
    );
    return row;
  }

  function showRow(c, worth, largest) {
    const row = rows[c];
    const { money, low, high, locked } = state;
    row.slider.value = money[c];
    row.slider.setAttribute("aria-valuetext", number(money[c]));
    row.money.value = plain(money[c]);
    row.low.value = plain(low[c]);
    row.high.value = plain(high[c]);
    row.slider.disabled = row.money.disabled = locked[c];
    row.bar.style.width = `${largest > 0 ? Math.max(100 * worth, 0) / largest : 0}%`;
    row.worth.textContent = `${worth > 0 && worth < 0.01 ? "under 0.01" : few(3)(worth)} for one more`;
    const known = channels[c].extrapolated;
    const beyond = known !== null && money[c] > known * planned[c] * (1 + 1e-9);
    row.beyond.textContent = beyond ? "⚠ beyond the data" : "";
  }

  function between(ends, form) {
    return ends ? `${form(ends[0])} to ${form(ends[1])}` : "";
  }

  function show() {
    const found = evaluate(state.money);
    find("outcome").textContent = few(5)(found.outcome);
    find("outcomes").textContent = between(found.outcomes, estimate);
    find("difference").textContent = signed(found.difference);
    const isPlan = state.money.every((m, c) => m === planned[c]);
    find("differences").textContent = isPlan ? "" : between(found.differences, signed);
    find("spent").textContent = number(found.total);
    const more = found.total - plannedTotal;
    const words = more > 0 ? "more than planned" : "less than planned";
    const isSame = Math.abs(more) <= 1e-6 * plannedTotal;
    find("spents").textContent = isSame ? "as planned" : `${number(Math.abs(more))} ${words}`;
    find("total").value = plain(state.total);
    const missed = isFixed() && Math.abs(found.total - state.total) > 1e-6 * state.total;
    find("problem").textContent = missed
      ? `The bounds and locks keep the spend at ${number(found.total)}.`
      : "";
    const worths = state.money.map((m, c) => marginal(c, m));
    const largest = Math.max(...worths);
    worths.forEach((worth, c) => showRow(c, worth, largest));
  }

  function reset() {
    state.money = planned.slice();
    state.total = plannedTotal;
    show();
  }

  /* ------------------------------------------------------------------- scenarios */

  function showScenarios() {
    const holder = find("scenarios");
    holder.replaceChildren();
    if (!scenarios.length) return;
    const table = element("table");
    const head = table.createTHead().insertRow();
    head.append(element("th", { className: "text", textContent: "" }));
    for (const s of scenarios) head.append(element("th", { textContent: s.name }));
    const body = table.createTBody();
    const line = (label, cell) => {
      const row = body.insertRow();
      row.append(element("td", { className: "text", textContent: label }));
      for (const s of scenarios) row.append(element("td", {}, cell(s)));
    };
    line("Outcome", (s) => few(5)(s.found.outcome));
    line("Difference", (s) => signed(s.found.difference));
    if (nWorlds > 2) line("Its interval", (s) => between(s.found.differences, signed));
    line("Spend", (s) => number(s.found.total));
    channels.forEach((channel, c) => line(channel.name, (s) => number(s.money[c])));
    const act = (words, s, run) => {
      const button = element("button", { type: "button", textContent: words });
      button.setAttribute("aria-label", `${words} ${s.name}`);
      button.addEventListener("click", run);
      return button;
    };
    line("", (s) => {
      const use = act("Use", s, () => {
        state.money = s.money.slice();
        state.total = s.found.total;
        show();
      });
      const drop = act("Remove", s, () => {
        scenarios.splice(scenarios.indexOf(s), 1);
        showScenarios();
      });
      return element("span", {}, use, " ", drop);
    });
    holder.append(table);
  }

  let nKept = 0;

  function keep() {
    nKept += 1;
    const money = state.money.slice();
    scenarios.push({ name: `Scenario ${nKept}`, money, found: evaluate(money) });
    showScenarios();
  }

  /* -------------------------------------------------------------------- download */

  function quoted(value) {
    const text = String(value);
    // A spreadsheet takes these for the start of a formula.
    const safe = typeof value === "string" && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
    return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  }

  function csv() {
    const { region, time, spend } = data.rows;
    const factor = state.money.map((m, c) => m / planned[c]);
    const keys = region ? ["region", "time"] : ["time"];
    const lines = [[...keys, ...channels.map((c) => c.column)]];
    time.forEach((t, i) => {
      const own = region ? [region[i], t] : [t];
      lines.push([...own, ...spend.map((column, c) => column[i] * factor[c])]);
    });
    return lines.map((cells) => cells.map(quoted).join(",")).join("\r\n") + "\r\n";
  }

  function download() {
    const blob = new Blob([csv()], { type: "text/csv;charset=utf-8" });
    const link = element("a", { href: URL.createObjectURL(blob), download: "plan.csv" });
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  }

  /* ----------------------------------------------------------------------- start */

  channels.forEach((_, c) => rows.push(makeRow(c)));
  find("total").addEventListener("change", () => {
    const field = find("total");
    const value = typed(field, state.total, plannedTotal * data.reach);
    if (value === null) return;
    state.total = value;
    const wasFixed = isFixed();
    find("fixed").checked = true;
    balance(null);
    find("fixed").checked = wasFixed;
    show();
  });
  find("fixed").addEventListener("change", () => {
    state.total = sum(state.money);
    show();
  });
  const actions = { best: solve, reset, keep, csv: download };
  for (const [name, run] of Object.entries(actions)) find(name).addEventListener("click", run);
  show();
})();
