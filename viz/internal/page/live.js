// The events of the server. An event changes the data and marks what is to be drawn; nothing is drawn here, so that a
// tab that sleeps catches up with one frame.

const retry = { wait: 500, waitMax: 10000, timer: 0, source: null, ended: false, loading: null, queue: [] };

function startLive() {
  show(load(emptyData), true);
  connect();
}

// connect listens, then gets all data: what happens between the two is in an event that waits. Whatever fails, it tries
// again, ever more rarely.
function connect() {
  clearTimeout(retry.timer);
  retry.queue.length = 0;
  const source = (retry.source = new EventSource("events"));
  const on = (name, act) => source.addEventListener(name, (e) => {
    if (source === retry.source) act(e.data ? JSON.parse(e.data) : null);
  });
  retry.loading = source; // events wait from the first
  source.onopen = () => fetchGraph("").then(() => {
    if (source !== retry.source) return;
    retry.wait = 500;
    say("");
  }, () => source === retry.source && lost());
  source.onerror = () => source === retry.source && lost();
  on("graph", (g) => fetchGraph("?v=" + encodeURIComponent(g.version)).catch(() => source === retry.source && lost()));
  on("delta", (delta) => (retry.loading ? retry.queue.push(delta) : applyDelta(delta)));
  on("bye", () => {
    source.close();
    retry.source = null;
    retry.ended = true;
    for (const delta of retry.queue.splice(0)) applyDelta(delta);
    halt();
    say("The program has ended. This is what it left.", "reconnect", () => { retry.ended = false; connect(); });
  });
}

function lost() {
  if (retry.ended) return;
  if (retry.source) retry.source.close();
  retry.source = null;
  halt();
  say("Connection lost, trying again … This is what the program told last: it may have ended.");
  clearTimeout(retry.timer);
  retry.timer = setTimeout(connect, retry.wait);
  retry.wait = Math.min(retry.waitMax, retry.wait * 1.7);
}

// halt stops the clock of the page where the program's last word left it.
function halt() {
  if (D.received !== undefined) D.now = now(D);
  D.received = undefined;
  redraw("head", "lanes", "tables");
}

function say(text, button, act) {
  $("status").hidden = !text;
  $("status").replaceChildren(text, button ? el("button", { type: "button", onclick: act }, button) : "");
}

// fetchGraph replaces all data; events that come meanwhile wait for it. Zoom, selection and sorting stay.
async function fetchGraph(query) {
  const ticket = (retry.loading = {});
  try {
    const answer = await fetch("graph.json" + query);
    if (!answer.ok) throw new Error("graph.json: " + answer.status);
    const raw = await answer.json();
    if (retry.loading !== ticket) return; // a newer one is on its way
    show(load(raw), false);
    D.received = performance.now();
    for (const delta of retry.queue.splice(0)) applyDelta(delta);
  } finally {
    if (retry.loading === ticket) retry.loading = null;
  }
}

// applyDelta: of an event that is older than the data, only spans count, and those the data have are left out.
function applyDelta(delta) {
  const old = delta.now < D.now;
  addFunctions(delta);
  const ended = addSpans(delta.spans);
  for (const f of delta.failures || []) addFailure(f);
  if (!old) {
    D.now = delta.now || D.now;
    for (const key of ["planned", "heap", "busy", "workers", "dropped"]) if (delta[key] !== undefined) D[key] = delta[key];
    if (delta.running) setRunning(delta.running, ended);
    if (delta.totals) setTotals(D, delta.totals);
    for (const r of delta.runs || []) setRun(r);
  }
  if (retry.source) D.received = performance.now();
  redraw("cards", "cells", "lanes", "head", "tables", "panel");
}

function setRun(r) {
  const at = D.runs.findIndex((x) => x.id === r.id);
  if (at < 0) D.runs.push(r);
  else D.runs[at] = r;
}

// addFunctions: with "functionsFrom" they have places of their own; without, those that are known already are left out.
function addFunctions(delta) {
  const list = delta.functions || [];
  if (!list.length) return;
  list.forEach((f, i) => {
    if (delta.functionsFrom !== undefined) D.functions[delta.functionsFrom + i] = f;
    else if (!D.functions.some((g) => g.name === f.name && (g.where || "") === (f.where || ""))) D.functions.push(f);
  });
  const counts = new Int32Array(8 * D.functions.length);
  counts.set(D.fnCounts.subarray(0, counts.length));
  D.fnCounts = counts;
}

// addSpans returns the IDs of the calls that came to an end.
function addSpans(spans) {
  const ended = new Set();
  if (!spans || !spans.start) return ended;
  const state = digits(spans.state || "", spans.start.length);
  let start = 0;
  for (let i = 0; i < spans.start.length; i++) {
    start += spans.start[i];
    const id = spans.call[i], pos = D.at(id), worker = spans.worker ? spans.worker[i] : -1;
    ended.add(id);
    if (!isRecent(D, id, pos, spans.fn[i], worker, start)) addSpan(D, id, pos, spans.fn[i], worker, state[i], start, spans.dur[i]);
    if (pos < 0 || D.callStart[pos] > start) continue; // it has run again since
    D.callStart[pos] = start, D.callDur[pos] = spans.dur[i], D.worker[pos] = worker;
    delete D.reason[pos]; // it was true before
    setState(D, pos, state[i]);
  }
  return ended;
}

// setRunning: a call that ran, runs no more and came to no end is pending again.
function setRunning(rows, ended) {
  const before = D.running;
  D.running = rows.map(([id, fn, worker, start]) => ({ id, pos: D.at(id), fn, worker, start }));
  const runs = new Set(D.running.map((r) => r.id));
  for (const r of before) if (!runs.has(r.id) && !ended.has(r.id) && r.pos >= 0 && D.state[r.pos] === Running) setState(D, r.pos, Pending);
  for (const r of D.running) {
    const over = r.pos >= 0 && D.state[r.pos] > Running && D.state[r.pos] !== Stale && D.callStart[r.pos] >= r.start;
    if (r.pos >= 0 && !over) setState(D, r.pos, Running);
  }
}

function addFailure(f) {
  const key = f.id + ":" + f.at;
  D.failureKeys = D.failureKeys || new Set(D.failures.map((g) => g.id + ":" + g.at));
  if (D.failureKeys.has(key)) return;
  D.failureKeys.add(key);
  D.failures.push(f);
  const pos = failurePos(f);
  if (pos >= 0 && f.err) D.err[pos] = f.err;
}
