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
  for (const row of document.querySelectorAll("tr[data-key]")) row.addEventListener("click", () => lightUp(row.dataset.key));
  addEventListener("beforeprint", () => { for (const folded of document.querySelectorAll("details")) folded.open = true; });
  document.addEventListener("keydown", (event) => event.key === "Escape" && lightUp(""));

  // ------------------------------------------------------------------ timeline

  const source = document.getElementById("timeline-data");
  if (!source) return;
  const data = JSON.parse(source.textContent);
  const holder = document.getElementById("timeline-view");
  const LANE = 46, LEFT = 120, TOP = 8, AXIS = 30, FONT = '12px system-ui, "DejaVu Sans", sans-serif';

  const lanes = data.lanes.map(([name, numbers]) => {
    const slices = [];
    let at = data.start;
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
  const least = Math.min(200, data.end - data.start);
  let from = data.start, to = data.end;

  function look(start, end) {
    const span = Math.max(least, Math.min(end - start, data.end - data.start));
    from = Math.max(data.start, Math.min((start + end - span) / 2, data.end - span));
    to = from + span;
    draw();
  }

  function zoom(factor, around = (from + to) / 2) {
    look(around - (around - from) * factor, around + (to - around) * factor);
  }

  const move = (part) => look(from + part * (to - from), to + part * (to - from));
  const buttons = { "+": () => zoom(0.5), "−": () => zoom(2), "◀": () => move(-0.4), "▶": () => move(0.4), all: () => look(data.start, data.end) };
  const spoken = { "+": "zoom in", "−": "zoom out", "◀": "earlier", "▶": "later", all: "show all" };
  for (const [text, action] of Object.entries(buttons)) {
    const button = document.createElement("button");
    button.textContent = text;
    button.title = spoken[text];
    button.setAttribute("aria-label", spoken[text]);
    button.addEventListener("click", action);
    tools.append(button);
  }
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
  holder.prepend(tools, canvas, legend);
  holder.classList.add("drawn");

  const patterns = new Map();
  function hatched(context, colour) {
    if (!patterns.has(colour)) {
      const tile = document.createElement("canvas");
      tile.width = tile.height = 8;
      const ink = tile.getContext("2d");
      ink.fillStyle = colour;
      ink.fillRect(0, 0, 8, 8);
      ink.strokeStyle = "#595959";
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

  const place = (cycle) => LEFT + (cycle - from) / (to - from) * (canvas.clientWidth - LEFT - 8);
  const cycleAt = (x) => from + (x - LEFT) / (canvas.clientWidth - LEFT - 8) * (to - from);

  function draw() {
    const width = holder.clientWidth, height = TOP + lanes.length * LANE + AXIS, sharp = devicePixelRatio || 1;
    canvas.style.height = height + "px";
    canvas.width = width * sharp;
    canvas.height = height * sharp;
    const context = canvas.getContext("2d");
    context.scale(sharp, sharp);
    context.font = FONT;
    context.fillStyle = "#fff";
    context.fillRect(0, 0, width, height);
    lanes.forEach((lane, row) => drawLane(context, lane, TOP + row * LANE, width));
    drawAxis(context, TOP + lanes.length * LANE, width);
    const microseconds = (to - from) / data.clock * 1e6;
    seen.textContent = `cycles ${Math.round(from).toLocaleString("en")} to ${Math.round(to).toLocaleString("en")}, ` +
      `${microseconds.toLocaleString("en", { maximumSignificantDigits: 4 })} µs; drag to move, double-click or Ctrl and wheel to zoom`;
  }

  function drawLane(context, lane, top, width) {
    context.save();
    context.beginPath();
    context.rect(LEFT, 0, width - LEFT - 8, top + LANE);
    context.clip();
    for (let i = firstEndingAfter(lane.slices, from); i < lane.slices.length && lane.slices[i].start < to; i++) {
      const { start, end, label: [waits, title, colour, name] } = lane.slices[i];
      const x = place(start), across = Math.max(0.6, place(end) - x);
      const high = waits ? 14 : 34, y = top + (LANE - high) / 2;
      context.fillStyle = waits && across > 2 ? hatched(context, colour) : colour;
      context.fillRect(x, y, across, high);
      if (across > 3) { context.strokeStyle = "#595959"; context.lineWidth = 0.5; context.strokeRect(x, y, across, high); }
      const text = waits ? "" : name.split(", ")[0] + (name.includes(", ") ? ", ..." : "");
      if (text && across > context.measureText(text).width + 8) {
        context.fillStyle = "#1a1a1a";
        context.fillText(text, Math.max(x, LEFT) + 4, top + LANE / 2 + 4);
      }
    }
    context.restore();
    context.fillStyle = "#1a1a1a";
    context.fillText(lane.name, 6, top + LANE / 2 + 4);
  }

  function drawAxis(context, top, width) {
    const rough = (to - from) / 6, power = 10 ** Math.floor(Math.log10(rough));
    const step = power * [1, 2, 5, 10].find((each) => each * power >= rough);
    context.strokeStyle = context.fillStyle = "#595959";
    context.lineWidth = 1;
    context.textAlign = "center";
    for (let cycle = Math.ceil((from - data.start) / step) * step; cycle + data.start <= to; cycle += step) {
      const x = place(cycle + data.start);
      context.beginPath();
      context.moveTo(x, top);
      context.lineTo(x, top + 5);
      context.stroke();
      context.fillText(Math.round(cycle).toLocaleString("en"), Math.min(x, width - 30), top + 19);
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

  function describe([lane, { start, end, label: [waits, title, , name], place: where, requests }]) {
    const what = waits ? `waits: ${title}` : `${title}: ${name}`;
    const times = requests > 1 ? `, ${requests} requests` : "";
    const cycles = `${(end - start).toLocaleString("en")} cycles from ${start.toLocaleString("en")} to ${end.toLocaleString("en")}`;
    return [`${lane} ${waits ? "" : "works on "}${what}`, where, cycles + times].filter(Boolean).join("\n");
  }

  let dragged = null;
  canvas.addEventListener("pointerdown", (event) => { dragged = event.clientX; canvas.setPointerCapture(event.pointerId); });
  canvas.addEventListener("pointerup", () => { dragged = null; });
  canvas.addEventListener("pointermove", (event) => {
    if (dragged !== null) {
      const cycles = (event.clientX - dragged) / (canvas.clientWidth - LEFT - 8) * (to - from);
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
  new ResizeObserver(draw).observe(holder);
})();
