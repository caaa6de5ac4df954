// Keys, and one drawing a frame.

let mode = "cards"; // or "cells"
const dirty = new Set();
let asked = false;

// redraw asks for a drawing of parts in the next frame: cards, cells, cellsAll, lanes, head, tables, panel, layout.
function redraw(...parts) {
  for (const part of parts) dirty.add(part);
  if (asked) return;
  asked = true;
  requestAnimationFrame(frame);
}

// What changes with every event is drawn some times a second only: nobody reads faster, and a layout costs. Numbers that
// stand in several places are drawn in the same frame, so that they agree.
const together = [0, 250];
const slowly = { head: together, cards: together, tables: together, panel: [0, 500], lanes: [0, 120] };

function frame(time) {
  asked = false;
  if (!D) return; // the data could not be read
  let later = false;
  const due = (part) => {
    if (!dirty.has(part)) return false;
    const slow = live && slowly[part];
    if (slow && slow[0] !== time && time - slow[0] < slow[1] && D.received !== undefined && !pressed) {
      later = true;
      return false;
    }
    if (slow) slow[0] = time;
    return dirty.delete(part);
  };
  const box = $("stage");
  const { width, height } = (stageSize = { width: box.clientWidth, height: box.clientHeight });
  if (dirty.delete("layout")) layout(width, height);
  if (mode === "cards") {
    if (due("cards")) drawCards();
  } else {
    const all = dirty.delete("cellsAll");
    if (dirty.delete("cells") || all) drawCells(all, width, height);
  }
  if (due("head")) drawHead();
  if (due("tables")) drawTables(), drawFailures(false), drawRuns();
  if (due("panel")) refreshPanel(), refreshSearch();
  if (due("lanes")) drawLanes();
  D.changed.length = 0; // not looked at, texels stay behind: setMode has them made anew
  pressed = false;
  if (later && !laterTimer) laterTimer = setTimeout(() => { laterTimer = 0; redraw(); }, 30);
}

let stageSize = { width: 0, height: 0 };
let laterTimer = 0; // asks for the parts that were not due

let pressed = false; // the user did something: what it changes is shown at once
for (const name of ["pointermove", "pointerdown", "keydown", "wheel"]) addEventListener(name, () => { pressed = true; }, { capture: true, passive: true });

// layout fits the pictures to their room. A picture that the user has moved stays where it is.
function layout(width, height) {
  if (!cardsView.touched) fitCards(width, height);
  layCells(Math.max(40, width - 2 * stagePad), Math.max(40, height - stagePad));
  if (!cellsView.touched) fitCells();
  redraw("cards", "cellsAll", "cells", "lanes");
}

const stagePad = 12, cardsPad = 2; // the picture of cards has a margin of its own

// In pixels: with smaller letters the whole picture says nothing; where only a part is shown, they are to be read with ease.
const leastWhole = 5.4, leastText = 7.5;

// fitCards shows all of the picture; at first only if it can be read, else the part where it begins. See drawMore.
function fitCards(width, height) {
  fitView(cardsView, D.size[0], D.size[1], width, height, cardsPad, 1.3 / cardUnit());
  const letter = 11 * cardUnit();
  if (fitCards.all || cardsView.k * letter >= leastWhole) return;
  cardsView.k = Math.min(1, leastText / letter);
  const w = D.size[0] * cardsView.k;
  Object.assign(cardsView, { x: Math.max(cardsPad, (width - w) / 2), y: cardsPad });
}

function fitCells() {
  Object.assign(cellsView, { x: stagePad, y: 2, k: 1, touched: false });
}

function fit() {
  fitCards.all = true;
  cardsView.touched = cellsView.touched = false;
  redraw("layout");
}

function setMode(to) {
  mode = to;
  $("cards").style.display = to === "cards" ? "" : "none";
  $("cells").hidden = to !== "cells";
  $("mode-cards").setAttribute("aria-pressed", String(to === "cards"));
  $("mode-cells").setAttribute("aria-pressed", String(to === "cells"));
  hideTip();
  drawMore();
  if (to === "cells") redraw("cells", "cellsAll");
  else redraw("cards");
}

// show shows other data. The selection is kept by ID.
function show(d, first) {
  const ids = panels.length && D ? panels.map((p) => p.id) : [];
  const selected = D && selection.pos >= 0 ? D.id[selection.pos] : -1, cursor = D && cells.cursor >= 0 ? D.id[cells.cursor] : -1;
  D = d;
  selection.pos = selected >= 0 ? D.at(selected) : -1;
  cells.cursor = cursor >= 0 ? D.at(cursor) : -1;
  cells.hover = timeline.hover = -1;
  timeline.chosenFor = undefined;
  drawRuns.signature = "";
  showData();
  buildCards();
  buildTables();
  drawFailures(true);
  drawRuns();
  const at = search.at;
  runSearch($("search").value);
  if (!first && at >= 0 && at < search.list.length) search.at = at, showHits();
  if (ids.length) keepPanels();
  redraw("layout", "head", "lanes");
  if (!first || !live) performance.mark("dally-ready");
}

// keepPanels drops the open lists, whose groups may be others now, unless one is shown by function.
function keepPanels() {
  const top = panels[panels.length - 1];
  if (top.kind === "list" && top.key[0] === "g") {
    const group = D.groups.findIndex((g) => g.fn === top.fn && groupName(D.groups.indexOf(g)) === top.title);
    if (group < 0) return closePanel();
    selection.group = group;
    top.calls = () => callsOfGroup(D, group);
  }
  if (top.kind === "list") {
    const had = document.activeElement === list.e;
    buildList(top);
    if (had) list.e.focus({ preventScroll: true });
  } else rebuildCall(top);
}

function zoomBy(factor) {
  const box = $("stage");
  zoomView(mode === "cards" ? cardsView : cellsView, box.clientWidth / 2, box.clientHeight / 2, factor);
  redraw("cards", "cells");
}

function panBy(dx, dy) {
  const box = $("stage"), cardsMode = mode === "cards";
  panView(cardsMode ? cardsView : cellsView, dx, dy, cardsMode ? D.size[0] : cells.width, cardsMode ? D.size[1] : cells.height, box.clientWidth, box.clientHeight);
  redraw("cards", "cells");
}

const helpKeys = [
  ["/", "search by function, #id, text, or state as failed:"], ["Enter, ⇧ Enter", "next hit, the one before"], ["Esc", "close, step by step"],
  ["g", "grouped"], ["n", "every node"], ["f", "fit"], ["+ −", "zoom, of the timeline if it has the focus"], ["arrows", "move between cards, cells, spans, rows"],
  ["⇧ arrows", "pan"], ["Enter", "open what is marked"], ["Backspace", "back to what was open before"], ["Tab", "on to the next part"], ["t", "light or dark"], ["?", "these keys"],
];

function toggleHelp() {
  const help = $("help");
  if (help.open) return help.close();
  help.replaceChildren(el("h2", {}, "Keys"), el("dl", {}, ...helpKeys.flatMap(([key, text]) => [el("dt", {}, key), el("dd", {}, text)])),
    el("p", { class: "soft" }, "Wheel or pinch zooms, drag pans, a click opens. A card stands for all calls that do the same; a click lists them."),
    el("button", { type: "button", onclick: () => help.close() }, "close"));
  help.showModal();
}

function escape() {
  if (closePanel()) return;
  if (search.text) return clearSearch();
  if (document.activeElement === $("search")) $("search").blur();
}

const arrows = { ArrowLeft: [40, 0], ArrowRight: [-40, 0], ArrowUp: [0, 40], ArrowDown: [0, -40] };

function keyed(e) {
  const target = document.activeElement, typing = target && (target.tagName === "INPUT" || target.tagName === "SELECT");
  if (e.ctrlKey || e.metaKey || e.altKey || $("help").open) return;
  const inTime = target === $("lanes"), inCells = target === $("cells");
  if (e.key === "Escape") hideTip(), escape();
  else if (typing) return;
  else if (e.key === "/") $("search").focus(), $("search").select();
  else if (e.key === "?") toggleHelp();
  else if (e.key === "g") setMode("cards");
  else if (e.key === "n") setMode("cells");
  else if (e.key === "t") toggleTheme();
  else if (e.key === "f" || e.key === "0") inTime ? fitTime() : fit();
  else if (e.key === "+" || e.key === "=") inTime ? zoomTime(timeMiddle(), 1.5) : zoomBy(1.3);
  else if (e.key === "-") inTime ? zoomTime(timeMiddle(), 1 / 1.5) : zoomBy(1 / 1.3);
  else if (e.key === "Backspace" && panels.length) backPanel();
  else if (arrows[e.key] && e.shiftKey) inTime ? panTime(...arrows[e.key]) : panBy(...arrows[e.key]);
  else if (arrows[e.key] && inTime) moveSpan(e.key);
  else if (arrows[e.key] && inCells) moveCursor(e.key);
  else if (e.key === "Enter" && inCells && cells.cursor >= 0) openCall(cells.cursor, { keepFocus: true });
  else if (e.key === "Enter" && inTime) openSpan(timeline.hover);
  else return;
  e.preventDefault();
}

function openSpan(i) {
  if (i >= 0 && D.spans.pos[i] >= 0) openCall(D.spans.pos[i], { keepFocus: true });
}

function hoverCells(x, y, e) {
  const pos = cellUnder(x, y);
  if (pos !== cells.hover) cells.hover = pos, redraw("cells");
  $("cells").style.cursor = pos >= 0 ? "pointer" : "";
  if (pos >= 0) showTip(e.clientX, e.clientY, tipOf(pos));
  else hideTip();
}

function hoverTime(x, y, e) {
  const i = spanUnder(x, y), r = i < 0 && runningUnder(x, y);
  if (i !== timeline.hover) timeline.hover = i, redraw("lanes");
  $("lanes").style.cursor = i >= 0 || r ? "pointer" : "";
  if (i >= 0) showTip(e.clientX, e.clientY, spanTip(i));
  else if (r) showTip(e.clientX, e.clientY, runningTip(r));
  else hideTip();
}

// printed makes the page fit for paper, or for the screen again: the whole picture, whatever the size of the paper, and
// light colours; those of the style sheet are of the screen alone.
function printed(on) {
  const root = document.documentElement;
  if (on) {
    printed.theme = root.dataset.theme;
    root.dataset.theme = "light";
  } else if (printed.theme) root.dataset.theme = printed.theme;
  else delete root.dataset.theme;
  themeChanged();
  redraw("layout");
  pressed = true;
  frame(performance.now());
  if (!on) return $("cards").removeAttribute("viewBox");
  $("cards").setAttribute("viewBox", `0 0 ${Math.max(1, D.size[0])} ${Math.max(1, D.size[1])}`);
  $("world").removeAttribute("transform");
}

function listen() {
  gestures($("cards"), {
    zoom: (x, y, factor) => { zoomView(cardsView, x, y, factor); redraw("cards"); }, pan: panBy, hover: () => {},
    click: (x, y, e) => {
      const card = document.elementFromPoint(e.clientX, e.clientY)?.closest?.(".card");
      if (card) openCard(Number(card.dataset.group));
    },
  });
  gestures($("cells"), {
    zoom: (x, y, factor) => { zoomView(cellsView, x, y, factor); if (cellsView.k === 1) fitCells(); redraw("cells"); }, pan: panBy, hover: hoverCells,
    leave: () => { cells.hover = -1; redraw("cells"); },
    click: (x, y) => { const pos = cellUnder(x, y); cells.cursor = pos; if (pos >= 0) openCall(pos, { keepFocus: true }); },
  });
  gestures($("lanes"), {
    zoom: (x, y, factor) => zoomTime(x, factor), pan: panTime, hover: hoverTime, leave: () => { timeline.hover = -1; redraw("lanes"); },
    click: (x, y) => {
      const r = spanUnder(x, y) < 0 && runningUnder(x, y);
      if (r && r.pos >= 0) openCall(r.pos, { keepFocus: true });
      else openSpan(spanUnder(x, y));
    },
  });
  $("mode-cards").onclick = () => setMode("cards");
  $("mode-cells").onclick = () => setMode("cells");
  $("fit").onclick = fit;
  $("timefit").onclick = fitTime;
  $("zoomin").onclick = () => zoomBy(1.3);
  $("zoomout").onclick = () => zoomBy(1 / 1.3);
  $("theme").onclick = toggleTheme;
  $("helpbutton").onclick = toggleHelp;
  addEventListener("keydown", keyed);
  addEventListener("resize", () => redraw("layout", "lanes"));
  addEventListener("beforeprint", () => printed(true));
  addEventListener("afterprint", () => printed(false));
  new ResizeObserver(() => redraw("layout", "lanes")).observe($("stage"));
  for (const id of ["cells", "lanes"]) $(id).addEventListener("blur", () => { hideTip(); redraw("cells", "lanes"); });
  // Between the events of a run that goes on, the clock moves.
  if (live) setInterval(() => { if (D.received !== undefined && elapsedOf(D).going) redraw("head", "lanes", "tables"); }, 200);
}

buildHead();
buildMore();
listen();
if (live) startLive();
else {
  try {
    show(load(JSON.parse($("data").textContent)), true);
  } catch (err) {
    $("empty").hidden = false;
    setText($("empty"), "The data of this page cannot be read: " + err.message);
    throw err;
  }
}
