"use strict";
(() => {
  const source = document.getElementById("planner-data");
  if (!source) return;
  const data = JSON.parse(source.textContent);
  const { channels, levels } = data;
  const find = (name) => document.getElementById(`planner-${name}`);
  const sum = (values) => values.reduce((a, b) => a + b, 0);

  /* ----------------------------------------------------------------------- state */

  /* The level at which money is divided, and what its cells bring. */
  const models = levels.map(() => null);
  const plannedTotal = sum(levels[0].cells.map((cell) => cell.planned));
  let at = 0;
  let cells, model, planned;
  const state = {};
  const scenarios = [];
  const isFixed = () => find("fixed").checked;
  const clamp = (c, value) => Math.min(Math.max(value, state.low[c]), state.high[c]);

  function enter(place) {
    at = place;
    ({ cells } = levels[at]);
    models[at] ??= plannerCurves(data, levels[at]);
    model = models[at];
    ({ planned } = model);
    makeRows();
  }

  /* Money by channel, whatever the level. */
  function byChannel(values, place = at) {
    const out = channels.map(() => 0);
    levels[place].cells.forEach((cell, c) => {
      out[cell.channel] += values[c];
    });
    return out;
  }

  /* Channels keep their money, bounds and locks; it is spread as planned. */
  function change(place) {
    const whole = byChannel(planned);
    const ratios = ["money", "low", "high"].map((name) =>
      byChannel(state[name]).map((value, channel) => value / whole[channel]),
    );
    const locked = channels.map((_, channel) =>
      cells.every((cell, c) => cell.channel !== channel || state.locked[c]),
    );
    enter(place);
    ["money", "low", "high"].forEach((name, i) => {
      state[name] = cells.map((cell) => ratios[i][cell.channel] * cell.planned);
    });
    state.locked = cells.map((cell) => locked[cell.channel]);
    showLocks();
    show();
  }

  /* Others share in proportion what one channel gets or gives up. */
  function balance(kept) {
    if (!isFixed()) {
      state.total = sum(state.money);
      return;
    }
    for (let turn = 0; turn < cells.length; turn++) {
      const left = state.total - sum(state.money);
      if (Math.abs(left) <= 1e-9 * state.total) return;
      const open = cells
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
    const low = lockedOr(state.low);
    const high = lockedOr(state.high);
    const found = model.bestSplit(low, high, state.total);
    if (found) {
      state.money = found;
      show();
      return;
    }
    find("problem").textContent =
      `The bounds and locks allow a total from ${number(sum(low))} to ${number(sum(high))}, ` +
      `and the total is ${number(state.total)}. Widen the bounds or change the total.`;
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
  const sums = [];
  // Of more rows, those of a channel are opened one channel at a time.
  const FEW_ROWS = 16;

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

  /* What a cell's money is for: a channel, or a channel in some regions. */
  function nameOf(c) {
    const { name } = channels[cells[c].channel];
    const group = levels[at].groups[cells[c].group];
    return group ? `${name} in ${group}` : name;
  }

  function makeRow(c) {
    const name = nameOf(c);
    const group = levels[at].groups[cells[c].group];
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
    row.line = element(
      "div",
      { className: "planner-row" },
      element("b", { textContent: group || name }),
      row.slider,
      labelled("Spend", row.money),
      labelled("from", row.low),
      labelled("to", row.high),
      labelled("Lock", row.lock),
      element("div", { className: "worth" }, row.bar, row.worth, " ", row.beyond),
    );
    return row;
  }

  /* Rows stand below their channel, whose sum is told, where a channel has several. */
  function makeRows() {
    const holder = find("channels");
    holder.replaceChildren();
    rows.length = sums.length = 0;
    cells.forEach((_, c) => rows.push(makeRow(c)));
    if (levels[at].groups.length < 2) {
      holder.append(...rows.map((row) => row.line));
      return;
    }
    channels.forEach(({ name }, channel) => {
      const own = rows.filter((_, c) => cells[c].channel === channel);
      const told = element("span", { className: "sum" });
      const head = element("summary", {}, element("b", { textContent: name }), " ", told);
      const lines = own.map((row) => row.line);
      holder.append(element("details", { open: cells.length <= FEW_ROWS }, head, ...lines));
      sums.push(told);
    });
  }

  function showLocks() {
    rows.forEach((row, c) => {
      row.lock.checked = state.locked[c];
    });
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
    row.worth.textContent = `${worth > 0 && worth < 0.01 ? "under 0.01" : few(2)(worth)} for one more`;
    const known = cells[c].extrapolated;
    const beyond = known !== null && money[c] > known * planned[c] * (1 + 1e-9);
    row.beyond.textContent = beyond ? "⚠ beyond the data" : "";
  }

  function between(ends, form) {
    return ends ? `${form(ends[0])} to ${form(ends[1])}` : "";
  }

  function show() {
    const found = model.evaluate(state.money);
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
    const worths = state.money.map((m, c) => model.marginal(c, m));
    const largest = Math.max(...worths);
    worths.forEach((worth, c) => showRow(c, worth, largest));
    showSums();
  }

  function showSums() {
    const [now, before] = [byChannel(state.money), byChannel(planned)];
    sums.forEach((told, channel) => {
      told.textContent = `${number(now[channel])}, planned ${number(before[channel])}`;
    });
  }

  function reset() {
    state.money = planned.slice();
    state.total = plannedTotal;
    show();
  }

  /* ------------------------------------------------------------------- scenarios */

  function showScenarios() {
    const holder = find("scenarios");
    find("kept").hidden = !scenarios.length;
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
    if (levels.length > 1) line("Money for", (s) => levels[s.at].name);
    line("Outcome", (s) => few(5)(s.found.outcome));
    line("Difference", (s) => signed(s.found.difference));
    if (model.nWorlds > 2) line("Its interval", (s) => between(s.found.differences, signed));
    line("Spend", (s) => number(s.found.total));
    const spent = new Map(scenarios.map((s) => [s, byChannel(s.money, s.at)]));
    channels.forEach(({ name }, c) => line(name, (s) => number(spent.get(s)[c])));
    const act = (words, s, run) => {
      const button = element("button", { type: "button", textContent: words });
      button.setAttribute("aria-label", `${words} ${s.name}`);
      button.addEventListener("click", run);
      return button;
    };
    line("", (s) => {
      const use = act("Use", s, () => {
        if (s.at !== at) {
          change(s.at);
          find("level").value = s.at;
        }
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
    scenarios.push({ name: `Scenario ${nKept}`, at, money, found: model.evaluate(money) });
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
    const { region, time, groups, spend } = data.rows;
    // (channel, group); where nothing is planned there is nothing to multiply.
    const factors = channels.map(() => levels[at].groups.map(() => 1));
    cells.forEach(({ channel, group }, c) => {
      factors[channel][group] = state.money[c] / planned[c];
    });
    const keys = region ? ["region", "time"] : ["time"];
    const lines = [[...keys, ...channels.map((c) => c.column)]];
    time.forEach((t, i) => {
      const own = region ? [region[i], t] : [t];
      const group = groups[at][i];
      lines.push([...own, ...spend.map((column, c) => column[i] * factors[c][group])]);
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

  enter(0);
  state.money = planned.slice();
  state.low = planned.map((p) => p * data.usual[0]);
  state.high = planned.map((p) => p * data.usual[1]);
  state.locked = planned.map(() => false);
  state.total = plannedTotal;
  find("level")?.addEventListener("change", () => change(Number(find("level").value)));
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
