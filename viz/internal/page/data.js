// The data in typed arrays, and counts that follow each change of a state.

let D = null; // what the page shows

// empty is what the live page shows before the first data come.
const emptyData = { version: 1, title: "", start: 0, now: 0, facts: [], note: "", functions: [], groups: [], edges: [],
  size: [0, 0], calls: { n: 0, id: [], fn: [], state: "" }, totals: [], runs: [], failures: [], dropped: 0 };

function load(raw) {
  if (raw.version !== 1) throw new Error("the data are of version " + raw.version + ", this page reads version 1");
  const c = raw.calls || emptyData.calls, n = c.n;
  const d = {
    title: raw.title || "", start: raw.start, now: raw.now || 0, facts: raw.facts || [], note: raw.note || "",
    functions: (raw.functions || []).slice(), groups: raw.groups || [], edges: raw.edges || [], size: raw.size || [0, 0],
    n, id: summed(c.id, n), fn: column(Int32Array, c.fn, n, -1), group: column(Int32Array, c.group, n, -1),
    state: digits(c.state || "", n), callStart: column(Float64Array, c.start, n, -1), callDur: column(Float64Array, c.dur, n, 0),
    worker: column(Int32Array, c.worker, n, -1),
    args: c.args || {}, value: c.value || {}, err: c.err || {}, stack: c.stack || {}, reason: c.reason || {},
    runs: raw.runs || [], failures: (raw.failures || []).slice(), dropped: raw.dropped || 0,
    heap: raw.heap || 0, busy: raw.busy, workers: raw.workers, planned: raw.planned || 0, version: raw.v || 0,
    running: [], changed: [], users: null, hidden: 0,
  };
  linkInputs(d, c);
  d.at = newIndex(d.id);
  countStates(d);
  groupCalls(d);
  d.totals = [];
  setTotals(d, raw.totals || []);
  loadSpans(d, raw.spans);
  return d;
}

function column(type, values, n, missing) {
  if (values && values.length === n) return type.from(values);
  return new type(n).fill(missing);
}

function summed(differences, n) {
  const out = new Float64Array(n);
  let sum = 0;
  for (let i = 0; i < n; i++) out[i] = sum += differences[i];
  return out;
}

function digits(text, n) {
  const out = new Uint8Array(n).fill(Pending);
  for (let i = 0; i < n && i < text.length; i++) out[i] = (text.charCodeAt(i) - 48) & 7;
  return out;
}

function linkInputs(d, c) {
  d.inFirst = new Int32Array(d.n + 1);
  for (let i = 0; i < d.n; i++) d.inFirst[i + 1] = d.inFirst[i] + (c.inputs ? c.inputs[i] : 0);
  d.in = Int32Array.from(c.in || []);
}

// newIndex finds positions by ID: in a table where IDs lie close together, as those of one program do, else in a map.
function newIndex(id) {
  if (id.length === 0) return () => -1;
  let low = Infinity, high = -Infinity;
  for (let i = 0; i < id.length; i++) {
    if (id[i] < low) low = id[i];
    if (id[i] > high) high = id[i];
  }
  if (high - low < 8 * id.length + 1024) {
    const table = new Int32Array(high - low + 1).fill(-1);
    for (let i = 0; i < id.length; i++) table[id[i] - low] = i;
    return (x) => (x >= low && x <= high ? table[x - low] : -1);
  }
  const map = new Map();
  for (let i = 0; i < id.length; i++) map.set(id[i], i);
  return (x) => (map.has(x) ? map.get(x) : -1);
}

// countStates counts calls by state: of all, of each function, of each group. Constants, which no picture shows, do not count.
function countStates(d) {
  d.counts = new Int32Array(8);
  d.fnCounts = new Int32Array(8 * d.functions.length);
  d.groupCounts = new Int32Array(8 * d.groups.length);
  d.groupDirty = new Uint8Array(d.groups.length).fill(1);
  for (let i = 0; i < d.n; i++) {
    if (isConstant(d, i)) d.hidden++;
    else addCount(d, i, d.state[i], 1);
  }
}

const isConstant = (d, pos) => d.state[pos] === Source && d.group[pos] < 0;

function addCount(d, pos, state, by) {
  d.counts[state] += by;
  if (d.fn[pos] >= 0) d.fnCounts[8 * d.fn[pos] + state] += by;
  if (d.group[pos] >= 0) d.groupCounts[8 * d.group[pos] + state] += by;
}

function setState(d, pos, state) {
  const old = d.state[pos];
  if (old === state) return;
  addCount(d, pos, old, -1);
  addCount(d, pos, state, 1);
  d.state[pos] = state;
  if (d.group[pos] >= 0) d.groupDirty[d.group[pos]] = 1;
  d.changed.push(pos);
}

// groupCalls lists the calls of each group one after another: those of group g from groupFirst[g] to groupFirst[g+1].
function groupCalls(d) {
  const groups = d.groups.length;
  d.groupFirst = new Int32Array(groups + 1);
  for (let i = 0; i < d.n; i++) if (d.group[i] >= 0) d.groupFirst[d.group[i] + 1]++;
  for (let g = 0; g < groups; g++) d.groupFirst[g + 1] += d.groupFirst[g];
  const next = d.groupFirst.slice();
  d.groupList = new Int32Array(d.groupFirst[groups]);
  d.rank = new Int32Array(d.n).fill(-1); // place of a call within its group
  for (let i = 0; i < d.n; i++) {
    const g = d.group[i];
    if (g < 0) continue;
    d.rank[i] = next[g] - d.groupFirst[g];
    d.groupList[next[g]++] = i;
  }
}

const callsOfGroup = (d, g) => d.groupList.subarray(d.groupFirst[g], d.groupFirst[g + 1]);

function callsOfFunction(d, fn) {
  const out = [];
  for (let i = 0; i < d.n; i++) if (d.fn[i] === fn && !isConstant(d, i)) out.push(i);
  return Int32Array.from(out);
}

// groupState is the state of a group's card. A few skipped calls, which lack an input that failed elsewhere, do not make
// a group that is done look as if nothing had run.
function groupState(d, g) {
  const count = (s) => d.groupCounts[8 * g + s];
  for (const s of attention) {
    if (count(s) > 0 && !(s === Skipped && count(Skipped) <= count(Done) + count(Cached))) return s;
  }
  return Pending;
}

// mixed reports whether a group has calls of several functions, as recursion makes them.
function mixed(d, g) {
  const list = callsOfGroup(d, g);
  d.groupMixed = d.groupMixed || [];
  return (d.groupMixed[g] ??= list.some((pos) => d.fn[pos] !== d.fn[list[0]]));
}

// recordCounts are calls by state as the totals have them, of one function or of all: a record without a graph knows
// no calls.
function recordCounts(d, fn) {
  const counts = new Int32Array(8);
  for (const t of fn === undefined ? d.totals : [d.totals[fn]]) {
    if (!t) continue;
    counts[Done] += t.done, counts[Cached] += t.cached, counts[Failed] += t.failed, counts[Skipped] += t.skipped, counts[Running] += t.running;
  }
  return counts;
}

// usersOf lists who takes the value of a call. The lists of all calls are made when the first is asked for.
function usersOf(d, pos) {
  if (!d.users) {
    const first = new Int32Array(d.n + 1);
    for (const p of d.in) first[p + 1]++;
    for (let i = 0; i < d.n; i++) first[i + 1] += first[i];
    const list = new Int32Array(d.in.length), next = first.slice();
    for (let i = 0; i < d.n; i++) {
      for (let k = d.inFirst[i]; k < d.inFirst[i + 1]; k++) list[next[d.in[k]]++] = i;
    }
    d.users = { first, list };
  }
  return distinct(d.users.list.subarray(d.users.first[pos], d.users.first[pos + 1]));
}

const inputsOf = (d, pos) => d.in.subarray(d.inFirst[pos], d.inFirst[pos + 1]);
const distinct = (list) => Array.from(new Set(list));

const functionName = (d, fn) => (fn >= 0 && d.functions[fn] ? d.functions[fn].name || "" : "");

// nameOf is what a call is called: its function, its value if it is a constant, or its ID.
function nameOf(d, pos) {
  return functionName(d, d.fn[pos]) || (d.state[pos] === Source && d.value[pos]) || "#" + d.id[pos];
}

const titleOf = (d, pos) => (functionName(d, d.fn[pos]) || "") + "#" + d.id[pos];

// finished and planned count calls; sources are none.
function progressOf(d) {
  const c = d.counts;
  let finished = c[Done] + c[Cached] + c[Failed] + c[Skipped];
  let planned = finished + c[Pending] + c[Running] + c[Stale];
  let { cached, failed } = { cached: c[Cached], failed: c[Failed] };
  if (planned === 0) { // a record without a graph
    cached = failed = 0;
    for (const t of d.totals) {
      if (!t) continue;
      cached += t.cached, failed += t.failed;
      finished += t.done + t.cached + t.failed + t.skipped;
      planned += t.running;
    }
    planned = Math.max(planned + finished, d.planned);
  }
  return { finished, planned, cached, failed };
}

// setTotals takes rows of totals, by function. Without a row a function's numbers come from its calls.
function setTotals(d, rows) {
  const zero = { done: 0, cached: 0, failed: 0, skipped: 0, cancelled: 0, running: 0, total: 0, max: 0 };
  for (const row of rows) d.totals[row.fn] = { ...zero, ...row };
}

// meanOf is how long a call of a function took; 0 if none ran.
function meanOf(d, fn) {
  const t = d.totals[fn];
  if (!t) return 0;
  const ran = t.done + t.failed + t.cancelled;
  return ran > 0 ? t.total / ran : 0;
}

// elapsedOf is the time in which runs went on, pauses between them left out, and whether one still does. separate tells
// that no two ran at once.
function elapsedOf(d) {
  const edge = now(d);
  let ns = 0, to = -Infinity, going = false, separate = true;
  for (const r of d.runs) { // in order of start
    const end = r.end < 0 ? Math.max(edge, r.start) : r.end;
    going = going || r.end < 0;
    separate = separate && r.start >= to;
    ns += Math.max(0, end - Math.max(to, r.start));
    to = Math.max(to, end);
  }
  if (!d.runs.length && d.spans.n) ns = Math.max(0, d.spans.end - d.spans.begin);
  return { ns, going, separate };
}

// now is the time of the program: while a run goes on it moves on between the server's events.
function now(d) {
  return d.received === undefined ? d.now : d.now + (performance.now() - d.received) * 1e6;
}

// leftOf guesses how long the rest takes: calls to come times the mean of their function, shared by the workers. A
// function that has not run counts with the mean of all. NaN: nothing to go by.
function leftOf(d) {
  let known = 0, ran = 0;
  for (const t of d.totals) if (t) known += t.total, ran += t.done + t.failed + t.cancelled;
  if (ran === 0) return NaN;
  let work = 0;
  for (let fn = 0; fn < d.functions.length; fn++) {
    const left = d.fnCounts[8 * fn + Pending] + d.fnCounts[8 * fn + Stale] + d.fnCounts[8 * fn + Running] / 2;
    work += left * (meanOf(d, fn) || known / ran);
  }
  return (work * plannedShare(d)) / Math.max(1, d.workers || 1);
}

// plannedShare is how much of the open calls the runs will come to: a graph may have calls that nobody asked for.
function plannedShare(d) {
  const open = d.counts[Pending] + d.counts[Stale] + d.counts[Running];
  let over = 0;
  for (const t of d.totals) if (t) over += t.done + t.cached + t.failed + t.skipped + t.cancelled;
  return d.planned > over && d.planned - over < open ? (d.planned - over) / open : 1;
}
