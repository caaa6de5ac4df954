// Elements, numbers and times as text, states, themes.

const live = document.documentElement.hasAttribute("data-live");
const $ = (id) => document.getElementById(id);

// el makes an element. Keys of attributes that start with "on" are listeners; children are nodes or text.
function el(name, attributes, ...children) {
  const e = document.createElement(name);
  setAttributes(e, attributes);
  e.append(...children.filter((c) => c !== null && c !== undefined));
  return e;
}

function svg(name, attributes, ...children) {
  const e = document.createElementNS("http://www.w3.org/2000/svg", name);
  setAttributes(e, attributes);
  e.append(...children);
  return e;
}

function setAttributes(e, attributes) {
  for (const key in attributes) {
    const value = attributes[key];
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) e.addEventListener(key.slice(2), value);
    else e.setAttribute(key, value);
  }
}

// setText changes the page only where the text is another: writing the same text anew costs a layout.
function setText(e, text) {
  if (e.textContent !== text) e.textContent = text;
}

function setAttribute(e, name, value) {
  if (e.getAttribute(name) !== value) e.setAttribute(name, value);
}

// The states, by their digit in the data.
const Source = 0, Pending = 1, Running = 2, Cached = 3, Done = 4, Failed = 5, Skipped = 6, Stale = 7;
const states = [
  { name: "source", glyph: "◆" }, { name: "pending", glyph: "○" }, { name: "running", glyph: "▶" },
  { name: "cached", glyph: "↻" }, { name: "done", glyph: "✓" }, { name: "failed", glyph: "✕" },
  { name: "skipped", glyph: "–" }, { name: "stale", glyph: "≈" },
];
// What is over first, what is to come last.
const barOrder = [Done, Cached, Running, Failed, Skipped, Stale, Pending];
// What most wants attention first: the state of a group.
const attention = [Failed, Running, Stale, Pending, Skipped, Done, Cached, Source];

const commas = new Intl.NumberFormat("en-US");
const grouped = (n) => commas.format(n);

// duration writes nanoseconds as package label does: two or three digits, rounded before the unit is chosen.
function duration(ns) {
  if (!(ns > 0)) return "–";
  const units = [[1, 1000, " ns"], [1e3, 1000, " µs"], [1e6, 1000, " ms"], [1e9, 60, " s"]];
  for (const [size, end, name] of units) {
    const v = ns / size;
    if (v < 9.95 && size > 1) return v.toFixed(1).replace(".0", "") + name;
    if (v + 0.5 < end) return Math.floor(v + 0.5) + name;
  }
  const two = (n) => String(n).padStart(2, "0");
  const s = Math.round(ns / 1e9);
  if (s < 3600) return Math.floor(s / 60) + "m " + two(s % 60) + "s";
  const m = Math.round(ns / 60e9);
  if (m < 24 * 60) return Math.floor(m / 60) + "h " + two(m % 60) + "m";
  const h = Math.round(ns / 3600e9);
  return grouped(Math.floor(h / 24)) + "d " + two(h % 24) + "h";
}

function bytes(n) {
  const units = [" B", " KB", " MB", " GB", " TB"];
  let i = 0;
  while (n >= 999.5 && i < units.length - 1) n /= 1000, i++;
  return (i > 0 && n < 9.95 ? n.toFixed(1) : Math.round(n)) + units[i];
}

// percent never says 100 % of what is not all, nor 0 % of what is not nothing.
function percent(part, all) {
  if (!(all > 0)) return "–";
  const p = (100 * part) / all;
  if (p > 0 && p < 0.1) return "<0.1 %";
  if (p < 100 && p >= 99.95) return ">99.9 %";
  return (p === 0 || p === 100 ? String(p) : p.toFixed(1)) + " %";
}

// The colours of functions: bright, then muted; to be told apart with the common kinds of colour blindness. None is
// near the red of failures. A function's name always stands beside, in the span or in the tip.
const functionColours = [
  "#4477aa", "#ccbb44", "#66ccee", "#228833", "#aa3377", "#7f7f8f",
  "#332288", "#ddaa77", "#44aa99", "#999933", "#8866bb", "#117755",
];
const colourOf = (fn) => functionColours[((fn % functionColours.length) + functionColours.length) % functionColours.length];

const rgbOf = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));

// theme has the colours that canvases draw with, read from the style sheet. It changes with light and dark.
let theme = readTheme();

function readTheme() {
  const style = getComputedStyle(document.documentElement);
  const v = (name) => style.getPropertyValue(name).trim();
  return {
    page: v("--page"), ink: v("--ink"), soft: v("--soft"), line: v("--line"), track: v("--track"), bad: v("--s5"), focus: v("--focus"),
    stroke: states.map((_, i) => v("--s" + i)), fill: states.map((_, i) => v("--f" + i)), cell: states.map((_, i) => v("--c" + i)),
    font: style.fontFamily || "sans-serif",
  };
}

const darkQuery = matchMedia("(prefers-color-scheme: dark)");
const isDark = () => (document.documentElement.dataset.theme || (darkQuery.matches ? "dark" : "light")) === "dark";

// toggleTheme keeps a choice that is not the system's, where the browser lets it: a page from a file may have no storage.
function toggleTheme() {
  const to = isDark() ? "light" : "dark", root = document.documentElement;
  const own = to !== (darkQuery.matches ? "dark" : "light");
  if (own) root.dataset.theme = to;
  else delete root.dataset.theme;
  try {
    if (own) localStorage.setItem("dally-theme", to);
    else localStorage.removeItem("dally-theme");
  } catch { /* then it lasts as long as the page */ }
  themeChanged();
}

function restoreTheme() {
  try {
    const kept = localStorage.getItem("dally-theme");
    if (kept === "light" || kept === "dark") document.documentElement.dataset.theme = kept;
  } catch { /* no storage */ }
}
restoreTheme();

function themeChanged() {
  theme = readTheme();
  redraw("cards", "cells", "lanes", "head");
}
darkQuery.addEventListener("change", themeChanged);

// canvasOf fits a canvas to its box, in device pixels, and returns its context, which draws in CSS pixels.
function canvasOf(canvas, width, height) {
  const ratio = window.devicePixelRatio || 1;
  const w = Math.max(1, Math.round(width * ratio)), h = Math.max(1, Math.round(height * ratio));
  if (canvas.width !== w || canvas.height !== h) {
    canvas.width = w;
    canvas.height = h;
    canvas.style.width = width + "px";
    canvas.style.height = height + "px";
  }
  const c = canvas.getContext("2d");
  c.setTransform(ratio, 0, 0, ratio, 0, 0);
  return c;
}

// measurer measures text without a layout; one context for all.
const measurer = document.createElement("canvas").getContext("2d");
function textWidth(text, font) {
  if (measurer.font !== font) measurer.font = font;
  return measurer.measureText(text).width;
}

// cut shortens text with an ellipsis until it fits the width.
function cut(text, width, font) {
  if (width <= 0) return "";
  if (text.length > 400) text = text.slice(0, 400);
  if (textWidth(text, font) <= width) return text;
  let low = 0, high = text.length; // what fits, what does not
  while (high - low > 1) {
    const mid = (low + high) >> 1;
    if (textWidth(text.slice(0, mid) + "…", font) <= width) low = mid;
    else high = mid;
  }
  if (low > 0 && /[\uD800-\uDBFF]/.test(text[low - 1])) low--; // not half of a letter
  return low > 0 ? text.slice(0, low) + "…" : textWidth("…", font) <= width ? "…" : "";
}

// showTip shows lines of text beside a point of the window.
function showTip(x, y, lines) {
  const tip = $("tip");
  tip.replaceChildren(...lines.filter(Boolean).map((line, i) => el("div", { class: i ? "" : "first" }, line)));
  tip.hidden = false;
  const w = tip.offsetWidth, h = tip.offsetHeight;
  tip.style.left = Math.max(4, Math.min(innerWidth - w - 4, x + 14)) + "px";
  tip.style.top = (y + 18 + h < innerHeight ? y + 18 : Math.max(4, y - h - 10)) + "px";
}

function hideTip() {
  $("tip").hidden = true;
}
