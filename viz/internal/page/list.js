// The calls of a function or group. Only the rows in sight exist.

const rowHeight = 26;
const list = { rows: new Int32Array(0), all: new Int32Array(0), filter: -1, order: "first", at: 0, e: null, body: null, title: "" };

function openGroup(group) {
  selection.pos = -1;
  selection.group = group;
  openPanel({ kind: "list", key: "g" + group, title: groupName(group), fn: D.groups[group].fn, calls: () => callsOfGroup(D, group) });
}

function openFunction(fn) {
  selection.pos = selection.group = -1;
  openPanel({ kind: "list", key: "f" + fn, title: functionName(D, fn) || "(no name)", fn, calls: () => callsOfFunction(D, fn) });
}

function buildList(panel) {
  list.all = panel.calls();
  list.filter = panel.filter ?? -1;
  list.order = panel.order || "first";
  list.at = panel.at || 0;
  const numbers = panel.fn >= 0 ? functionNumbers(panel.fn) : null;
  const where = numbers && numbers.where;
  list.body = el("div", { class: "rows" });
  list.e = el("div", { class: "list", tabindex: "0", role: "listbox", "aria-label": "calls of " + panel.title, onscroll: drawList, onkeydown: listKey, onclick: listClick });
  list.e.append(list.body);
  list.chips = el("div", { class: "chips", role: "group", "aria-label": "filter by state" });
  const order = el("select", { "aria-label": "order of the calls", onchange: (e) => { list.order = panel.order = e.target.value; chooseRows(panel); } },
    ...[["first", "in order"], ["long", "longest first"], ["late", "latest first"]].map(([value, text]) => el("option", { value, selected: value === list.order ? "" : null }, text)));
  const parts = [
    panelHead(el("span", { class: "cut" }, el("b", {}, panel.title), list.all.length > 1 ? " ×" + grouped(list.all.length) : ""), panel.title),
    where ? el("p", { class: "where cut", title: where }, where) : null,
    numbers && numbers.total ? el("p", { class: "soft" }, "total " + duration(numbers.total) + " · mean " + duration(numbers.mean) + " · max " + duration(numbers.max)) : null,
    el("div", { class: "listhead" }, list.chips, order), list.e,
  ];
  $("panel").replaceChildren(...parts.filter(Boolean));
  chooseRows(panel);
  if (panel.scroll) list.e.scrollTop = panel.scroll;
}

// chooseRows filters and sorts.
function chooseRows(panel) {
  let rows = list.all;
  if (list.filter >= 0) rows = rows.filter((pos) => D.state[pos] === list.filter);
  if (list.order !== "first") {
    const by = list.order === "long" ? D.callDur : D.callStart;
    rows = rows.slice().sort((a, b) => by[b] - by[a] || a - b);
  }
  list.rows = rows;
  list.at = Math.max(0, Math.min(list.at, rows.length - 1));
  panel.filter = list.filter;
  drawChips(panel);
  drawList();
}

// drawChips writes the counts; the chips stay, so that none loses its click.
function drawChips(panel) {
  const counts = new Int32Array(8);
  for (const pos of list.all) counts[D.state[pos]]++;
  if (list.chipsOf !== panel || !list.chips.children.length) {
    list.chipsOf = panel;
    list.chips.replaceChildren(...[Failed, Running, Done, Cached, Skipped, Stale, Pending, Source].map((s) => el("button", { type: "button", class: "chip s" + s, "data-chip": s, title: "only those " + states[s].name,
      onclick: () => { list.filter = list.filter === s ? -1 : s; list.at = 0; chooseRows(panel); } })));
  }
  for (const chip of list.chips.children) {
    const s = Number(chip.dataset.chip);
    setText(chip, states[s].glyph + " " + grouped(counts[s]));
    chip.hidden = counts[s] === 0 && s !== list.filter;
    chip.setAttribute("aria-pressed", String(list.filter === s));
  }
}

// drawList makes the rows in sight.
function drawList() {
  const first = Math.max(0, Math.floor(list.e.scrollTop / rowHeight) - 4), count = Math.ceil((list.e.clientHeight || 400) / rowHeight) + 8;
  list.body.style.height = Math.max(rowHeight, list.rows.length * rowHeight) + "px";
  const rows = [];
  for (let k = first; k < Math.min(list.rows.length, first + count); k++) rows.push(listRow(k));
  if (!list.rows.length) rows.push(el("div", { class: "none" }, "none"));
  list.body.replaceChildren(...rows);
  list.e.setAttribute("aria-activedescendant", list.rows.length ? "row" + list.at : "");
  if (panels.length && panels[panels.length - 1].kind === "list") panels[panels.length - 1].scroll = list.e.scrollTop;
}

function listRow(k) {
  const pos = list.rows[k], s = D.state[pos], text = D.err[pos] || (D.value[pos] ? "= " + D.value[pos] : argumentsOf(pos, true));
  const row = el("div", { class: "row s" + s + (k === list.at ? " at" : "") + (search.hit && search.hit[pos] ? " hit" : ""), id: "row" + k, role: "option", "aria-selected": String(k === list.at),
    title: callSummary(pos) + "\n" + clip(text, 300) },
    el("span", { class: "glyph" }, states[s].glyph), el("span", { class: "id" }, "#" + D.id[pos]), el("span", { class: "cut" + (D.err[pos] ? " err" : "") }, clip(text, 200)),
    el("span", { class: "when" }, D.callDur[pos] > 0 ? duration(D.callDur[pos]) : ""));
  row.style.top = k * rowHeight + "px";
  return row;
}

// listClick goes by the place: the row that was pressed may have been made anew before it was let go.
function listClick(e) {
  const k = Math.floor((e.clientY - list.body.getBoundingClientRect().top) / rowHeight);
  if (k < 0 || k >= list.rows.length) return;
  list.at = panels[panels.length - 1].at = k;
  openCall(list.rows[k]);
}

function listKey(e) {
  const page = Math.max(1, Math.floor(list.e.clientHeight / rowHeight) - 1);
  const by = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity }[e.key];
  if (e.key === "Enter" && list.rows.length) {
    openCall(list.rows[list.at]);
  } else if (by !== undefined) {
    list.at = Math.max(0, Math.min(list.rows.length - 1, list.at + by));
    panels[panels.length - 1].at = list.at;
    const top = list.at * rowHeight;
    if (top < list.e.scrollTop) list.e.scrollTop = top;
    if (top + rowHeight > list.e.scrollTop + list.e.clientHeight) list.e.scrollTop = top + rowHeight - list.e.clientHeight;
    drawList();
  } else return;
  e.preventDefault();
  e.stopPropagation();
}

// refreshList follows the run: states and times change, and with a filter the rows.
function refreshList() {
  const panel = panels[panels.length - 1];
  if (panel.filter >= 0 || list.order !== "first") chooseRows(panel);
  else drawChips(panel), drawList();
}
