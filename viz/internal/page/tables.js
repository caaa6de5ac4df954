// Functions, failures, runs.

const tableColumns = [
  { key: "name", title: "name", text: true },
  { key: "finished", title: "done", hint: "calls that are over, of those planned" },
  { key: "total", title: "total", hint: "time of all its calls together" },
  { key: "mean", title: "mean", hint: "mean time of a call" },
  { key: "max", title: "max", hint: "time of the longest call" },
  { key: "cached", title: "cached", hint: "calls whose value came from a cache" },
  { key: "failed", title: "failed", hint: "calls that failed" },
];
const sorting = { key: "total", down: true };
let functionRows = []; // of each function, its row; made once a function

function functionNumbers(fn) {
  const c = D.fnCounts.subarray(8 * fn, 8 * fn + 8), t = D.totals[fn];
  const over = (c[Done] || 0) + (c[Cached] || 0) + (c[Failed] || 0) + (c[Skipped] || 0), open = (c[Pending] || 0) + (c[Running] || 0) + (c[Stale] || 0);
  const known = over + open > 0;
  const finished = known ? over : t ? t.done + t.cached + t.failed + t.skipped : 0;
  return {
    fn, counts: known ? c : recordCounts(D, fn), name: functionName(D, fn) || "(no name)", where: D.functions[fn].where || "", finished, planned: known ? over + open : finished + (t ? t.running : 0),
    total: t ? t.total : 0, mean: meanOf(D, fn), max: t ? t.max : 0,
    cached: t ? t.cached : c[Cached] || 0, failed: t ? t.failed : c[Failed] || 0, used: known || Boolean(t),
  };
}

function buildTables() {
  const head = tableColumns.map((col) => el("th", { scope: "col", class: col.text ? "text" : "num", "data-key": col.key },
    el("button", { type: "button", title: (col.hint ? col.hint + "; " : "") + "sort", onclick: () => sortBy(col.key) }, el("span", {}, col.title), el("i", { "aria-hidden": "true" }))));
  functionRows = [];
  $("functions").replaceChildren(el("table", { class: "functions" },
    el("colgroup", {}, ...tableColumns.map((c) => el("col", { class: "col-" + c.key }))), el("thead", {}, el("tr", {}, ...head)), el("tbody", {})));
  drawTables();
}

function sortBy(key) {
  sorting.down = sorting.key === key ? !sorting.down : key !== "name";
  sorting.key = key;
  redraw("tables");
}

function drawTables() {
  const rows = [];
  for (let fn = 0; fn < D.functions.length; fn++) {
    const numbers = functionNumbers(fn);
    if (numbers.used) rows.push(numbers);
  }
  const { key, down } = sorting, sign = down ? -1 : 1;
  rows.sort((a, b) => (key === "name" ? sign * a.name.localeCompare(b.name) : sign * (a[key] - b[key])) || a.fn - b.fn);
  for (const th of $("functions").querySelectorAll("th")) {
    const on = th.dataset.key === key;
    th.setAttribute("aria-sort", on ? (down ? "descending" : "ascending") : "none");
    setText(th.querySelector("i"), on ? (down ? "▾" : "▴") : "");
  }
  // A report does without columns that say nothing; in a live page the table would jump when they come.
  for (const key of ["cached", "failed"]) $("functions").firstChild.classList.toggle("no-" + key, !live && rows.length > 0 && rows.every((r) => !r[key]));
  const body = $("functions").querySelector("tbody");
  const elements = rows.map(fillRow);
  if (elements.length !== body.children.length || elements.some((e, i) => body.children[i] !== e)) reorder(body, elements);
  if (!rows.length) body.replaceChildren(el("tr", {}, el("td", { colspan: tableColumns.length, class: "none" }, live ? "none yet" : "none")));
}

// reorder keeps the focus: moving an element takes it away.
function reorder(body, elements) {
  const focused = document.activeElement;
  body.replaceChildren(...elements);
  if (focused && body.contains(focused)) focused.focus({ preventScroll: true });
}

function newRow(n) {
  const swatch = el("span", { class: "swatch", "aria-hidden": "true" });
  swatch.style.background = colourOf(n.fn);
  const name = el("button", { type: "button", class: "name", onclick: () => openFunction(n.fn) }, swatch, el("span", { class: "cut" }, n.name));
  const bar = el("span", { class: "minibar" }, ...barOrder.map((s) => el("span", { class: "s" + s })));
  const cellsOf = {};
  const tds = tableColumns.slice(1).map((c) => (cellsOf[c.key] = el("td", { class: "num" })));
  const count = el("span", { class: "cut" }), planned = el("span", { class: "of" });
  count.append(el("b", {}), planned);
  cellsOf.finished.append(count, bar);
  return { tr: el("tr", {}, el("td", { class: "text" }, name), ...tds), cells: cellsOf, bar, name, count };
}

function fillRow(n) {
  const row = functionRows[n.fn] || (functionRows[n.fn] = newRow(n));
  const title = n.name + (n.where ? "\n" + n.where : "") + "\nshow its calls";
  if (row.name.title !== title) row.name.title = title;
  setText(row.count.firstChild, grouped(n.finished));
  setText(row.count.lastChild, "/" + grouped(n.planned));
  setTitle(row.count, grouped(n.finished) + " of " + grouped(n.planned));
  for (const key of ["total", "mean", "max"]) setBoth(row.cells[key], duration(n[key]));
  for (const key of ["cached", "failed"]) setBoth(row.cells[key], n[key] ? grouped(n[key]) : "–");
  row.cells.failed.classList.toggle("bad", n.failed > 0);
  barOrder.forEach((s, i) => {
    const part = row.bar.children[i], v = n.counts[s] || 0;
    if (part.hidden !== (v === 0)) part.hidden = v === 0;
    if (v && part.style.flexGrow !== String(v)) part.style.flexGrow = String(v);
  });
  return row.tr;
}

function setTitle(e, text) {
  if (e.title !== text) e.title = text;
}

// setBoth: the text may be cut where the pane is narrow; the title has all of it.
function setBoth(e, text) {
  setText(e, text);
  setTitle(e, text);
}

const failuresShown = 200;

// drawFailures adds what is new: the list only grows. From the start with other data.
let failuresDrawn = -1;
function drawFailures(anew) {
  if (!anew && failuresDrawn === D.failures.length) return;
  let ul = $("failures").querySelector("ul");
  if (anew || !ul) $("failures").replaceChildren((ul = el("ul", {})), el("p", { class: "none" }));
  for (let i = ul.children.length; i < Math.min(failuresShown, D.failures.length); i++) ul.append(failureRow(D.failures[i]));
  failuresDrawn = D.failures.length;
  const more = D.failures.length - failuresShown;
  setText($("failures").lastChild, !D.failures.length ? "none" : more > 0 ? "and " + grouped(more) + " more" : "");
}

function failureRow(f) {
  const name = (f.name || "") + (f.id !== undefined ? " #" + f.id : "");
  return el("li", {}, el("button", { type: "button", class: "failure", title: name + "\n" + clip(f.err || "", 500), onclick: () => openFailure(f) },
    el("span", { class: "glyph", "aria-hidden": "true" }, "✕"), el("span", { class: "cut" }, el("b", {}, name)), el("span", { class: "cut err" }, clip(f.err || "", 300)),
    failurePos(f) < 0 ? el("span", { class: "soft" }, "no longer in the graph") : null));
}

function failurePos(f) {
  if (f.call !== undefined && f.call >= 0) return f.call;
  return f.id !== undefined ? D.at(f.id) : -1;
}

const runsShown = 100;

// drawRuns lists the latest runs, the last first. Rows are made anew where a run came, went or ended; the time of one that
// goes on is only written: a row that is made anew under the pointer would lose its click.
function drawRuns() {
  $("runs-part").hidden = D.runs.length === 0;
  const shown = D.runs.slice(-runsShown).reverse();
  const signature = D.runs.length + " " + shown.map((r) => r.id + ":" + r.end + ":" + r.calls + ":" + r.err).join();
  if (drawRuns.signature !== signature) {
    drawRuns.signature = signature;
    const at = [...$("runs").querySelectorAll("button")].indexOf(document.activeElement), more = D.runs.length - runsShown;
    $("runs").replaceChildren(el("ul", {}, ...shown.map(runRow)), more > 0 ? el("p", { class: "none" }, "and " + grouped(more) + " earlier ones") : "");
    if (at >= 0) $("runs").querySelectorAll("button")[at]?.focus({ preventScroll: true });
  }
  const times = $("runs").querySelectorAll(".when");
  shown.forEach((r, i) => { if (r.end < 0) setText(times[i], duration(nowEdge() - r.start)); });
}

function runRow(r) {
  const going = r.end < 0, time = going ? "" : duration(r.end - r.start);
  const state = r.err ? Failed : going ? Running : Done, name = (r.op || "run") + (r.target ? " " + r.target : "");
  const words = grouped(r.calls) + (r.calls === 1 ? " call" : " calls") + (r.workers ? " on " + grouped(r.workers) + (r.workers === 1 ? " worker" : " workers") : "");
  return el("li", {}, el("button", { type: "button", class: "run s" + state, title: [name, words, time, r.err, "show it in the timeline"].filter(Boolean).join("\n"),
    onclick: () => showTime(r.start, going ? nowEdge() : r.end) },
    el("span", { class: "glyph", "aria-hidden": "true" }, states[state].glyph), el("span", { class: "cut" }, el("b", {}, name)), el("span", { class: "when" }, time),
    el("span", { class: "cut soft" }, words), r.err ? el("span", { class: "cut err" }, clip(r.err, 300)) : null));
}
