// Spans in columns, and sorted into lanes: one a worker, more where spans of one worker overlap.

const spansMax = 400000; // kept by a live page; then the oldest quarter goes
const subLanesMax = 16; // overlapping spans of one worker beyond it share the last lane

function loadSpans(d, raw) {
  if (!raw || !raw.start) raw = null;
  d.spans = newSpans(raw ? raw.start.length : 0);
  d.recent = new Set();
  d.running = [];
  if (!raw) return;
  const state = digits(raw.state || "", raw.start.length);
  let start = 0;
  for (let i = 0; i < raw.start.length; i++) {
    start += raw.start[i];
    const pos = raw.call ? raw.call[i] : -1, worker = raw.worker ? raw.worker[i] : -1;
    const id = pos >= 0 ? d.id[pos] : -1;
    if (state[i] === Running) d.running.push({ id, pos, fn: raw.fn[i], worker, start });
    else addSpan(d, id, pos, raw.fn[i], worker, state[i], start, raw.dur[i]);
  }
  // Events that were on their way when the data were taken may tell of spans that are in the data.
  const s = d.spans;
  for (let i = Math.max(0, s.n - 50000); i < s.n; i++) d.recent.add(spanKey(s.id[i], s.fn[i], s.worker[i], s.start[i]));
}

// spanKey tells spans apart. Of calls that are not in the graph the data have no IDs, but events do: then it is the rest.
function spanKey(id, fn, worker, start) {
  return id >= 0 ? id + ":" + start : "fn" + fn + ":" + worker + ":" + start;
}

// isRecent reports whether the data have the span that an event tells of.
function isRecent(d, id, pos, fn, worker, start) {
  return d.recent.size > 0 && d.recent.has(spanKey(pos >= 0 ? id : -1, fn, worker, start));
}

function newSpans(capacity) {
  const c = Math.max(1024, capacity);
  return { n: 0, id: new Float64Array(c), pos: new Int32Array(c), fn: new Int32Array(c), worker: new Int32Array(c), state: new Uint8Array(c),
    start: new Float64Array(c), dur: new Float64Array(c), lane: new Int32Array(c), begin: Infinity, end: 0, lanes: [], order: [], byWorker: new Map(), failed: 0 };
}

function addSpan(d, id, pos, fn, worker, state, start, dur) {
  let s = d.spans;
  if (s.n >= spansMax && live) s = dropOldest(d);
  if (s.n === s.start.length) growSpans(s);
  const i = s.n++;
  s.id[i] = id, s.pos[i] = pos, s.fn[i] = fn, s.worker[i] = worker, s.state[i] = state, s.start[i] = start, s.dur[i] = dur;
  s.lane[i] = -1;
  if (state === Failed) s.failed++;
  if (worker < 0 && (state === Cached || state === Skipped)) return; // did not run: nothing to draw
  s.begin = Math.min(s.begin, start);
  s.end = Math.max(s.end, start + dur);
  place(s, i);
}

function growSpans(s) {
  for (const key of ["id", "pos", "fn", "worker", "state", "start", "dur", "lane"]) {
    const larger = new s[key].constructor(2 * s[key].length);
    larger.set(s[key]);
    s[key] = larger;
  }
}

function dropOldest(d) {
  const old = d.spans, from = old.n >> 2;
  const s = (d.spans = newSpans(old.start.length));
  d.dropped += from;
  for (let i = from; i < old.n; i++) addSpan(d, old.id[i], old.pos[i], old.fn[i], old.worker[i], old.state[i], old.start[i], old.dur[i]);
  return s;
}

// place puts span i into the first lane of its worker that is free by then. Only the last of the lanes may overlap.
function place(s, i) {
  const worker = Math.max(-1, s.worker[i]);
  let lanes = s.byWorker.get(worker);
  if (!lanes) s.byWorker.set(worker, (lanes = []));
  for (const lane of lanes) {
    if (lane.end <= s.start[i]) return append(s, lane, i);
  }
  if (lanes.length < subLanesMax) {
    const lane = { worker, sub: lanes.length, list: new Int32Array(64), maxEnd: new Float64Array(64), n: 0, end: 0, number: s.lanes.length };
    lanes.push(lane);
    s.lanes.push(lane);
    // Workers by number; calls that waited outside of the workers come last.
    s.order = s.lanes.slice().sort((a, b) => (a.worker < 0) - (b.worker < 0) || a.worker - b.worker || a.sub - b.sub);
    return append(s, lane, i);
  }
  append(s, lanes[lanes.length - 1], i);
}

// append keeps the lane in order of start. Out of order come only spans of the last, overlapping lane.
function append(s, lane, i) {
  if (lane.n === lane.list.length) {
    const list = new Int32Array(2 * lane.n), maxEnd = new Float64Array(2 * lane.n);
    list.set(lane.list), maxEnd.set(lane.maxEnd);
    lane.list = list, lane.maxEnd = maxEnd;
  }
  let at = lane.n++;
  while (at > 0 && s.start[lane.list[at - 1]] > s.start[i]) lane.list[at] = lane.list[--at];
  lane.list[at] = i;
  for (; at < lane.n; at++) {
    const k = lane.list[at];
    lane.maxEnd[at] = Math.max(at ? lane.maxEnd[at - 1] : 0, s.start[k] + s.dur[k]);
  }
  lane.end = lane.maxEnd[lane.n - 1];
  s.lane[i] = lane.number;
}

// firstAfter is the first place in a lane whose span, or one before it, ends after t.
function firstAfter(lane, t) {
  let low = 0, high = lane.n;
  while (low < high) {
    const mid = (low + high) >> 1;
    if (lane.maxEnd[mid] > t) high = mid;
    else low = mid + 1;
  }
  return low;
}

// startsBefore is how many spans of a lane start before t.
function startsBefore(s, lane, t) {
  let low = 0, high = lane.n;
  while (low < high) {
    const mid = (low + high) >> 1;
    if (s.start[lane.list[mid]] < t) low = mid + 1;
    else high = mid;
  }
  return low;
}

// spanOf is the last span of a call; -1 for none.
function spanOf(d, pos) {
  const s = d.spans, id = d.id[pos];
  for (let i = s.n - 1; i >= 0; i--) if (s.id[i] === id) return i;
  return -1;
}

const laneNames = (s) => {
  const workers = s.order.some((l) => l.worker >= 0);
  return s.order.map((l, i) => (l.worker >= 0 ? "w" + l.worker + (l.sub ? "′" : "") : workers ? "out " + (l.sub + 1) : String(i + 1)));
};

// bins shares the spans of a lane out to columns of equal time: how much of each was busy, with which function mostly,
// and whether a span in it failed or matches the search. It takes one step a span and a column.
function newBins(columns) {
  return { columns, busy: new Float32Array(columns), fn: new Int32Array(columns), weight: new Float32Array(columns), flag: new Uint8Array(columns) };
}

const flagFailed = 1, flagHit = 2;

function fillBins(bins, s, lane, from, to, hits) {
  const { busy, weight, flag, columns } = bins, { start, dur, state, pos } = s, list = lane.list, n = lane.n;
  busy.fill(0), weight.fill(0), flag.fill(0), bins.fn.fill(-1);
  const per = columns / (to - from);
  for (let k = firstAfter(lane, from); k < n; k++) {
    const i = list[k], x0 = (start[i] - from) * per;
    if (x0 >= columns) break;
    const x1 = Math.min(columns, x0 + dur[i] * per);
    if (x1 < 0) continue;
    const mark = (state[i] === Failed ? flagFailed : 0) | (hits && pos[i] >= 0 && hits[pos[i]] ? flagHit : 0);
    const first = Math.max(0, Math.floor(x0)), last = Math.min(columns - 1, Math.floor(x1));
    if (first === last) { // most spans, where there are many
      addShare(bins, first, s.fn[i], x1 - Math.max(x0, 0));
      flag[first] |= mark;
      continue;
    }
    for (let c = first; c <= last; c++) {
      const share = Math.min(x1, c + 1) - Math.max(x0, c);
      if (c === last && share <= 0) break; // ends on the border of a column
      addShare(bins, c, s.fn[i], share);
      flag[c] |= mark;
    }
  }
}

// addShare adds to a column, and votes: the function that has more than half of it stays.
function addShare(bins, c, fn, share) {
  const { weight } = bins;
  bins.busy[c] += share;
  if (bins.fn[c] === fn) weight[c] += share;
  else if (share > weight[c] || bins.fn[c] < 0) bins.fn[c] = fn, weight[c] = share - weight[c];
  else weight[c] -= share;
}
