// Which calls match the search field.

// search has the hits: a flag a call, their positions in order, and which of them is the current one. hit is null
// while nothing is searched for.
const search = { text: "", hit: null, list: [], at: -1 };

function runSearch(text) {
  const words = text.trim();
  search.text = words;
  search.at = -1;
  if (!words) {
    search.hit = null;
    search.list = [];
  } else {
    const hit = (search.hit = new Uint8Array(D.n));
    search.list = [];
    const test = matcher(D, words);
    for (let i = 0; i < D.n; i++) {
      if (isConstant(D, i) || !test(i)) continue;
      hit[i] = 1;
      search.list.push(i);
    }
  }
  showHits();
  redraw("cards", "cellsAll", "lanes");
}

// matcher returns a test of positions: "#12" is a call by its ID, a state's name with a colon, as "failed:", the calls in
// it; anything else is looked for, whatever the case, in names, values, errors and arguments.
function matcher(d, text) {
  const id = /^#(\d+)$/.exec(text);
  if (id) return (i) => d.id[i] === Number(id[1]);
  const state = states.findIndex((s) => s.name + ":" === text.toLowerCase());
  if (state >= 0) return (i) => d.state[i] === state;
  const wanted = text.toLowerCase();
  const inName = d.functions.map((f) => (f.name || "").toLowerCase().includes(wanted));
  const more = new Set();
  for (const column of [d.value, d.err, d.args]) {
    for (const pos in column) if (column[pos].toLowerCase().includes(wanted)) more.add(Number(pos));
  }
  return (i) => (d.fn[i] >= 0 && inName[d.fn[i]]) || more.has(i);
}

// refreshSearch: which calls are in a state changes as they run.
function refreshSearch() {
  if (!live || !search.text.endsWith(":")) return;
  const current = search.at >= 0 ? search.list[search.at] : -1;
  runSearch(search.text);
  search.at = current >= 0 ? search.list.indexOf(current) : -1;
  showHits();
}

function showHits() {
  const n = search.list.length;
  let text = "";
  if (search.text) text = n === 0 ? "no hit" : search.at < 0 ? grouped(n) + (n === 1 ? " hit" : " hits") : grouped(search.at + 1) + " / " + grouped(n);
  setText($("hits"), text);
  $("next").hidden = n === 0;
}

// nextHit shows the next of the hits, and after the last the first.
function nextHit(by) {
  const n = search.list.length;
  if (n === 0) return;
  search.at = search.at < 0 && by < 0 ? n - 1 : (search.at + by + n) % n;
  showHits();
  openCall(search.list[search.at], { keepFocus: true });
}

function clearSearch() {
  $("search").value = "";
  runSearch("");
}

// The text is looked for when typing rests: at 100,000 calls each letter would cost some milliseconds.
let searchTimer = 0;
$("search").addEventListener("input", () => {
  clearTimeout(searchTimer);
  searchTimer = setTimeout(() => runSearch($("search").value), D.n > 20000 ? 120 : 0);
});
$("search").addEventListener("keydown", (e) => {
  if (e.key !== "Enter") return;
  e.preventDefault();
  if ($("search").value.trim() !== search.text) runSearch($("search").value);
  nextHit(e.shiftKey ? -1 : 1);
});
$("next").addEventListener("click", () => nextHit(1));
