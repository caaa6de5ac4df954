// The timeline: a lane a worker, spans coloured by function; where spans are narrower than pixels, a column a pixel.

const timeline = { from: 0, to: 1, follow: true, scroll: 0, hover: -1, width: 0, height: 0, lane: 12, drawn: 0, binned: false };
const gutter = 54, axisHeight = 20, laneMin = 9, laneMax = 18;

// timeExtent is all of the time that there is to show.
function timeExtent() {
  const s = D.spans;
  let from = Math.min(s.begin, ...D.runs.map((r) => r.start), ...D.running.map((r) => r.start));
  if (!Number.isFinite(from)) from = 0;
  const to = Math.max(s.end, ...D.runs.map((r) => r.end), D.running.length ? nowEdge() : 0);
  return { from, to: Math.max(to, from + 1) };
}

// nowEdge is up to where running calls reach.
const nowEdge = () => (live ? now(D) : D.now);

function fitTime() {
  timeline.follow = true;
  redraw("lanes");
}

// lanesShown are the lanes with their names, and those of running calls that have none yet.
function lanesShown() {
  const s = D.spans, shown = s.order.map((lane) => ({ lane, worker: lane.worker, running: [] }));
  const names = laneNames(s);
  shown.forEach((l, i) => (l.name = names[i]));
  for (const r of D.running) {
    let to = shown.find((l) => l.worker === Math.max(-1, r.worker) && l.running.length === 0 && (r.worker >= 0 || l.lane.end <= r.start));
    if (!to && shown.length < 200) {
      to = { lane: null, worker: Math.max(-1, r.worker), running: [], name: r.worker >= 0 ? "w" + r.worker : "out" };
      const at = shown.findIndex((l) => r.worker >= 0 && (l.worker < 0 || l.worker > r.worker));
      shown.splice(at < 0 ? shown.length : at, 0, to);
    }
    if (to) to.running.push(r);
  }
  return shown;
}

// layTime gives the timeline the height that its lanes need, within limits.
function layTime() {
  const count = Math.max(1, lanesShown().length);
  const most = Math.max(90, Math.min(240, innerHeight * 0.235));
  timeline.lane = Math.max(laneMin, Math.min(laneMax, Math.floor((most - axisHeight) / count)));
  const fitting = Math.max(1, Math.min(count, Math.floor((most - axisHeight - 4) / timeline.lane))); // no lane is cut
  const height = Math.max(46, fitting * timeline.lane + axisHeight + (fitting < count ? 0 : 4));
  const stage = $("timestage");
  if (stage.style.height !== height + "px") stage.style.height = height + "px";
  timeline.width = stage.clientWidth, timeline.height = height;
}

const columns = { picture: document.createElement("canvas"), context: null, image: null, pixels: null };
let bins = newBins(1);

// functionTexels are the colours of functions as pixels, without their strength.
const functionTexels = functionColours.map((hex) => { const [r, g, b] = rgbOf(hex); return (b << 16) | (g << 8) | r; });

function drawLanes() {
  const started = performance.now(), none = D.spans.order.length === 0 && D.running.length === 0 && !live;
  if ($("time").hidden !== none) $("time").hidden = none, redraw("layout");
  if (none) return;
  layTime();
  const t = timeline, s = D.spans;
  if (t.follow) Object.assign(t, timeExtent());
  const c = canvasOf($("lanes"), t.width, t.height);
  c.fillStyle = theme.page;
  c.fillRect(0, 0, t.width, t.height);
  const shown = (t.shown = lanesShown()), bottom = t.height - axisHeight;
  t.scroll = Math.max(0, Math.min(t.scroll, shown.length * t.lane - bottom));
  drawAxis(c, bottom);
  c.save();
  c.beginPath();
  c.rect(0, 0, t.width, bottom);
  c.clip();
  t.binned = false;
  shown.forEach((l, i) => {
    const y = i * t.lane - t.scroll;
    if (y + t.lane < 0 || y > bottom) return;
    c.fillStyle = theme.track;
    c.globalAlpha = 0.28;
    c.fillRect(gutter, y + 1, t.width - gutter, t.lane - 2);
    c.globalAlpha = 1;
    if (l.lane) drawLane(c, s, l.lane, y + 1, t.lane - 2);
    for (const r of l.running) drawRunning(c, r, y + 1, t.lane - 2);
  });
  drawChosen(c, shown);
  drawLaneNames(c, shown, bottom);
  c.restore();
  drawTimeInfo(s);
  t.drawn = performance.now() - started;
}

const plotWidth = () => Math.max(1, timeline.width - gutter - 8);
const timeX = (ns) => gutter + ((ns - timeline.from) / (timeline.to - timeline.from)) * plotWidth();
const timeAt = (x) => timeline.from + ((x - gutter) / plotWidth()) * (timeline.to - timeline.from);

function drawLane(c, s, lane, y, h) {
  const t = timeline, first = firstAfter(lane, t.from), last = startsBefore(s, lane, t.to);
  const width = Math.round(plotWidth());
  if (last - first > width / 2) return drawColumns(c, s, lane, y, h, width);
  const hits = search.hit;
  for (let k = first; k < last; k++) {
    const i = lane.list[k], x = Math.max(gutter, timeX(s.start[i])), end = Math.min(gutter + width, timeX(s.start[i] + s.dur[i]));
    if (end < gutter) continue;
    const room = end - x, w = Math.max(s.state[i] === Failed ? 4 : 1, room > 3 ? room - 0.8 : room);
    c.globalAlpha = hits && !(s.pos[i] >= 0 && hits[s.pos[i]]) ? 0.2 : s.state[i] === Pending ? 0.5 : 1;
    drawSpan(c, s.fn[i], s.state[i], x, y, w, h);
  }
  c.globalAlpha = 1;
}

// drawSpan: the name stands in the span where there is room; a failed one is hatched.
function drawSpan(c, fn, state, x, y, w, h) {
  c.fillStyle = state === Failed ? hatch(c) : colourOf(fn);
  c.fillRect(x, y, w, h);
  if (state === Failed) {
    c.strokeStyle = theme.bad;
    c.lineWidth = 1.5;
    c.strokeRect(x + 0.75, y + 0.75, Math.max(1, w - 1.5), h - 1.5);
    return;
  }
  if (w < 34 || h < 12) return;
  c.font = "10px " + theme.font;
  c.textBaseline = "middle";
  const name = functionName(D, fn), text = cut(name, w - 6, c.font);
  if (text !== name && text.length < 6) return; // "Me…" tells nothing
  c.fillStyle = lightness(colourOf(fn)) > 0.45 ? "#14181d" : "#ffffff";
  c.fillText(text, x + 3, y + h / 2 + 0.5);
}

function lightness(hex) {
  const [r, g, b] = rgbOf(hex);
  return (0.2126 * r + 0.7152 * g + 0.0722 * b) / 255;
}

// hatch is the pattern of failed spans: stripes, to be told without colour.
let hatchFor = "", hatchPattern = null;
function hatch(c) {
  if (hatchFor === theme.bad + theme.page) return hatchPattern;
  const p = document.createElement("canvas");
  p.width = p.height = 6;
  const g = p.getContext("2d");
  g.fillStyle = theme.page;
  g.fillRect(0, 0, 6, 6);
  g.strokeStyle = theme.bad;
  g.lineWidth = 2.4;
  for (const d of [-6, 0, 6]) g.moveTo(d - 1, 7), g.lineTo(d + 7, -1);
  g.stroke();
  hatchFor = theme.bad + theme.page;
  return (hatchPattern = c.createPattern(p, "repeat"));
}

// drawColumns draws a lane with more spans than pixels: a column a pixel, as strong as its share of time is busy. It
// writes texels of a picture one pixel high, which is drawn as high as the lane.
function drawColumns(c, s, lane, y, h, width) {
  timeline.binned = true;
  if (bins.columns !== width) {
    bins = newBins(width);
    columns.picture.width = width, columns.picture.height = 1;
    columns.context = columns.picture.getContext("2d", { willReadFrequently: true });
    columns.image = columns.context.createImageData(width, 1);
    columns.pixels = new Uint32Array(columns.image.data.buffer);
  }
  fillBins(bins, s, lane, timeline.from, timeline.to, search.hit);
  const { busy, flag, fn } = bins, pixels = columns.pixels, failed = [], hits = search.hit !== null;
  for (let x = 0; x < width; x++) {
    if (busy[x] <= 0 && flag[x] === 0) {
      pixels[x] = 0;
      continue;
    }
    if (flag[x] & flagFailed) failed.push(x);
    let alpha = 31 + 224 * Math.min(1, busy[x]);
    if (hits && !(flag[x] & flagHit)) alpha *= 0.2;
    pixels[x] = functionTexels[Math.max(0, fn[x]) % functionTexels.length] | (Math.round(alpha) << 24);
  }
  columns.context.putImageData(columns.image, 0, 0);
  c.imageSmoothingEnabled = false;
  c.drawImage(columns.picture, 0, 0, width, 1, gutter, y, width, h);
  let before = -9;
  for (const x of failed) { // marks may not run into each other until nothing else is seen
    if (x - before < 5) continue;
    before = x;
    drawSpan(c, 0, Failed, gutter + x - 2, y, 5, h);
  }
}

// drawRunning draws a call that still runs: open to the right.
function drawRunning(c, r, y, h) {
  const x = Math.max(gutter, timeX(r.start)), end = Math.min(timeline.width - 8, timeX(nowEdge()));
  if (end <= gutter || x > timeline.width) return;
  const w = Math.max(2, end - x);
  c.globalAlpha = 0.55;
  drawSpan(c, r.fn, Running, x, y, w, h);
  c.globalAlpha = 1;
  c.fillStyle = theme.stroke[Running];
  c.fillRect(x + w - 2, y, 2, h);
}

function drawLaneNames(c, shown, bottom) {
  const t = timeline, every = Math.ceil(11 / t.lane);
  c.fillStyle = theme.page;
  c.fillRect(0, 0, gutter, bottom);
  c.fillStyle = theme.soft;
  c.font = "10px " + theme.font;
  c.textAlign = "end";
  c.textBaseline = "middle";
  shown.forEach((l, i) => {
    if (i % every === 0) c.fillText(cut(l.name, gutter - 10, c.font), gutter - 6, i * t.lane - t.scroll + t.lane / 2 + 0.5);
  });
  c.textAlign = "start";
}

// drawChosen frames the selected span and the one under the pointer.
function drawChosen(c, shown) {
  const s = D.spans, t = timeline;
  if (t.chosenFor !== selection.pos || t.chosenOf !== s.n) {
    t.chosenFor = selection.pos, t.chosenOf = s.n;
    t.chosen = selection.pos >= 0 ? spanOf(D, selection.pos) : -1;
  }
  for (const [i, colour, width] of [[t.hover, theme.soft, 1.5], [t.chosen, theme.ink, 2.5]]) {
    const at = i >= 0 ? shown.findIndex((l) => l.lane && l.lane.number === s.lane[i]) : -1;
    if (at < 0) continue;
    const x = timeX(s.start[i]), w = Math.max(4, timeX(s.start[i] + s.dur[i]) - x);
    c.strokeStyle = colour;
    c.lineWidth = width;
    c.strokeRect(x - 0.5, at * t.lane - t.scroll + 0.5, w, t.lane - 1);
  }
}

// drawAxis: steps of 1, 2 or 5, in minutes of 1, 5, 15; a label only where it has room.
function drawAxis(c, y) {
  const t = timeline, span = t.to - t.from, origin = timeExtent().from;
  if (span <= 1) return; // nothing has run
  const step = tickStep(span / Math.max(1, Math.floor(plotWidth() / 90)));
  c.font = "10.5px " + theme.font;
  c.textBaseline = "alphabetic";
  let free = -8;
  for (let k = Math.ceil((t.from - origin) / step - 1e-9); k * step <= t.to - origin + step * 1e-9; k++) {
    const x = timeX(origin + k * step), text = tickText(k * step, step), w = textWidth(text, c.font);
    c.fillStyle = theme.line;
    c.fillRect(Math.round(x), 0, 1, y + 3);
    const at = Math.min(Math.max(2, x - w / 2), t.width - w - 2);
    if (at < free + 8) continue;
    c.fillStyle = theme.soft;
    c.fillText(text, at, y + 15);
    free = at + w;
  }
}

function tickStep(least) {
  const second = 1e9, long = [60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400];
  if (least > 30 * second) return (long.find((s) => s * second >= least) || Math.ceil(least / second / 86400) * 86400) * second;
  if (least > 10 * second) return 30 * second;
  const power = 10 ** Math.floor(Math.log10(Math.max(1, least)));
  return power * ([1, 2, 5].find((m) => m * power >= least) || 10);
}

// tickText has as many digits as the step asks for.
function tickText(ns, step) {
  if (ns === 0) return "0";
  if (step >= 10e9 && ns >= 60e9) return duration(ns).replace(/ 00s$/, "").replace(/ 00m$/, "");
  const [size, name] = ns >= 1e9 ? [1e9, " s"] : ns >= 1e6 ? [1e6, " ms"] : ns >= 1e3 ? [1e3, " µs"] : [1, " ns"];
  const digits = Math.max(0, -Math.floor(Math.log10(step / size) + 1e-9));
  const value = (ns / size).toFixed(Math.min(9, digits));
  return (digits ? value.replace(/0+$/, "").replace(/\.$/, "") : grouped(Number(value))) + name;
}

function drawTimeInfo(s) {
  setText($("timetitle"), s.order.length && !s.order.some((l) => l.worker >= 0) ? "Calls over time" : "Workers over time");
  const words = [grouped(s.n) + (s.n === 1 ? " span" : " spans")];
  if (timeline.binned) words.push("a column a pixel, shade = share of time busy");
  const lanes = (timeline.shown || []).length;
  if (lanes * timeline.lane > timeline.height - axisHeight + 1) words.push(grouped(lanes) + " lanes: drag to see more");
  if (D.dropped > 0) words.push(grouped(D.dropped) + " older ones were dropped");
  if (s.failed) words.push(grouped(s.failed) + " failed (hatched)");
  setText($("timeinfo"), words.join(" · "));
}

// spanUnder is the span at a point of the canvas, or the nearest within 3 pixels; -1 for none.
function spanUnder(x, y) {
  const t = timeline, l = (t.shown || [])[Math.floor((y + t.scroll) / t.lane)], s = D.spans;
  if (!l || !l.lane || x < gutter || y > t.height - axisHeight) return -1;
  let best = -1, least = 3;
  for (let k = startsBefore(s, l.lane, timeAt(x + 3)) - 1, steps = 0; k >= 0 && steps < 200; k--, steps++) {
    const i = l.lane.list[k], a = timeX(s.start[i]), b = timeX(s.start[i] + s.dur[i]);
    const off = x < a ? a - x : x > b ? x - b : 0;
    if (off < least) least = off, best = i;
    if (off === 0) break;
    if (l.lane.maxEnd[k] < timeAt(x - 3)) break;
  }
  return best;
}

function runningUnder(x, y) {
  const l = (timeline.shown || [])[Math.floor((y + timeline.scroll) / timeline.lane)];
  return l && l.running.find((r) => timeAt(x) >= r.start && timeAt(x) <= nowEdge());
}

function spanTip(i) {
  const s = D.spans, origin = timeExtent().from;
  return [
    functionName(D, s.fn[i]) + (s.id[i] >= 0 ? " #" + s.id[i] : ""),
    states[s.state[i]].glyph + " " + (s.state[i] === Pending ? "cancelled" : states[s.state[i]].name) + " · " + duration(s.dur[i]),
    "from " + (s.start[i] - origin > 0 ? duration(s.start[i] - origin) : "0") + " · " + (s.worker[i] >= 0 ? "worker " + s.worker[i] : "no worker"),
    s.pos[i] >= 0 && D.err[s.pos[i]] ? clip(D.err[s.pos[i]], 120) : "",
  ];
}

const runningTip = (r) => [functionName(D, r.fn) + " #" + r.id, "▶ running · " + duration(nowEdge() - r.start), r.worker >= 0 ? "worker " + r.worker : "no worker"];

// timeMiddle is what the keys zoom about: the marked span, if it is in sight.
function timeMiddle() {
  const t = timeline, i = t.hover >= 0 ? t.hover : t.chosen ?? -1, x = i >= 0 ? timeX(D.spans.start[i] + D.spans.dur[i] / 2) : -1;
  return x > gutter && x < t.width ? x : gutter + plotWidth() / 2;
}

function zoomTime(x, factor) {
  const t = timeline, all = timeExtent(), length = Math.max(50, Math.min((all.to - all.from) * 1.0, (t.to - t.from) / factor));
  const share = Math.max(0, Math.min(1, (x - gutter) / plotWidth())), at = t.from + share * (t.to - t.from);
  t.follow = length >= all.to - all.from;
  hideTip();
  t.from = at - share * length, t.to = t.from + length;
  panTime(0, 0);
}

function panTime(dx, dy) {
  const t = timeline, all = timeExtent(), length = t.to - t.from;
  if (!t.follow) {
    const from = Math.max(all.from, Math.min(all.to - length, t.from - (dx / plotWidth()) * length));
    t.from = from, t.to = from + length;
  }
  t.scroll -= dy;
  redraw("lanes");
}

// showTime zooms to a stretch of time.
function showTime(from, to) {
  const pad = (to - from) * 0.02;
  Object.assign(timeline, { follow: false, from: from - pad, to: Math.max(to + pad, from + 100) });
  redraw("lanes");
}

// moveSpan goes to the next span of a lane, or to the one at the same time in another lane.
function moveSpan(key) {
  const s = D.spans, t = timeline;
  let i = t.hover >= 0 ? t.hover : t.chosen >= 0 ? t.chosen : -1;
  const lanes = s.order;
  if (lanes.length === 0) return;
  if (i < 0 || s.lane[i] < 0) i = lanes[0].list[Math.min(lanes[0].n - 1, firstAfter(lanes[0], t.from))];
  else {
    let at = lanes.findIndex((l) => l.number === s.lane[i]), lane = lanes[at], k = lane.list.subarray(0, lane.n).indexOf(i);
    if (key === "ArrowLeft") k--;
    else if (key === "ArrowRight") k++;
    else {
      lane = lanes[Math.max(0, Math.min(lanes.length - 1, at + (key === "ArrowUp" ? -1 : 1)))];
      k = Math.max(0, startsBefore(s, lane, s.start[i] + s.dur[i] / 2) - 1);
    }
    if (k >= 0 && k < lane.n) i = lane.list[k];
  }
  t.hover = i;
  if (s.start[i] < t.from || s.start[i] + s.dur[i] > t.to) t.follow || panTime(timeX((t.from + t.to) / 2) - timeX(s.start[i] + s.dur[i] / 2), 0);
  redraw("lanes");
  const box = $("lanes").getBoundingClientRect(), row = lanes.findIndex((l) => l.number === s.lane[i]);
  const tip = spanTip(i);
  $("lanes").setAttribute("aria-label", tip.filter(Boolean).join(", ") + ". Arrow keys move, Enter opens.");
  showTip(box.left + Math.max(gutter, Math.min(t.width - 20, timeX(s.start[i]))), box.top + row * t.lane - t.scroll, tip);
}
