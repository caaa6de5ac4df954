// Zoom, pan, click and hover of a drawing, by pointer and by key.

const dragMin = 4; // pixels; less is a click

// gestures listens on an element. The handlers get coordinates within the element: zoom(x, y, factor), pan(dx, dy),
// click(x, y), hover(x, y, event), leave(). Where panes stand one above the other, the wheel scrolls the page.
function gestures(element, on) {
  const pointers = new Map();
  let moved = 0, pinch = 0;
  const at = (e) => {
    const box = element.getBoundingClientRect();
    return [e.clientX - box.left, e.clientY - box.top];
  };
  element.addEventListener("wheel", (e) => {
    if (stacked() && !e.ctrlKey) return;
    e.preventDefault();
    const [x, y] = at(e);
    const step = e.deltaMode === 1 ? 30 * e.deltaY : e.deltaY;
    if (e.shiftKey || Math.abs(e.deltaX) > Math.abs(e.deltaY)) on.pan(-(e.deltaX || step), 0);
    else on.zoom(x, y, Math.exp(-Math.max(-300, Math.min(300, step)) / (e.ctrlKey ? 120 : 400)));
    hideTip();
  }, { passive: false });
  element.addEventListener("pointerdown", (e) => {
    if (e.button !== 0) return;
    pointers.set(e.pointerId, at(e));
    moved = pointers.size > 1 ? Infinity : 0;
    pinch = 0;
  });
  element.addEventListener("pointermove", (e) => {
    const [x, y] = at(e);
    const before = pointers.get(e.pointerId);
    if (!before) return on.hover(x, y, e);
    if (pointers.size === 2) {
      pointers.set(e.pointerId, [x, y]);
      const [a, b] = [...pointers.values()];
      const distance = Math.hypot(a[0] - b[0], a[1] - b[1]);
      if (pinch > 0 && distance > 0) on.zoom((a[0] + b[0]) / 2, (a[1] + b[1]) / 2, distance / pinch);
      pinch = distance;
      return;
    }
    moved += Math.abs(x - before[0]) + Math.abs(y - before[1]);
    if (moved < dragMin) return;
    if (!element.hasPointerCapture(e.pointerId)) element.setPointerCapture(e.pointerId);
    element.classList.add("dragging");
    hideTip();
    on.pan(x - before[0], y - before[1]);
    pointers.set(e.pointerId, [x, y]);
  });
  const end = (e) => {
    const was = pointers.delete(e.pointerId);
    if (pointers.size === 0) element.classList.remove("dragging");
    if (was && e.type === "pointerup" && moved < dragMin) on.click(...at(e), e);
  };
  element.addEventListener("pointerup", end);
  element.addEventListener("pointercancel", end);
  element.addEventListener("pointerleave", () => {
    hideTip();
    if (on.leave) on.leave();
  });
}

const stacked = () => matchMedia("(max-width: 900px)").matches;

// newView is where a drawing stands on the screen: a point p of it is at x + k·p.
function newView(kMin, kMax) {
  return { x: 0, y: 0, k: 1, kMin, kMax, touched: false };
}

function zoomView(view, x, y, factor) {
  const k = Math.max(view.kMin, Math.min(view.kMax, view.k * factor));
  view.x = x - ((x - view.x) * k) / view.k;
  view.y = y - ((y - view.y) * k) / view.k;
  view.k = k;
  view.touched = true;
}

// panView keeps a part of the drawing, of size w by h, in sight.
function panView(view, dx, dy, w, h, width, height) {
  const keep = 60;
  view.x = Math.max(keep - w * view.k, Math.min(width - keep, view.x + dx));
  view.y = Math.max(keep - h * view.k, Math.min(height - keep, view.y + dy));
  view.touched = true;
}

// The sides of the stage, with the pan that brings what is beyond into sight.
const sides = { left: ["←", 1, 0], right: ["→", -1, 0], up: ["↑", 0, 1], down: ["↓", 0, -1] };

function buildMore() {
  for (const side in sides) {
    const [, x, y] = sides[side];
    $("stage").append(el("button", { type: "button", class: "more " + side, id: "more-" + side, hidden: "",
      onclick: () => panBy(0.75 * x * $("stage").clientWidth, 0.75 * y * $("stage").clientHeight) }));
  }
}

// drawMore tells how many cards lie beyond the border of the stage, or across it.
function drawMore() {
  const out = { left: 0, right: 0, up: 0, down: 0 }, v = cardsView, slack = 2;
  for (const g of mode === "cards" ? D.groups : []) {
    const x = v.x + g.x * v.k, y = v.y + g.y * v.k;
    if (x + g.w * v.k > stageSize.width + slack) out.right++;
    else if (x < -slack) out.left++;
    if (y + g.h * v.k > stageSize.height + slack) out.down++;
    else if (y < -slack) out.up++;
  }
  for (const side in sides) {
    const e = $("more-" + side), none = out[side] === 0;
    if (e.hidden !== none) e.hidden = none;
    if (none) continue;
    setText(e, sides[side][0] + " " + grouped(out[side]) + " more");
    setAttribute(e, "aria-label", grouped(out[side]) + " more " + side);
    setAttribute(e, "title", "more of the picture: click, or drag it; f shows all");
  }
}

// fitView shows all of w by h, at most at its natural size times largest.
function fitView(view, w, h, width, height, pad, largest) {
  const k = Math.min((width - 2 * pad) / Math.max(1, w), (height - 2 * pad) / Math.max(1, h), largest);
  view.k = Math.max(view.kMin, k);
  view.x = (width - w * view.k) / 2;
  view.y = Math.max(pad, (height - h * view.k) / 2);
  view.touched = false;
}
