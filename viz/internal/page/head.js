// Title, bar of states, numbers, legend, facts.

const numbers = [
  ["finished", "finished", "calls that are over, of those in the graph"],
  ["elapsed", "elapsed", "time in which runs went on"],
  ["left", "left", "a guess: the calls to come times the mean time of their function, shared by the workers"],
  ["busy", "busy", "workers that run a call now"],
  ["use", "workers busy", "time that calls ran, of the time that the workers had"],
  ["cached", "cache hits", "calls whose value came from a cache, of those finished"],
  ["heap", "heap", "memory of the program in use"],
  ["failed", "failed", "calls that failed"],
];

function buildHead() {
  $("numbers").replaceChildren(...numbers.map(([key, name, title]) =>
    el("div", { id: "n-" + key, title, hidden: "" }, el("dt", {}, name), el("dd", {}))));
  $("bar").replaceChildren(...barOrder.map((s) => el("span", { class: "s" + s })));
  $("legend").replaceChildren(...[Source, ...[Pending, Running, Cached, Done, Failed, Skipped, Stale]].map((s) =>
    el("li", { class: "s" + s, "data-state": s },
      el("button", { type: "button", title: "search for the calls in this state", onclick: () => searchFor(states[s].name + ":") },
        el("span", { class: "glyph", "aria-hidden": "true" }, states[s].glyph), el("span", { class: "word" }, states[s].name), el("b", {})))));
}

function searchFor(text) {
  $("search").value = text;
  runSearch(text);
  $("search").focus();
}

// showData fills what changes only with new data.
function showData() {
  const title = D.title || "dally";
  setText($("title"), title);
  $("title").title = title;
  if (D.title) document.title = D.title;
  setText($("note"), D.note);
  $("note").hidden = !D.note;
  const facts = D.facts.slice();
  if (D.hidden) facts.push(["constants", grouped(D.hidden) + (D.hidden === 1 ? " is" : " are") + " shown in arguments only"]);
  $("facts").replaceChildren(...facts.flatMap(([name, value]) => [el("dt", { title: name }, name), el("dd", { title: value }, value)]));
  $("facts-part").hidden = facts.length === 0;
}

function number(key, text, bad) {
  const e = $("n-" + key);
  if (e.hidden !== (text === null)) e.hidden = text === null;
  if (text === null) return;
  setText(e.lastChild, text);
  e.classList.toggle("bad", Boolean(bad));
}

function drawHead() {
  const p = progressOf(D), time = elapsedOf(D), going = live && time.going;
  number("finished", grouped(p.finished) + " / " + grouped(p.planned));
  number("elapsed", duration(time.ns));
  const left = going && p.finished < p.planned ? leftOf(D) : null;
  number("left", left === null ? null : left > 0 ? "~" + duration(left) : "–");
  const workers = D.workers || Math.max(0, ...D.runs.map((r) => r.workers || 0));
  number("busy", live && D.busy !== undefined && workers ? grouped(D.busy) + " / " + grouped(workers) : null);
  number("use", live ? null : usedShare(time));
  number("cached", percent(p.cached, p.finished - D.counts[Skipped]));
  number("heap", live && D.heap ? bytes(D.heap) : null);
  number("failed", grouped(p.failed), p.failed > 0);
  drawBar();
}

// usedShare is how much of the workers' time went into calls; null where that is not known. Blocking calls, which have
// no worker, do not count.
function usedShare(time) {
  const s = D.spans;
  if (D.dropped > 0 || !time.separate) return null;
  let busy = 0, had = 0;
  for (let i = 0; i < s.n; i++) if (s.worker[i] >= 0) busy += s.dur[i];
  for (const r of D.running) if (r.worker >= 0) busy += Math.max(0, D.now - r.start);
  for (const r of D.runs) had += (r.workers || 0) * ((r.end < 0 ? D.now : r.end) - r.start);
  if (busy > 1.01 * had) return null; // calls that wait for calls of their own count twice
  return busy > 0 && had > 0 ? percent(Math.min(busy, had), had) : null;
}

function drawBar() {
  const bar = $("bar"), words = [], counts = D.n ? D.counts : recordCounts(D);
  let all = 0;
  if (!D.n) counts[Pending] = Math.max(0, D.planned - counts.reduce((sum, n) => sum + n, 0));
  for (const s of barOrder) all += counts[s];
  bar.classList.toggle("none", all === 0);
  barOrder.forEach((s, i) => {
    const n = counts[s], part = bar.children[i];
    if (part.hidden !== (n === 0)) part.hidden = n === 0;
    if (n === 0) return;
    const grow = String(n / all);
    if (part.style.flexGrow !== grow) part.style.flexGrow = grow;
    words.push(grouped(n) + " " + states[s].name);
  });
  const text = words.join(", ") || "no calls";
  if (bar.title !== text) bar.title = text, bar.setAttribute("aria-label", text);
  for (const item of $("legend").children) {
    const n = counts[item.dataset.state];
    setText(item.querySelector("b"), grouped(n));
    item.classList.toggle("zero", n === 0);
  }
}
