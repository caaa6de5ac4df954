// Every node: for each group a block of cells, coloured by state. A block is a small picture of one texel a cell, which
// is drawn larger; a change of state writes one texel.

const cellsView = newView(1, 40);
const cells = { blocks: [], size: 0, width: 0, height: 0, hover: -1, cursor: -1, failed: new Set() };
const cellSizes = [16, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2.5, 2, 1.75, 1.5, 1.25, 1];
const blockTitle = 16, blockGap = 10;

// layCells chooses the largest cells with which everything fits, and places the blocks one below the other; blocks of
// one row stand side by side where they can.
function layCells(width, height) {
  for (const size of cellSizes) {
    const h = placeBlocks(width, size);
    if (h <= height || size === 1) {
      cells.size = size, cells.width = width, cells.height = h;
      break;
    }
  }
}

function placeBlocks(width, size) {
  const across = Math.max(1, Math.floor(width / size));
  let x = 0, y = 0, rowHeight = 0;
  cells.blocks = D.groups.map((g, i) => {
    const n = D.groupFirst[i + 1] - D.groupFirst[i], columns = Math.max(1, Math.min(n, across)), rows = Math.ceil(n / columns);
    const name = groupName(i) + (g.count > 1 ? " ×" + grouped(g.count) : "");
    const need = Math.min(width, Math.max(columns * size, textWidth(name, textFont()) + 4));
    if (x > 0 && (rows > 1 || x + need > width)) y += rowHeight + blockGap, x = 0, rowHeight = 0;
    const block = { x, y, n, columns, rows, name, group: i, canvas: null };
    x += need + 24;
    rowHeight = Math.max(rowHeight, blockTitle + rows * size);
    if (rows > 1) y += rowHeight + blockGap, x = 0, rowHeight = 0;
    return block;
  });
  return y + rowHeight;
}

const packed = (hex) => {
  const [r, g, b] = rgbOf(hex);
  return ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;
};

// texels are the colours of the states, as pixels; of calls that the search does not match, paler.
function texels() {
  const mix = (a, b) => "#" + rgbOf(a).map((v, i) => Math.round(v * 0.22 + rgbOf(b)[i] * 0.78).toString(16).padStart(2, "0")).join("");
  return { plain: Uint32Array.from(theme.cell.map(packed)), dim: Uint32Array.from(theme.cell.map((c) => packed(mix(c, theme.page)))) };
}

let palette = null;

// paintBlock draws all texels of a block.
function paintBlock(b) {
  b.canvas = b.canvas || document.createElement("canvas");
  if (b.canvas.width !== b.columns || b.canvas.height !== b.rows) b.canvas.width = b.columns, b.canvas.height = b.rows;
  b.context = b.canvas.getContext("2d", { willReadFrequently: true });
  b.image = b.context.createImageData(b.columns, Math.max(1, b.rows));
  b.pixels = new Uint32Array(b.image.data.buffer);
  const list = callsOfGroup(D, b.group), hit = search.hit;
  for (let k = 0; k < list.length; k++) b.pixels[k] = (hit && !hit[list[k]] ? palette.dim : palette.plain)[D.state[list[k]]];
  b.context.putImageData(b.image, 0, 0);
}

// paintChanged writes the texels of the calls that changed since the last frame, and sends the rows that have some.
function paintChanged() {
  const hit = search.hit;
  for (const pos of D.changed) {
    if (D.state[pos] === Failed) cells.failed.add(pos);
    else cells.failed.delete(pos);
    const b = cells.blocks[D.group[pos]];
    if (!b || !b.pixels) continue;
    const k = D.rank[pos], row = Math.floor(k / b.columns);
    b.pixels[k] = (hit && !hit[pos] ? palette.dim : palette.plain)[D.state[pos]];
    b.low = Math.min(b.low ?? row, row), b.high = Math.max(b.high ?? row, row);
  }
  for (const b of cells.blocks) {
    if (b.low === undefined) continue;
    b.context.putImageData(b.image, 0, 0, 0, b.low, b.columns, b.high - b.low + 1);
    b.low = b.high = undefined;
  }
}

// drawCells draws the blocks in sight. all is true where the texels are to be made anew: other data, theme, search.
function drawCells(all, width, height) {
  if (all || !palette) {
    palette = texels();
    for (const b of cells.blocks) paintBlock(b);
    cells.failed.clear();
    for (let i = 0; i < D.n; i++) if (D.state[i] === Failed && D.group[i] >= 0) cells.failed.add(i);
  } else paintChanged();
  const c = canvasOf($("cells"), width, height), v = cellsView, size = cells.size * v.k;
  c.fillStyle = theme.page;
  c.fillRect(0, 0, width, height);
  c.imageSmoothingEnabled = size * devicePixelRatio < 1;
  for (const b of cells.blocks) {
    const x = v.x + b.x * v.k, y = v.y + b.y * v.k + blockTitle, w = b.columns * size, h = b.rows * size;
    if (y > height || y + h < 0 || x > width || x + w < 0 || b.n === 0) continue;
    drawBlockTitle(c, b, x, y, width);
    if (size >= 9) drawLargeCells(c, b, x, y, size, width, height);
    else {
      c.drawImage(b.canvas, 0, 0, b.columns, b.rows, x, y, w, h);
      if (size >= 4) drawGrid(c, b, x, y, size, width, height);
      clearRest(c, b, x, y, size);
    }
  }
  drawMarks(c, size);
}

function drawBlockTitle(c, b, x, y, width) {
  c.font = textFont();
  c.textBaseline = "alphabetic";
  const room = Math.max(b.columns * cells.size * cellsView.k, textWidth(b.name, textFont()) + 8);
  const from = Math.max(x, Math.min(4, x + room - 60));
  const name = cut(b.name, Math.min(width - from - 4, Math.max(40, x + room - from)), textFont());
  c.fillStyle = theme.ink;
  c.fillText(name, from, y - 4);
  let at = from + textWidth(name, textFont()) + 12;
  for (const s of barOrder) { // the counts, where there is room
    const n = D.groupCounts[8 * b.group + s];
    if (!n || b.n === 1) continue;
    const text = states[s].glyph + " " + grouped(n), w = textWidth(text, textFont());
    if (at + w > Math.min(width - 4, x + b.columns * size0())) break;
    c.fillStyle = theme.stroke[s];
    c.fillText(text, at, y - 4);
    at += w + 10;
  }
}

const size0 = () => cells.size * cellsView.k;

// drawGrid parts the cells by lines of the page's colour.
function drawGrid(c, b, x, y, size, width, height) {
  c.fillStyle = theme.page;
  const gap = size >= 7 ? 1.5 : 1;
  for (let k = Math.max(1, Math.floor(-x / size)); k <= b.columns && x + k * size < width; k++) c.fillRect(x + k * size - gap, y, gap, b.rows * size);
  for (let k = Math.max(1, Math.floor(-y / size)); k <= b.rows && y + k * size < height; k++) c.fillRect(x, y + k * size - gap, b.columns * size, gap);
}

// clearRest: the last row may have fewer cells. Its rest is transparent; at sizes that are no whole number of pixels the
// border must not show.
function clearRest(c, b, x, y, size) {
  const rest = b.columns * b.rows - b.n;
  if (rest === 0) return;
  c.fillStyle = theme.page;
  c.fillRect(x + (b.columns - rest) * size, y + (b.rows - 1) * size, rest * size + 1, size + 1);
}

// drawLargeCells draws cells that have room for a glyph, one by one: no more than the window holds.
function drawLargeCells(c, b, x, y, size, width, height) {
  const list = callsOfGroup(D, b.group), pad = Math.min(2, size / 8), hit = search.hit;
  const c0 = Math.max(0, Math.floor(-x / size)), c1 = Math.min(b.columns, Math.ceil((width - x) / size));
  const r0 = Math.max(0, Math.floor(-y / size)), r1 = Math.min(b.rows, Math.ceil((height - y) / size));
  c.textAlign = "center";
  c.textBaseline = "middle";
  c.font = Math.round(size * 0.62) + "px " + theme.font;
  for (let row = r0; row < r1; row++) {
    for (let col = c0; col < c1; col++) {
      const k = row * b.columns + col;
      if (k >= b.n) break;
      const pos = list[k], s = D.state[pos];
      c.globalAlpha = hit && !hit[pos] ? 0.25 : 1;
      c.fillStyle = size >= 13 ? theme.fill[s] : theme.cell[s];
      c.fillRect(x + col * size, y + row * size, size - 2 * pad, size - 2 * pad);
      if (size < 13) continue;
      c.strokeStyle = c.fillStyle = theme.stroke[s];
      c.strokeRect(x + col * size + 0.5, y + row * size + 0.5, size - 2 * pad - 1, size - 2 * pad - 1);
      c.fillText(states[s].glyph, x + col * size + size / 2 - pad, y + row * size + size / 2 - pad + 1);
    }
  }
  c.globalAlpha = 1;
  c.textAlign = "start";
}

// drawMarks makes visible what is smaller than it matters: failed calls, running ones, the hit, the selected one.
function drawMarks(c, size) {
  let marks = 0;
  if (size < 9) {
    for (const pos of cells.failed) {
      if (++marks > 300) break;
      markCell(c, pos, size, theme.stroke[Failed], 8, true);
    }
    for (const r of D.running) if (r.pos >= 0 && D.group[r.pos] >= 0) markCell(c, r.pos, size, theme.stroke[Running], 3, false);
  }
  if (search.at >= 0) markCell(c, search.list[search.at], size, theme.focus, 12, true);
  if (cells.cursor >= 0 && document.activeElement === $("cells")) markCell(c, cells.cursor, size, theme.focus, 10, true);
  if (selection.pos >= 0) markCell(c, selection.pos, size, theme.ink, 10, true);
  if (cells.hover >= 0) markCell(c, cells.hover, size, theme.ink, 6, true);
}

// markCell rings a cell, or fills it, at least so many pixels wide.
function markCell(c, pos, size, colour, least, ring) {
  const at = cellAt(pos);
  if (!at) return;
  const w = Math.max(size, least), x = at.x + size / 2 - w / 2, y = at.y + size / 2 - w / 2;
  c.strokeStyle = c.fillStyle = colour;
  c.lineWidth = 2;
  if (!ring) c.fillRect(x, y, w, w);
  else c.strokeRect(x - 1, y - 1, w + 1, w + 1);
  c.lineWidth = 1;
}

// cellAt is where the cell of a call stands in the canvas.
function cellAt(pos) {
  const b = pos >= 0 && D.group[pos] >= 0 ? cells.blocks[D.group[pos]] : null;
  if (!b) return null;
  const v = cellsView, size = size0(), k = D.rank[pos];
  return { x: v.x + b.x * v.k + (k % b.columns) * size, y: v.y + b.y * v.k + blockTitle + Math.floor(k / b.columns) * size };
}

// cellUnder is the call whose cell is at a point of the canvas; -1 for none.
function cellUnder(x, y) {
  const v = cellsView, size = size0();
  for (const b of cells.blocks) {
    const col = Math.floor((x - v.x - b.x * v.k) / size), row = Math.floor((y - v.y - b.y * v.k - blockTitle) / size);
    if (col < 0 || row < 0 || col >= b.columns || row >= b.rows) continue;
    const k = row * b.columns + col;
    if (k < b.n) return D.groupList[D.groupFirst[b.group] + k];
  }
  return -1;
}

// revealCell pans, no further than it must, so that the cell of a call is in sight.
function revealCell(pos) {
  const at = cellAt(pos), box = $("stage"), size = size0(), v = cellsView, pad = v.k > 1 ? 24 : 2;
  if (!at) return;
  const x = at.x < pad ? pad - at.x : Math.min(0, box.clientWidth - pad - size - at.x);
  const y = at.y < pad + blockTitle ? pad + blockTitle - at.y : Math.min(0, box.clientHeight - pad - size - at.y);
  if (x || y) v.x += x, v.y += y, (v.touched = true);
  redraw("cells");
}

function moveCursor(key) {
  let pos = cells.cursor >= 0 ? cells.cursor : selection.pos >= 0 ? selection.pos : -1;
  if (pos < 0 || D.group[pos] < 0) pos = D.groupList.length ? D.groupList[0] : -1;
  else {
    const b = cells.blocks[D.group[pos]];
    const by = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -b.columns, ArrowDown: b.columns }[key];
    const k = D.rank[pos] + by;
    if (k >= 0 && k < b.n) pos = D.groupList[D.groupFirst[b.group] + k];
    else { // on to the next block, or the one before, that has cells
      let g = b.group + Math.sign(by);
      while (g >= 0 && g < cells.blocks.length && cells.blocks[g].n === 0) g += Math.sign(by);
      if (g >= 0 && g < cells.blocks.length) pos = D.groupList[by > 0 ? D.groupFirst[g] : D.groupFirst[g + 1] - 1];
    }
  }
  cells.cursor = pos;
  if (pos < 0) return;
  $("cells").setAttribute("aria-label", callSummary(pos) + ". Arrow keys move, Enter opens.");
  revealCell(pos);
  const at = cellAt(pos), box = $("cells").getBoundingClientRect();
  showTip(box.left + at.x + size0(), box.top + at.y + size0(), tipOf(pos));
}

const callSummary = (pos) => titleOf(D, pos) + " " + states[D.state[pos]].name;

// tipOf are the lines that tell of a call in short.
function tipOf(pos) {
  const s = D.state[pos];
  return [
    (functionName(D, D.fn[pos]) || "") + " #" + D.id[pos],
    states[s].glyph + " " + states[s].name + (D.callDur[pos] > 0 ? " · " + duration(D.callDur[pos]) : "") + (D.worker[pos] >= 0 ? " · worker " + D.worker[pos] : ""),
    D.err[pos] ? clip(D.err[pos], 120) : D.value[pos] ? "= " + clip(D.value[pos], 80) : "",
  ];
}

const clip = (text, n) => (text.length > n ? text.slice(0, n) + "…" : text);
