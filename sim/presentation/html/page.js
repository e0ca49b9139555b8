"use strict";
(() => {
  const tip = document.getElementById("tip");

  function showTip(text, x, y) {
    tip.textContent = text;
    tip.hidden = false;
    const box = tip.getBoundingClientRect();
    tip.style.left = Math.max(4, Math.min(x + 14, innerWidth - box.width - 4)) + "px";
    tip.style.top = (y + 18 + box.height > innerHeight ? y - box.height - 10 : y + 18) + "px";
  }

  function hideTip() {
    tip.hidden = true;
  }

  // ------------------------------------------------------------------ marks: hover says what, click lights up alike ones

  function lightUp(key) {
    const again = document.body.dataset.chosen === key;
    for (const lit of document.querySelectorAll(".on")) lit.classList.remove("on");
    document.body.classList.toggle("choosing", !!key && !again);
    document.body.dataset.chosen = again ? "" : key;
    if (!key || again) return;
    for (const alike of document.querySelectorAll(`[data-key="${CSS.escape(key)}"]`)) alike.classList.add("on");
  }

  for (const mark of document.querySelectorAll(".mark")) {
    const title = mark.querySelector("title");
    const text = title.textContent;
    title.remove(); // the browser's own tip would come on top
    mark.setAttribute("aria-label", text);
    mark.addEventListener("pointermove", (event) => showTip(text, event.clientX, event.clientY));
    mark.addEventListener("pointerleave", hideTip);
    if (mark.dataset.key) mark.addEventListener("click", () => lightUp(mark.dataset.key));
  }
  for (const row of document.querySelectorAll("tr[data-key], td[data-key]")) row.addEventListener("click", () => lightUp(row.dataset.key));
  addEventListener("beforeprint", () => { for (const folded of document.querySelectorAll("details")) folded.open = true; });
  document.addEventListener("keydown", (event) => event.key === "Escape" && lightUp(""));

  // ------------------------------------------------------------------ timeline

  const source = document.getElementById("timeline-data");
  if (!source) return;
  const data = JSON.parse(source.textContent);
  const holder = document.getElementById("timeline-view");
  const LANE = 46, TOP = 8, AXIS = 30, FONT = '12px system-ui, "DejaVu Sans", sans-serif';
  const WORK = 34, WAIT = 14; // pixels that work and a wait are high
  const NARROW = 6, COLUMN = 4, REACH = 3; // pixels: narrower slices are drawn together, in columns so wide, smoothed over as many
  const darkness = matchMedia("(prefers-color-scheme: dark)");
  let LEFT = 120, colours = {};

  function readColours() {
    const style = getComputedStyle(document.body);
    colours = Object.fromEntries(["ink", "faint", "paper"].map((name) => [name, style.getPropertyValue("--" + name).trim()]));
    for (const label of data.labels) { // a variable of the page, or a colour
      const [, variable] = label[2].match(/^var\((.*)\)$/) || [];
      colours[label[2]] = variable ? style.getPropertyValue(variable).trim() : label[2];
    }
  }

  // Cycles are counted from the beginning of the window, wherever people read them.

  const lanes = data.lanes.map(([name, numbers]) => {
    const slices = [];
    let at = 0;
    for (let i = 0; i < numbers.length; i += 5) {
      const start = at + numbers[i];
      at = start + numbers[i + 1];
      slices.push({ start, end: at, label: data.labels[numbers[i + 2]], place: data.places[numbers[i + 3]], requests: numbers[i + 4] });
    }
    return { name, slices };
  });

  const tools = document.createElement("div");
  tools.className = "tools";
  const canvas = document.createElement("canvas");
  canvas.tabIndex = 0;
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", "Timeline: arrows move it, plus and minus zoom, 0 shows all of it");
  const seen = document.createElement("output");
  const length = data.end - data.start, least = Math.min(200, length);
  let from = 0, to = length;

  function look(start, end) {
    const span = Math.max(least, Math.min(end - start, length));
    from = Math.max(0, Math.min((start + end - span) / 2, length - span));
    to = from + span;
    draw();
  }

  function zoom(factor, around = (from + to) / 2) {
    look(around - (around - from) * factor, around + (to - around) * factor);
  }

  const move = (part) => look(from + part * (to - from), to + part * (to - from));
  const buttons = { "+": () => zoom(0.5), "−": () => zoom(2), "◀": () => move(-0.4), "▶": () => move(0.4), all: () => look(0, length) };
  const spoken = { "+": "zoom in", "−": "zoom out", "◀": "earlier", "▶": "later", all: "show all" };
  for (const [text, action] of Object.entries(buttons)) {
    const button = document.createElement("button");
    button.textContent = text;
    button.title = spoken[text];
    button.setAttribute("aria-label", spoken[text]);
    button.addEventListener("click", action);
    tools.append(button);
  }
  const hint = document.createElement("span");
  hint.className = "note";
  hint.textContent = "Where slices are narrow, the height of a column is the share of the time in which the unit works. Drag to move; " +
    "double-click, or Ctrl and wheel, to zoom.";
  tools.append(seen);
  const legend = document.createElement("ul");
  legend.className = "legend";
  const kinds = [...new Map(data.labels.map((label) => [label[0] + label[1], label])).values()];
  for (const kind of kinds.sort((one, other) => one[0] - other[0])) {
    const entry = document.createElement("li"), swatch = document.createElement("i");
    swatch.style.background = kind[2];
    entry.className = kind[0] ? "waits" : "works";
    entry.append(swatch, kind[1]);
    legend.append(entry);
  }
  holder.prepend(tools, canvas, hint, legend);
  holder.classList.add("drawn");

  const patterns = new Map();
  function hatched(context, name) {
    const colour = colours[name];
    if (!patterns.has(colour)) {
      const tile = document.createElement("canvas");
      tile.width = tile.height = 8;
      const ink = tile.getContext("2d");
      ink.fillStyle = colour;
      ink.fillRect(0, 0, 8, 8);
      ink.strokeStyle = colours.faint;
      ink.lineWidth = 0.7;
      ink.beginPath();
      for (const shift of [-8, 0, 8]) { ink.moveTo(shift, 8); ink.lineTo(shift + 8, 0); }
      ink.stroke();
      patterns.set(colour, context.createPattern(tile, "repeat"));
    }
    return patterns.get(colour);
  }

  function firstEndingAfter(slices, cycle) {
    let low = 0, high = slices.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (slices[middle].end > cycle) high = middle; else low = middle + 1;
    }
    return low;
  }

  const across = () => canvas.clientWidth - LEFT - 8;
  const place = (cycle) => LEFT + (cycle - from) / (to - from) * across();
  const cycleAt = (x) => from + (x - LEFT) / across() * (to - from);

  function draw() {
    const width = holder.clientWidth, height = TOP + lanes.length * LANE + AXIS, sharp = devicePixelRatio || 1;
    LEFT = width < 600 ? 72 : 120;
    canvas.style.height = height + "px";
    canvas.width = width * sharp;
    canvas.height = height * sharp;
    const context = canvas.getContext("2d");
    context.scale(sharp, sharp);
    context.font = FONT;
    context.fillStyle = colours.paper;
    context.fillRect(0, 0, width, height);
    lanes.forEach((lane, row) => drawLane(context, lane, TOP + row * LANE, width));
    drawAxis(context, TOP + lanes.length * LANE, width);
    seen.textContent = `cycles ${spelt(from)} to ${spelt(to)} of ${spelt(length)}: ${duration((to - from) / data.clock)}`;
  }

  const spelt = (cycle) => Math.round(cycle).toLocaleString("en");

  function duration(seconds) {
    const [factor, unit] = [[1, "s"], [1e3, "ms"], [1e6, "µs"], [1e9, "ns"]].find(([factor]) => seconds * factor >= 1) || [1e9, "ns"];
    return (seconds * factor).toLocaleString("en", { maximumSignificantDigits: 4 }) + " " + unit;
  }

  function drawLane(context, lane, top, width) {
    context.save();
    context.beginPath();
    context.rect(LEFT, 0, width - LEFT - 8, top + LANE);
    context.clip();
    const bottom = top + (LANE + WORK) / 2, columns = new Columns(), single = [];
    for (let i = firstEndingAfter(lane.slices, from); i < lane.slices.length && lane.slices[i].start < to; i++) {
      if (narrow(lane.slices, i)) columns.add(lane.slices[i]);
      else { columns.leaveOut(lane.slices[i]); single.push(lane.slices[i]); }
    }
    columns.draw(context, bottom);
    for (const slice of single) drawSlice(context, slice, bottom);
    context.restore();
    context.fillStyle = colours.ink;
    wrapped(context, lane.name, LEFT - 10).forEach((line, row, lines) =>
      context.fillText(line, 6, top + LANE / 2 + 4 + 14 * (row - (lines.length - 1) / 2)));
  }

  // Whether a slice and its neighbours are, on average, too narrow to be drawn one by one.
  function narrow(slices, i) {
    const pixels = across() / (to - from), first = Math.max(0, i - 2), last = Math.min(slices.length - 1, i + 2);
    const wide = (slices[i].end - slices[i].start) * pixels;
    return wide < 1 || wide < 4 * NARROW && (slices[last].end - slices[first].start) * pixels < NARROW * (last - first + 1);
  }

  function wrapped(context, text, room) {
    const first = text.indexOf(" ");
    return context.measureText(text).width <= room || first < 0 ? [text] : [text.slice(0, first), text.slice(first + 1)];
  }

  function drawSlice(context, { start, end, label: [waits, , colour, name] }, bottom) {
    const x = place(start), wide = place(end) - x, high = waits ? WAIT : WORK;
    context.fillStyle = colours.paper;
    context.fillRect(x, bottom - WORK - 1, wide, WORK + 2); // what the columns beside it reach over
    context.fillStyle = waits ? hatched(context, colour) : colours[colour];
    context.fillRect(x, bottom - high, wide, high);
    if (wide > 8) { context.strokeStyle = "#595959"; context.lineWidth = 0.5; context.strokeRect(x, bottom - high, wide, high); }
    const text = waits ? "" : name.split(", ")[0] + (name.includes(", ") ? ", ..." : "");
    if (text && wide > context.measureText(text).width + 8) {
      context.fillStyle = "#1a1a1a";
      context.fillText(text, Math.max(x, LEFT) + 4, bottom - WORK / 2 + 4);
    }
  }

  // What is too narrow to be drawn by itself: a column shows the share of work, and of what there was most.
  class Columns {
    constructor() {
      this.cycles = (to - from) / across() * COLUMN; // of a column
      this.parts = new Map(); // column -> label -> cycles
      this.free = new Map(); // column -> cycles that no slice has which is drawn by itself
    }

    add({ start, end, label }) {
      const last = Math.floor(end / this.cycles);
      for (let number = Math.floor(start / this.cycles); number <= last; number++) {
        const part = Math.min(end, (number + 1) * this.cycles) - Math.max(start, number * this.cycles);
        if (!this.parts.has(number)) this.parts.set(number, new Map());
        const column = this.parts.get(number);
        column.set(label, (column.get(label) || 0) + part);
      }
    }

    leaveOut({ start, end }) {
      for (const number of new Set([Math.floor(start / this.cycles), Math.floor(end / this.cycles)])) {
        const part = Math.min(end, (number + 1) * this.cycles) - Math.max(start, number * this.cycles);
        this.free.set(number, (this.free.has(number) ? this.free.get(number) : this.cycles) - part);
      }
    }

    // Numbers of all columns: those that have something, and the short gaps between them.
    numbers() {
      const found = [...this.parts.keys()].sort((one, other) => one - other), all = new Set(found);
      for (let i = 1; i < found.length; i++) {
        if (found[i] - found[i - 1] <= REACH) for (let number = found[i - 1] + 1; number < found[i]; number++) all.add(number);
      }
      return all;
    }

    // [label, share of the time] around a column, the nearer the heavier, so that what repeats itself does not beat.
    around(number, all) {
      const shares = new Map();
      let whole = 0;
      for (let step = -REACH; step <= REACH; step++) {
        if (!all.has(number + step)) continue;
        const weight = REACH + 1 - Math.abs(step), free = this.free.get(number + step);
        const recorded = Math.min(this.cycles, length - (number + step) * this.cycles); // the last column may be shorter
        whole += weight * (free === undefined ? recorded : free);
        for (const [label, cycles] of this.parts.get(number + step) || []) shares.set(label, (shares.get(label) || 0) + cycles * weight);
      }
      return [...shares].map(([label, cycles]) => [label, Math.min(1, cycles / whole)]).sort((one, other) => other[1] - one[1]);
    }

    draw(context, bottom) {
      const all = this.numbers();
      for (const number of all) {
        const around = this.around(number, all), x = place(number * this.cycles);
        let low = bottom;
        for (const waits of [0, 1]) {
          const parts = around.filter(([label]) => label[0] === waits);
          if (!parts.length) continue;
          const high = WORK * parts.reduce((total, [, share]) => total + share, 0), colour = parts[0][0][2];
          context.globalAlpha = waits ? 0.45 : 1;
          context.fillStyle = waits ? hatched(context, colour) : colours[colour];
          context.fillRect(x, low - high, COLUMN + 0.3, high);
          low -= high;
        }
        context.globalAlpha = 1;
      }
    }
  }

  function drawAxis(context, top, width) {
    const rough = (to - from) / (width < 600 ? 3 : 6), power = 10 ** Math.floor(Math.log10(rough));
    const step = power * [1, 2, 5, 10].find((each) => each * power >= rough);
    context.strokeStyle = context.fillStyle = colours.faint;
    context.lineWidth = 1;
    context.textAlign = "center";
    for (let cycle = Math.ceil(from / step) * step; cycle <= to; cycle += step) {
      const x = place(cycle);
      context.beginPath();
      context.moveTo(x, top);
      context.lineTo(x, top + 5);
      context.stroke();
      const text = spelt(cycle), half = context.measureText(text).width / 2;
      context.fillText(text, Math.min(x, width - half - 2), top + 19);
    }
    context.textAlign = "left";
    context.fillText("cycles", 6, top + 19);
  }

  function sliceAt(event) {
    const box = canvas.getBoundingClientRect(), cycle = cycleAt(event.clientX - box.left);
    const lane = lanes[Math.floor((event.clientY - box.top - TOP) / LANE)];
    if (!lane || cycle < from || cycle > to) return null;
    const slice = lane.slices[firstEndingAfter(lane.slices, cycle)];
    return slice && slice.start <= cycle ? [lane.name, slice] : null;
  }

  function describe([lane, { start, end, label: [waits, , , name, title], place: where, requests }]) {
    const what = waits ? `waits: ${title}` : `${title}: ${name}`;
    const times = requests > 1 ? `, ${requests} requests` : "";
    const cycles = `${spelt(end - start)} cycle${end - start === 1 ? "" : "s"} from ${spelt(start)} to ${spelt(end)}`;
    return [`${lane} ${waits ? "" : "works on "}${what}`, where, cycles + times].filter(Boolean).join("\n");
  }

  let dragged = null;
  canvas.addEventListener("pointerdown", (event) => { dragged = event.clientX; canvas.setPointerCapture(event.pointerId); });
  canvas.addEventListener("pointerup", () => { dragged = null; });
  canvas.addEventListener("pointermove", (event) => {
    if (dragged !== null) {
      const cycles = (event.clientX - dragged) / across() * (to - from);
      dragged = event.clientX;
      look(from - cycles, to - cycles);
    }
    const found = sliceAt(event);
    if (found) showTip(describe(found), event.clientX, event.clientY); else hideTip();
  });
  canvas.addEventListener("pointerleave", hideTip);
  canvas.addEventListener("dblclick", (event) => zoom(0.25, cycleAt(event.clientX - canvas.getBoundingClientRect().left)));
  canvas.addEventListener("wheel", (event) => {
    if (!event.ctrlKey) return; // the page scrolls
    event.preventDefault();
    zoom(event.deltaY > 0 ? 1.25 : 0.8, cycleAt(event.clientX - canvas.getBoundingClientRect().left));
  }, { passive: false });
  canvas.addEventListener("keydown", (event) => {
    const keys = { "+": "+", "=": "+", "-": "−", ArrowLeft: "◀", ArrowRight: "▶", 0: "all" };
    if (keys[event.key]) { event.preventDefault(); buttons[keys[event.key]](); }
  });
  readColours();
  darkness.addEventListener("change", () => { readColours(); patterns.clear(); draw(); });
  new ResizeObserver(draw).observe(holder);
})();
