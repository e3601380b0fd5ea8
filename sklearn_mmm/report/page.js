"use strict";
(() => {
  const read = (id) => JSON.parse(document.getElementById(id).textContent);
  const settings = read("settings");
  let arrays = null;

  /* References to shared arrays become the arrays. */
  function resolve(value) {
    if (Array.isArray(value)) return value.map(resolve);
    if (value === null || typeof value !== "object") return value;
    if ("$" in value) {
      arrays ??= read("arrays");
      return arrays[value.$];
    }
    const out = {};
    for (const key of Object.keys(value)) out[key] = resolve(value[key]);
    return out;
  }

  /* ------------------------------------------------------------------ theme */

  const darkPaper = window.matchMedia("(prefers-color-scheme: dark)");
  let printing = false;

  function stored() {
    try {
      return localStorage.getItem("theme");
    } catch {
      return null; // Storage is closed to files in some browsers.
    }
  }

  let chosen = stored();

  function theme() {
    if (printing) return "light";
    return chosen ?? (darkPaper.matches ? "dark" : "light");
  }

  function showTheme() {
    document.documentElement.dataset.theme = theme();
    const next = theme() === "dark" ? "light" : "dark";
    const button = document.getElementById("theme");
    button.textContent = next === "dark" ? "Dark" : "Light";
    button.setAttribute("aria-label", `Switch to ${next} colours`);
    for (const chart of charts) chart.drawn && queue(chart);
  }

  /* Neutral colours are replaced by those of the theme. */
  function recolour(value, colours) {
    if (typeof value === "string") return colours[value] ?? value;
    if (Array.isArray(value)) return value.map((v) => recolour(v, colours));
    if (value === null || typeof value !== "object") return value;
    return recolourFigure(value, colours);
  }

  function recolourFigure(value, colours) {
    if (Array.isArray(value)) return value.map((v) => recolourFigure(v, colours));
    if (value === null || typeof value !== "object") return value;
    const out = {};
    for (const key of Object.keys(value)) {
      const isColour = /color/i.test(key) && key !== "coloraxis";
      out[key] = (isColour ? recolour : recolourFigure)(value[key], colours);
    }
    return out;
  }

  /* ----------------------------------------------------------------- layout */

  const NARROW = 560;
  const MIDDLING = 860;
  const PRINTED = 680;
  // Above the table of channels, on the second page for a board.
  const BOARD = 370;
  const LONG = 1500;

  function setPath(target, path, value) {
    const parts = path.split(".");
    const last = parts.pop();
    let at = target;
    for (const part of parts) at = at[part] ??= {};
    at[last] = value;
  }

  /* Panels stand beside one another where there is room: as plotting/_panels.py. */
  function arrangePanels(layout, width) {
    const p = layout.meta?.panels;
    if (!p) return;
    const most = width < NARROW ? 1 : width < MIDDLING ? 2 : p.columns;
    const columns = Math.min(p.columns, most);
    const rows = Math.ceil(p.n / columns);
    const { gap, labelledGap, title } = settings.panels;
    const foot = p.foot;
    const full = rows * p.height + (rows - 1) * (title + foot);
    const between = (p.shares_labels ? labelledGap : gap) / Math.max(width - 90, 200);
    const equal = columns !== p.columns;
    const room = 1 - between * (columns - 1);
    let left = 0;
    for (let i = 0; i < p.n; i++) {
      const column = i % columns;
      if (column === 0) left = 0;
      const share = room * (equal ? 1 / columns : p.widths[column]);
      const top = 1 - (Math.floor(i / columns) * (p.height + title + foot)) / full;
      const number = i ? i + 1 : "";
      const x = (layout[`xaxis${number}`] ??= {});
      const y = (layout[`yaxis${number}`] ??= {});
      x.domain = [left, Math.min(left + share, 1)];
      y.domain = [Math.max(top - p.height / full, 0), top];
      y.showticklabels = !(p.shares_labels && column > 0);
      const heading = layout.annotations.find((a) => a.name === `panel ${i}`);
      heading.x = left;
      heading.y = top;
      left += share + between;
    }
    layout.height = full + 150;
    // The legend stands above the titles of the panels.
    layout.legend = { ...layout.legend, y: 1 + title / full };
  }

  /* Axes call numbers what the words do: 10 m, 2 bn and 5 %, not 10M, 2G and 5%. */
  function tickNames() {
    const out = {};
    const name = (size, letter, words) => {
      for (const sign of ["", "\u2212"]) out[`${sign}${size}${letter}`] = `${sign}${words}`;
    };
    const add = (size) => {
      name(size, "M", `${size} m`);
      for (const letter of "BG") name(size, letter, `${size} bn`);
    };
    for (let i = 1; i < 1000; i++) add(i);
    // Steps of tenths below a hundred, of hundredths below one.
    for (let i = 1; i < 1000; i++) if (i % 10) add(i / 10);
    for (let i = 1; i < 100; i++) if (i % 10) add(i / 100);
    for (let i = 0; i <= 500; i++) name(i, "%", `${i} %`);
    for (const first of [1, 2, 3, 5]) {
      for (const zeros of [1, 10, 100]) {
        name(first * zeros, "k", (first * zeros * 1000).toLocaleString("en"));
      }
    }
    return out;
  }

  const labelalias = tickNames();

  function nameTicks({ data, layout }) {
    for (const axis of ["xaxis", "yaxis"]) {
      layout.template.layout[axis] = { ...layout.template.layout[axis], labelalias };
    }
    for (const trace of data) if (trace.colorbar) trace.colorbar.labelalias = labelalias;
  }

  /* Of labels that would run into one another, every second, third... is kept. */
  function thinLabels(layout, width) {
    for (const name of Object.keys(layout).filter((k) => k.startsWith("xaxis"))) {
      const axis = layout[name];
      if (axis.tickmode !== "array" || !axis.ticktext || axis.tickvals.length < 8) continue;
      const [start, end] = axis.domain ?? [0, 1];
      const each = ((end - start) * (width - 150)) / axis.tickvals.length;
      const every = Math.ceil(15 / each);
      axis.tickvals = axis.tickvals.filter((_, i) => i % every === 0);
      axis.ticktext = axis.ticktext.filter((_, i) => i % every === 0);
    }
  }

  /* Names of periods stand upright where they would run into one another. */
  function turnLabels({ data, layout }, width) {
    for (const name of Object.keys(layout).filter((k) => k.startsWith("xaxis"))) {
      if (layout[name].type !== "category") continue;
      const names = [...new Set(data.flatMap((trace) => trace.x ?? []))].map(String);
      const [start, end] = layout[name].domain ?? [0, 1];
      const each = ((end - start) * (width - 110)) / names.length;
      if (each < 8 * Math.max(...names.map((n) => n.length), 1)) layout[name].tickangle = -90;
    }
  }

  /* Labels at 1 and 3 of each decade, where those at 1, 2 and 5 would touch. */
  function fewerPowers(axis) {
    const powers = Array.from({ length: 37 }, (_, i) => i - 18);
    axis.tickmode = "array";
    axis.tickvals = powers.flatMap((p) => [Number(`1e${p}`), Number(`3e${p}`)]);
    delete axis.dtick;
  }

  /* What a control is measured from stays: "a long na… (from 0)". */
  function cut(label) {
    if (label.length <= 18 || label.includes("&")) return label;
    const tail = / \(from [^(]*\)$/.exec(label)?.[0] ?? "";
    const head = label.slice(0, label.length - tail.length);
    const room = Math.max(17 - tail.length, 8);
    return head.length > room + 1 ? `${head.slice(0, room).trimEnd()}…${tail}` : label;
  }

  /* On narrow paper long titles take more lines, and long names leave room for data. */
  function fitNarrow({ data, layout }, width) {
    for (const trace of data) {
      // Numbers in cells that are narrower than they.
      if (trace.texttemplate && (width - 120) / trace.x?.length < 34) delete trace.texttemplate;
    }
    for (const [name, axis] of Object.entries(layout)) {
      if (name.startsWith("xaxis") && axis.type === "log" && axis.dtick === "D2") {
        fewerPowers(axis);
      }
      if (name.startsWith("xaxis") && axis.title?.text?.length > 24) {
        axis.title.text = axis.title.text.replace(/, | \((?=[^(]*$)/, (found) =>
          found === ", " ? ",<br>" : "<br>(",
        );
        axis.title.text = axis.title.text.replace("; ", ";<br>");
      }
      if (!name.startsWith("yaxis") || axis.tickmode !== "array" || !axis.ticktext) continue;
      const short = axis.ticktext.map(cut);
      // Names that begin alike stay whole.
      if (new Set(short).size === new Set(axis.ticktext).size) axis.ticktext = short;
    }
  }

  function isBoard() {
    return document.documentElement.hasAttribute("data-board");
  }

  function build(chart) {
    const { data, layout } = structuredClone({
      data: chart.spec.data,
      layout: chart.spec.layout,
    });
    for (const menu of chart.spec.menus) {
      const change = menu.options[chart.choice[menu.name] ?? 0].change;
      for (const [path, values] of Object.entries(change[0])) {
        data.forEach((trace, i) => setPath(trace, path, values[i]));
      }
      for (const [path, value] of Object.entries(change[1])) {
        setPath(layout, path, value);
      }
    }
    const width = printing ? PRINTED : Math.floor(chart.plot.clientWidth) || 900;
    arrangePanels(layout, width);
    thinLabels(layout, width);
    turnLabels({ data, layout }, width);
    const hasPanels = Boolean(layout.meta?.panels);
    delete layout.meta;
    const colours = settings.themes[theme()];
    const figure = recolourFigure({ data, layout }, colours);
    figure.layout.template = recolourFigure(settings.template, colours);
    nameTicks(figure);
    figure.layout.width = width;
    // Title and menus, for which figures leave room, are those of the page.
    figure.layout.margin = { l: 10, r: 14, t: hasPanels ? 40 : 14, b: 10 };
    if (width < NARROW) {
      figure.layout.font = { size: 11 };
      figure.layout.dragmode = false;
      fitNarrow(figure, width);
    }
    const tall = figure.layout.height / BOARD;
    if (printing && isBoard() && tall > 1) {
      figure.layout.height = BOARD;
      figure.layout.font = { size: Math.max(9, Math.floor(13 / tall)) };
    }
    // Zoom survives a new theme, not another region.
    figure.layout.uirevision = JSON.stringify(chart.choice);
    return figure;
  }

  /* ----------------------------------------------------------------- charts */

  const charts = [];
  const waiting = [];
  let running = false;

  /* Ticks that have no name yet, such as 1.635M between 1.6 and 1.7 million. */
  function nameOtherTicks(plot) {
    const change = {};
    for (const [name, axis] of Object.entries(plot._fullLayout)) {
      if (!/^[xy]axis\d*$/.test(name)) continue;
      const names = {};
      for (const { text } of axis._vals ?? []) {
        const [, size, letter] = /^(\u2212?[\d.]+)([MBG])$/.exec(text) ?? [];
        if (letter) names[text] = `${size} ${letter === "M" ? "m" : "bn"}`;
      }
      if (Object.keys(names).length) {
        change[`${name}.labelalias`] = { ...labelalias, ...names };
      }
    }
    if (Object.keys(change).length) Plotly.relayout(plot, change);
  }

  function draw(chart) {
    chart.spec ??= resolve(read(`figure-${chart.id}`));
    const { data, layout } = build(chart);
    Plotly.react(chart.plot, data, layout, {
      displaylogo: false,
      responsive: false,
      modeBarButtonsToRemove: ["lasso2d", "select2d", "autoScale2d"],
      toImageButtonOptions: { filename: chart.id, scale: 2 },
      modeBarButtonsToAdd: [
        {
          name: "Download plot as an SVG",
          icon: Plotly.Icons.disk,
          click: (plot) => Plotly.downloadImage(plot, { format: "svg", filename: chart.id }),
        },
      ],
    });
    nameOtherTicks(chart.plot);
    if (!chart.drawn) {
      chart.plot.on("plotly_relayout", () => nameOtherTicks(chart.plot));
    }
    chart.width = chart.plot.clientWidth;
    chart.drawn = true;
    chart.card.classList.toggle("long", layout.height > LONG);
  }

  /* What is seen first; charts of other tabs are drawn when these are opened. */
  function queue(chart) {
    if (!waiting.includes(chart)) waiting.push(chart);
    start();
  }

  function start() {
    if (running) return;
    running = true;
    if (document.documentElement.dataset.ready) {
      document.documentElement.dataset.ready = "tab";
    }
    setTimeout(next, 0);
  }

  function next() {
    const open = waiting.findIndex((chart) => !chart.card.closest("[inert]"));
    const [chart] = waiting.splice(Math.max(open, 0), 1);
    if (chart) {
      draw(chart);
      setTimeout(next, 0);
      return;
    }
    running = false;
    document.documentElement.dataset.ready = "all";
  }

  function setUpChart(card) {
    const chart = {
      id: card.dataset.chart,
      card,
      plot: card.querySelector(".plot"),
      choice: {},
      drawn: false,
    };
    charts.push(chart);
    const more = card.querySelector(".more");
    more.addEventListener("click", () => {
      const isWhole = card.classList.toggle("whole");
      more.textContent = isWhole ? "Show less" : "Show all";
    });
    for (const control of card.querySelectorAll("select[data-menu]")) {
      control.addEventListener("change", () => choose(chart, control));
    }
    new ResizeObserver(() => {
      if (chart.drawn && Math.abs(chart.plot.clientWidth - chart.width) > 1) queue(chart);
    }).observe(chart.plot);
  }

  /* A region that is chosen in one chart is shown in all that have it. */
  function choose(chart, control) {
    const same = control.dataset.menu === "region" ? charts : [chart];
    const wanted = control.selectedOptions[0].textContent;
    for (const other of same) {
      const select = other.card.querySelector(
        `select[data-menu="${control.dataset.menu}"]`,
      );
      if (!select) continue;
      const place = [...select.options].findIndex((o) => o.textContent === wanted);
      if (place < 0) continue;
      select.selectedIndex = place;
      other.choice[control.dataset.menu] = place;
      if (other.drawn) queue(other);
    }
  }

  /* ----------------------------------------------------------------- tables */

  function columnsOf(id) {
    const table = resolve(read(`table-${id}`));
    const columns = table.columns.map((column) => {
      const values = column.pieces.flat();
      return {
        name: column.name,
        isText: "levels" in column,
        values: column.levels ? values.map((i) => column.levels[i] ?? "") : values,
      };
    });
    return { rows: table.rows, columns };
  }

  /* Text that a spreadsheet would run as a formula gets an apostrophe. */
  function cell(value, isText) {
    if (value === null || value === undefined) return "";
    let out = String(value);
    if (isText && /^[=+\-@\t\r]/.test(out)) out = `'${out}`;
    return /[",\r\n]/.test(out) || out !== out.trim() ? `"${out.replaceAll('"', '""')}"` : out;
  }

  function toCsv({ rows, columns }) {
    const lines = [columns.map((c) => cell(c.name, true)).join(",")];
    for (let i = 0; i < rows; i++) {
      lines.push(columns.map((c) => cell(c.values[i], c.isText)).join(","));
    }
    const out = lines.join("\r\n") + "\r\n";
    // Spreadsheets take a file for their own code page unless it says it is UTF-8.
    return /[^\x00-\x7f]/.test(out) ? "\ufeff" + out : out;
  }

  function download(id) {
    const blob = new Blob([toCsv(columnsOf(id))], { type: "text/csv;charset=utf-8" });
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = `${id}.csv`;
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  }

  const shownRows = 50;

  function formatted(value, isText) {
    if (value === null || value === undefined) return "";
    if (isText || typeof value !== "number") return String(value);
    const places = { maximumSignificantDigits: Math.abs(value) < 1000 ? 4 : 6 };
    return value.toLocaleString("en", places);
  }

  function fillTable(details) {
    const holder = details.querySelector(".numbers");
    if (holder.firstChild) return;
    for (const id of details.dataset.tables.split(" ")) {
      const { rows, columns } = columnsOf(id);
      const table = document.createElement("table");
      const head = table.createTHead().insertRow();
      for (const column of columns) {
        const th = document.createElement("th");
        th.textContent = column.name.replaceAll("_", " ");
        th.className = column.isText ? "text" : "";
        head.append(th);
      }
      const body = table.createTBody();
      for (let i = 0; i < Math.min(rows, shownRows); i++) {
        const row = body.insertRow();
        for (const column of columns) {
          const td = row.insertCell();
          td.textContent = formatted(column.values[i], column.isText);
          td.className = column.isText ? "text" : "";
        }
      }
      holder.append(table);
      if (rows > shownRows) {
        const note = document.createElement("p");
        note.textContent = `The first ${shownRows} of ${rows.toLocaleString("en")} rows; all are in the CSV file.`;
        holder.append(note);
      }
    }
  }

  /* ------------------------------------------------------------------- tabs */

  const tabs = [...document.querySelectorAll("[role=tab]")];

  function openTab(tab, focus = false) {
    for (const other of tabs) {
      const isOpen = other === tab;
      other.setAttribute("aria-selected", String(isOpen));
      other.tabIndex = isOpen ? 0 : -1;
      const panel = document.getElementById(other.getAttribute("aria-controls"));
      // Closed panels keep their width, so that charts can be drawn in them.
      panel.toggleAttribute("inert", !isOpen);
    }
    if (focus) tab.focus();
    tab.scrollIntoView({ block: "nearest", inline: "nearest" });
    for (const chart of charts) {
      if (!chart.drawn && !chart.card.closest("[inert]")) queue(chart);
    }
  }

  function openHash() {
    // Two pages for a board are printed from here.
    document.documentElement.toggleAttribute("data-board", location.hash === "#board");
    const wanted = tabs.find((t) => `#${t.dataset.tab}` === location.hash);
    openTab(wanted ?? tabs[0]);
  }

  tabs.forEach((tab, i) => {
    tab.addEventListener("click", () => {
      history.replaceState(null, "", `#${tab.dataset.tab}`);
      openTab(tab);
      window.scrollTo({ top: 0 });
    });
    tab.addEventListener("keydown", (event) => {
      const moves = { ArrowRight: i + 1, ArrowLeft: i - 1, Home: 0, End: tabs.length - 1 };
      if (!(event.key in moves)) return;
      event.preventDefault();
      openTab(tabs[(moves[event.key] + tabs.length) % tabs.length], true);
    });
  });

  /* ------------------------------------------------------------------ print */

  window.addEventListener("beforeprint", () => {
    printing = true;
    document.documentElement.dataset.theme = "light";
    for (const chart of charts) {
      if (!isBoard() || chart.card.closest("#panel-summary")) draw(chart);
    }
  });
  window.addEventListener("afterprint", () => {
    printing = false;
    showTheme();
  });

  /* ------------------------------------------------------------------ start */

  document.querySelectorAll("[data-chart]").forEach(setUpChart);
  document.querySelectorAll("[data-download]").forEach((button) => {
    button.addEventListener("click", () => download(button.dataset.download));
  });
  document.querySelectorAll("details[data-tables]").forEach((details) => {
    details.addEventListener("toggle", () => details.open && fillTable(details));
  });
  document.getElementById("theme").addEventListener("click", () => {
    chosen = theme() === "dark" ? "light" : "dark";
    try {
      localStorage.setItem("theme", chosen);
    } catch {
      // The choice then lasts as long as the page.
    }
    showTheme();
  });
  document.getElementById("print").addEventListener("click", () => window.print());
  darkPaper.addEventListener("change", showTheme);
  window.addEventListener("hashchange", openHash);
  showTheme();
  openHash();
  start();
})();
