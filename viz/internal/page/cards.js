// The collapsed picture: a card a group, at the place that it was given, and the edges between them.

const cardsView = newView(0.05, 6);
let cards = []; // of each group, the parts of its card that change

// Measures of a card in its own units; a card that has less room than its lines need is drawn smaller.
const cardPad = 12, cardLine = 16, cardGlyph = 18;
const nameFont = () => "bold 13px " + theme.font;
const textFont = () => "11px " + theme.font;

// buildCards makes the elements. They stay until the server has another graph; only what changes is drawn again.
function buildCards() {
  const focused = cards.findIndex((c) => c.e === document.activeElement);
  const unit = cardUnit();
  const edges = D.edges.map((e) => svg("path", { class: "edge" + (e.waiting ? " waiting" : ""), d: e.path, "marker-end": "url(#arrow)" }));
  D.edges.forEach((e, i) => (edges[i].from = e.from));
  cards = D.groups.map((g, i) => newCard(g, i, unit));
  $("world").replaceChildren(...edges, ...cards.map((c) => c.e));
  D.groupDirty.fill(1);
  if (focused >= 0 && cards[focused]) cards[focused].e.focus();
  showEmpty();
}

function showEmpty() {
  const none = D.groups.length === 0;
  $("empty").hidden = !none;
  setText($("empty"), D.received === undefined && live && !D.start ? "waiting for the program …" : live ? "There is no call to show yet." : D.totals.some(Boolean) ? "The record has no graph: see the functions and the timeline." : "There is no call to show.");
}

// cardUnit is the scale at which the lines of every card fit: all cards have letters of the same size.
function cardUnit() {
  let unit = 1.1;
  for (const g of D.groups) {
    const needs = 32 + (g.args ? cardLine : 0) + (g.count > 1 ? 28 : 0) + (g.source && g.count === 1 ? 6 : 0);
    unit = Math.min(unit, g.h / needs);
  }
  return Math.max(0.5, unit);
}

function newCard(g, index, unit) {
  const e = svg("g", { class: "card", tabindex: "0", role: "button", transform: `translate(${g.x} ${g.y})`, "data-group": index });
  const w = g.w / unit, h = g.h / unit, cylinder = g.source && g.count === 1;
  const inner = svg("g", { transform: `scale(${unit})` });
  if (g.count > 1) inner.append(svg("rect", { class: "border behind", x: 4, y: 4, width: w, height: h, rx: 9 }));
  inner.append(svg("rect", { class: "outer", x: -4, y: -4, width: w + 8, height: h + 8, rx: 12 }));
  inner.append(cylinder ? svg("path", { class: "border", d: cylinderPath(w, h) }) : svg("rect", { class: "border", width: w, height: h, rx: 9 }));
  let y = cylinder ? 26 : 20;
  const glyph = svg("text", { class: "glyph", x: cardPad, y });
  const name = svg("text", { class: "name", x: cardPad + cardGlyph, y });
  const times = svg("text", { class: "times", y }, g.count > 1 ? "×" + grouped(g.count) : "");
  const time = svg("text", { class: "time", x: w - cardPad, y });
  inner.append(glyph, name, times, time);
  if (g.args && h > y + cardLine) {
    y += cardLine;
    inner.append(svg("text", { class: "soft", x: cardPad, y }, cut(g.args, w - 2 * cardPad, textFont())));
  }
  const bar = svg("g", { class: "bar" }), counts = svg("g", {});
  const card = { e, g, w, glyph, name, times, time, bar, counts, barAt: h >= y + 30 ? y + 9 : -1, countsAt: h >= y + 30 ? y + 29 : h >= y + 18 ? y + 16 : -1, badge: null, look: "card" };
  inner.append(bar, counts);
  e.append(svg("title", {}), inner);
  return card;
}

// cylinderPath is the sign for stored data: two bent lids and straight sides.
function cylinderPath(w, h) {
  const lid = (sweep, x, y) => `A${w / 2} 6 0 0 ${sweep} ${x} ${y}`;
  return `M0 6${lid(1, w, 6)}V${h - 6}${lid(1, 0, h - 6)}ZM${w} 6${lid(1, 0, 6)}`;
}

function drawCards() {
  const v = cardsView;
  setAttribute($("world"), "transform", `translate(${v.x.toFixed(2)} ${v.y.toFixed(2)}) scale(${v.k.toFixed(4)})`);
  const hits = search.hit && countHits();
  const selected = selection.pos >= 0 ? D.group[selection.pos] : selection.group;
  cards.forEach((c, i) => {
    if (D.groupDirty[i]) drawCard(c, i);
    setAttribute(c.e, "class", c.look + (i === selected ? " selected" : "") + (!hits ? "" : hits[i] ? " hit" : " dim"));
    drawBadge(c, hits ? hits[i] : 0);
  });
  if (live) for (const e of $("world").children) if (e.from !== undefined) e.classList.toggle("waiting", waits(e.from));
  D.groupDirty.fill(0);
  drawMore();
}

function countHits() {
  const hits = new Int32Array(D.groups.length);
  for (const pos of search.list) if (D.group[pos] >= 0) hits[D.group[pos]]++;
  return hits;
}

const waits = (g) => D.groupCounts[8 * g + Done] + D.groupCounts[8 * g + Cached] + D.groupCounts[8 * g + Source] + D.groupCounts[8 * g + Failed] === 0;

function drawBadge(c, hits) {
  if (hits === 0 || c.g.count === 1) {
    if (c.badge) c.badge.remove(), (c.badge = null);
    return;
  }
  const text = grouped(hits) + (hits === 1 ? " hit" : " hits"), width = textWidth(text, textFont()) + 12;
  if (c.badge && c.badge.textContent === text) return;
  if (c.badge) c.badge.remove();
  c.badge = svg("g", { class: "badge", transform: `translate(${c.g.w - width + 6} -9)` },
    svg("rect", { width, height: 17, rx: 8 }), svg("text", { x: width / 2, y: 12.5 }, text));
  c.e.append(c.badge);
}

function drawCard(c, index) {
  const g = c.g, state = groupState(D, index), counts = D.groupCounts.subarray(8 * index, 8 * index + 8);
  c.look = "card s" + state + (waits(index) && (state === Pending || state === Skipped) ? " waiting" : "");
  setText(c.glyph, states[state].glyph);
  const one = g.count === 1 && D.groupFirst[index + 1] > D.groupFirst[index] ? D.groupList[D.groupFirst[index]] : -1;
  const mean = one >= 0 ? (D.callDur[one] > 0 ? D.callDur[one] : 0) : groupMean(index);
  const timesWidth = c.times.textContent ? textWidth(c.times.textContent, "13px " + theme.font) + 7 : 0;
  const label = groupName(index), room = c.w - 2 * cardPad - cardGlyph - timesWidth, whole = textWidth(label, nameFont());
  const timeText = mean > 0 ? duration(mean) : one >= 0 && state === Cached ? "cached" : "";
  const timeWidth = timeText ? textWidth(timeText, textFont()) + 10 : 0;
  const withTime = whole <= room - timeWidth || room - timeWidth > 90; // else the name is worth more
  setText(c.time, withTime ? timeText : "");
  const name = cut(label, withTime ? room - timeWidth : room, nameFont());
  setText(c.name, name);
  if (timesWidth) setAttribute(c.times, "x", String(cardPad + cardGlyph + textWidth(name, nameFont()) + 7));
  if (c.barAt >= 0) drawCardBar(c, counts);
  if (c.countsAt >= 0) drawCardCounts(c, counts, one, state);
  const words = [];
  for (const s of barOrder.concat(Source)) if (counts[s]) words.push(grouped(counts[s]) + " " + states[s].name);
  const text = label + (g.count > 1 ? " ×" + grouped(g.count) : one >= 0 ? " #" + D.id[one] : "") + ": " + words.join(", ") +
    (mean > 0 ? (g.count > 1 ? ", mean time " : ", ") + duration(mean) : "");
  setAttribute(c.e, "aria-label", text);
  setText(c.e.firstChild, text + (g.args ? "\n" + g.args : ""));
}

function groupName(index) {
  const g = D.groups[index];
  const first = D.groupFirst[index + 1] > D.groupFirst[index] ? D.groupList[D.groupFirst[index]] : -1;
  return g.name || functionName(D, g.fn) || (first >= 0 ? nameOf(D, first) : "group " + (index + 1));
}

// groupMean is the mean time of the function; the calls of one function in two groups are not told apart.
const groupMean = (index) => (mixed(D, index) ? 0 : meanOf(D, D.groups[index].fn));

function drawCardBar(c, counts) {
  const track = c.w - 2 * cardPad;
  let all = 0;
  for (let s = 0; s < 8; s++) all += counts[s];
  const parts = [svg("rect", { class: "track", x: cardPad, y: c.barAt, width: track, height: 6 })];
  let sum = 0;
  for (const s of [Source, ...barOrder]) {
    if (!counts[s] || s === Pending || s === Skipped) continue;
    const from = (track * sum) / all;
    sum += counts[s];
    const width = Math.max(1.5, (track * sum) / all - from); // one failure among thousands must show
    parts.push(svg("rect", { class: "part s" + s, x: cardPad + Math.min(from, track - 1.5), y: c.barAt, width, height: 6 }));
  }
  c.bar.replaceChildren(...parts);
}

function drawCardCounts(c, counts, one, state) {
  const room = c.w - 2 * cardPad, font = textFont();
  if (one >= 0) {
    const text = D.err[one] || (D.value[one] ? "= " + D.value[one] : states[state].glyph + " " + states[state].name);
    c.counts.replaceChildren(svg("text", { class: D.err[one] ? "bad" : "soft", x: cardPad, y: c.countsAt }, cut(text, room, font)));
    return;
  }
  for (const write of [grouped, short]) {
    let x = 0;
    const texts = [];
    for (const s of [Source, ...barOrder]) {
      if (!counts[s]) continue;
      const text = states[s].glyph + " " + write(counts[s]);
      texts.push(svg("text", { class: "count s" + s, x: cardPad + x, y: c.countsAt }, text));
      x += textWidth(text, font) + 12;
      if (x - 12 > room) texts.pop();
    }
    c.counts.replaceChildren(...texts);
    if (x - 12 <= room) return;
  }
}

// short writes 48,400 as 48k.
function short(n) {
  if (n < 1000) return String(n);
  const [v, unit] = n < 999500 ? [n / 1e3, "k"] : [n / 1e6, "M"];
  return (v < 9.95 ? v.toFixed(1).replace(".0", "") : Math.round(v)) + unit;
}

function openCard(index) {
  const first = D.groupFirst[index];
  if (D.groupFirst[index + 1] - first === 1) openCall(D.groupList[first]);
  else openGroup(index);
}

// nearestCard is the next card from one in the direction of an arrow key; -1 for none.
function nearestCard(from, key) {
  const a = D.groups[from];
  let best = -1, least = Infinity;
  D.groups.forEach((b, i) => {
    const dx = b.x + b.w / 2 - a.x - a.w / 2, dy = b.y + b.h / 2 - a.y - a.h / 2;
    const [along, across] = { ArrowDown: [dy, dx], ArrowUp: [-dy, dx], ArrowRight: [dx, dy], ArrowLeft: [-dx, dy] }[key];
    if (along > 1 && along + 2 * Math.abs(across) < least) least = along + 2 * Math.abs(across), best = i;
  });
  return best;
}

$("world").addEventListener("keydown", (e) => {
  const index = cards.findIndex((c) => c.e === e.target);
  if (index < 0) return;
  if (e.key === "Enter" || e.key === " ") openCard(index);
  else if (e.key.startsWith("Arrow") && !e.shiftKey) {
    const to = nearestCard(index, e.key);
    if (to >= 0) cards[to].e.focus({ preventScroll: true }), reveal(D.groups[to]);
  } else return;
  e.preventDefault();
  e.stopPropagation();
});

// reveal pans so that a card is in sight.
function reveal(g) {
  const v = cardsView, box = $("stage").getBoundingClientRect(), pad = 12;
  const x0 = v.x + g.x * v.k, y0 = v.y + g.y * v.k, x1 = x0 + g.w * v.k, y1 = y0 + g.h * v.k;
  if (x1 > box.width - pad) v.x -= x1 - box.width + pad;
  if (y1 > box.height - pad) v.y -= y1 - box.height + pad;
  if (x0 < pad) v.x += pad - x0;
  if (y0 < pad) v.y += pad - y0;
  redraw("cards");
}
