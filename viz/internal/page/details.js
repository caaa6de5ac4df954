// The panel at the side: all about one call, or a list of calls. What was open before is a step back.

const selection = { pos: -1, group: -1 };
const panels = []; // from the first opened to the one that is shown
let openedFrom = null; // gets the focus back

function openPanel(panel, keepFocus) {
  if (!panels.length) openedFrom = document.activeElement;
  const top = panels[panels.length - 1];
  if (!top || top.key !== panel.key) panels.push(panel);
  else panels[panels.length - 1] = panel;
  if (panels.length > 50) panels.shift();
  showPanel(keepFocus);
}

function showPanel(keepFocus) {
  const panel = panels[panels.length - 1];
  $("panel").hidden = !panel;
  $("tables").hidden = Boolean(panel);
  if (!panel) $("panel").replaceChildren();
  else if (panel.kind === "list") buildList(panel);
  else buildCall(panel);
  redraw("cards", "cells", "lanes");
  if (panel && !keepFocus) (panel.kind === "list" ? list.e : $("panel").querySelector("h2")).focus({ preventScroll: true });
}

function closePanel() {
  if (!panels.length) return false;
  panels.length = 0;
  selection.pos = selection.group = -1;
  showPanel(true);
  if (openedFrom && document.contains(openedFrom)) openedFrom.focus({ preventScroll: true });
  openedFrom = null;
  return true;
}

function backPanel() {
  panels.pop();
  const panel = panels[panels.length - 1];
  if (!panel) return closePanel();
  selection.pos = panel.kind === "call" ? D.at(panel.id) : -1;
  showPanel();
}

function panelHead(title, words) {
  return el("div", { class: "panelhead" },
    panels.length > 1 ? el("button", { type: "button", title: "back (Backspace)", "aria-label": "back", onclick: backPanel }, "←") : null,
    el("h2", { tabindex: "-1", title: words }, title),
    el("button", { type: "button", class: "close", title: "close (Escape)", "aria-label": "close", onclick: closePanel }, "✕"));
}

// openCall selects a call in all views and shows all about it.
function openCall(pos, options = {}) {
  if (pos < 0) return;
  selection.pos = pos;
  selection.group = -1;
  if (mode === "cells") revealCell(pos);
  else if (D.group[pos] >= 0) reveal(D.groups[D.group[pos]]);
  openPanel({ kind: "call", key: "c" + D.id[pos], id: D.id[pos] }, options.keepFocus);
  ask(D.id[pos]);
}

// openFailure shows a failed call; what the failure tells, if the call is no longer in the graph.
function openFailure(f) {
  const pos = failurePos(f);
  if (pos >= 0 && (D.err[pos] || live)) return openCall(pos);
  selection.pos = pos;
  openPanel({ kind: "call", key: "x" + f.id + ":" + f.at, id: f.id, failure: f });
  if (f.id !== undefined) ask(f.id);
}

// answers are what the live server told about calls, by ID.
const answers = new Map();

async function ask(id) {
  if (!live) return;
  try {
    const answer = await fetch("call?id=" + id);
    if (!answer.ok) return;
    answers.set(id, await answer.json());
    if (answers.size > 100) answers.delete(answers.keys().next().value);
    const top = panels[panels.length - 1];
    if (top && top.kind === "call" && top.id === id) rebuildCall(top);
  } catch { /* the connection is down; live.js says so */ }
}

// rebuildCall shows the same call anew without taking the focus or the place.
function rebuildCall(panel) {
  const box = $("panel").querySelector(".body"), scroll = box ? box.scrollTop : 0;
  const focusable = [...$("panel").querySelectorAll("button, h2, pre")], at = focusable.indexOf(document.activeElement);
  buildCall(panel);
  if ($("panel").querySelector(".body")) $("panel").querySelector(".body").scrollTop = scroll;
  if (at >= 0) [...$("panel").querySelectorAll("button, h2, pre")][at]?.focus({ preventScroll: true });
}

// aboutCall gathers what is known from the data, from the server and from the failure.
function aboutCall(panel) {
  const pos = panel.id === undefined ? -1 : D.at(panel.id), answer = answers.get(panel.id) || {}, f = panel.failure || {};
  const known = pos >= 0, fn = known ? D.fn[pos] : -1;
  return {
    pos, answer, id: panel.id, name: (known && nameOf(D, pos)) || answer.name || f.name || "", where: (fn >= 0 && D.functions[fn].where) || answer.where || "",
    state: known ? D.state[pos] : answer.state ?? Failed,
    value: (known && D.value[pos]) || answer.value || "", err: (known && D.err[pos]) || answer.err || f.err || "",
    stack: (known && D.stack[pos]) || answer.stack || f.stack || "", reason: answer.reason || (known && D.reason[pos]) || "",
    start: known && D.callStart[pos] >= 0 ? D.callStart[pos] : answer.start ?? -1, dur: known && D.callDur[pos] > 0 ? D.callDur[pos] : answer.dur || 0,
    worker: known ? D.worker[pos] : -1, at: f.at,
  };
}

function buildCall(panel) {
  const a = aboutCall(panel), s = states[a.state];
  const id = a.id !== undefined ? "#" + a.id : "", name = a.name === id ? "" : a.name;
  const rows = [["state", el("span", { class: "state s" + a.state }, s.glyph + " " + s.name)]];
  const text = (name, value) => value && rows.push([name, value]);
  text("why", a.reason);
  text("took", a.dur > 0 ? duration(a.dur) : "");
  text("started", a.start >= 0 && a.state !== Source ? startedAt(a.start) : a.at !== undefined ? startedAt(a.at) : "");
  text("worker", a.worker >= 0 ? String(a.worker) : a.dur > 0 && D.spans.order.some((l) => l.worker >= 0) ? "none: it waited outside of the workers" : "");
  text("where", a.where);
  const body = el("div", { class: "body" },
    el("dl", { class: "about" }, ...rows.flatMap(([k, v]) => [el("dt", {}, k), el("dd", typeof v === "string" ? { title: v } : {}, v)])),
    part("error", a.err, "bad"), inputsPart(a), part("value", a.value), part("stack", a.stack), usersPart(a));
  $("panel").replaceChildren(panelHead(el("span", { class: "cut" }, el("b", {}, name), name ? " " : "", id), name + " " + id), body);
}

function startedAt(ns) {
  const clock = D.start ? new Date(D.start + ns / 1e6).toLocaleTimeString("en-GB", { hour12: false }) : "";
  const after = ns - timeExtent().from;
  return (after > 0 ? "after " + duration(after) : "at once") + (clock ? " (" + clock + ")" : "");
}

function part(title, text, more) {
  if (!text) return null;
  return el("section", {}, el("h3", {}, title), el("pre", { class: more, tabindex: "0" }, text));
}

const linksShown = 60;

// argumentsOf writes the arguments of a call: constants by their value, the rest by name, and if asked for by ID, too.
function argumentsOf(pos, ids) {
  if (D.args[pos] && !ids) return D.args[pos];
  const inputs = inputsOf(D, pos), words = [];
  if (ids && inputs.length <= 3) return inputs.length ? "(" + Array.from(inputs, (i) => (isConstant(D, i) ? clip(nameOf(D, i), 60) : functionName(D, D.fn[i]) + " #" + D.id[i])).join(", ") + ")" : "";
  for (let k = 0; k < inputs.length && words.length < 8;) {
    let run = 1;
    const text = nameOf(D, inputs[k]);
    while (k + run < inputs.length && nameOf(D, inputs[k + run]) === text) run++;
    words.push(clip(text, 60) + (run > 1 ? " ×" + grouped(run) : ""));
    k += run;
    if (words.length === 8 && k < inputs.length) words.push("…");
  }
  return D.state[pos] === Source && !inputs.length ? "" : "(" + words.join(", ") + ")";
}

function inputsPart(a) {
  if (a.pos < 0) return linksPart("arguments", (a.answer.inputs || []).map(([id, name]) => ({ id, name })), "");
  const inputs = distinct(inputsOf(D, a.pos));
  const text = argumentsOf(a.pos);
  return linksPart("arguments", inputs.map((pos) => ({ pos })), text || a.answer.args || "");
}

function usersPart(a) {
  const links = a.pos < 0 ? (a.answer.users || []).map(([id, name]) => ({ id, name })) : usersOf(D, a.pos).map((pos) => ({ pos }));
  return linksPart("users", links, "");
}

function linksPart(title, links, text) {
  if (!links.length && !text) return null;
  const items = links.slice(0, linksShown).map(({ pos, id, name }) => {
    if (pos === undefined) pos = D.at(id);
    if (pos < 0) return el("li", { class: "plain" }, el("span", { class: "cut" }, name + " #" + id));
    const s = D.state[pos], constant = isConstant(D, pos), label = functionName(D, D.fn[pos]);
    const more = D.err[pos] || (D.value[pos] ? "= " + D.value[pos] : "");
    return el("li", {}, el("button", { type: "button", class: "link s" + s, title: callSummary(pos) + (more ? "\n" + clip(more, 300) : ""), onclick: () => openCall(pos) },
      el("span", { class: "glyph", "aria-hidden": "true" }, states[s].glyph), el("span", { class: "cut" }, el("b", {}, constant && !label ? "" : label), " #" + D.id[pos], more ? el("span", { class: "soft" }, " " + clip(more, 160)) : "")));
  });
  const rest = links.length - linksShown;
  return el("section", {}, el("h3", {}, title, links.length > 1 ? el("span", { class: "soft" }, " " + grouped(links.length)) : ""),
    text ? el("p", { class: "args" }, text) : null, items.length ? el("ul", { class: "links" }, ...items) : null, rest > 0 ? el("p", { class: "soft" }, "and " + grouped(rest) + " more") : null);
}

// refreshPanel follows the run.
function refreshPanel() {
  const top = panels[panels.length - 1];
  if (!top) return;
  if (top.kind === "list") return refreshList();
  const a = aboutCall(top), signature = [a.state, a.dur, a.start, a.err].join();
  if (top.signature !== undefined && top.signature !== signature) rebuildCall(top), ask(top.id);
  top.signature = signature;
}
