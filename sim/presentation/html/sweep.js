
(() => {
  // ------------------------------------------------------------------ maps: one figure at a time

  const maps = document.getElementById("map-boxes");
  if (maps) {
    const boxes = [...maps.querySelectorAll(".measure")], tools = toolbar();
    const choose = (chosen) => {
      boxes.forEach((box, at) => {
        box.classList.toggle("chosen", box === chosen);
        tools.children[at].setAttribute("aria-pressed", String(box === chosen));
      });
    };
    for (const box of boxes) tools.append(button(box.querySelector("h3").textContent, () => choose(box)));
    maps.before(tools);
    maps.classList.add("choosable");
    choose(boxes[0]);
  }

  function toolbar() {
    const made = document.createElement("div");
    made.className = "tools";
    return made;
  }

  function button(text, action) {
    const made = document.createElement("button");
    made.textContent = text;
    made.addEventListener("click", action);
    return made;
  }

  // ------------------------------------------------------------------ a link to a point opens it

  function open() {
    const point = location.hash.startsWith("#point-") && document.getElementById(location.hash.slice(1));
    if (point) point.open = true;
  }
  addEventListener("hashchange", open);
  open();

  // ------------------------------------------------------------------ a table that is sorted by a click on a head

  for (const name of ["points-table", "front-table", "steps-table", "breaks-table"]) {
    const table = document.getElementById(name);
    if (table) sortable(table);
  }

  function sortable(table) {
    const heads = [...table.tHead.rows[0].cells], body = table.tBodies[0];
    table.classList.add("sortable");
    heads.forEach((head, column) => {
      const sort = () => {
        const down = head.getAttribute("aria-sort") === "ascending";
        const value = (row) => row.cells[column].dataset.value ?? row.cells[column].textContent;
        const rows = [...body.rows].map((row) => [row, value(row)]);
        rows.sort(([, one], [, other]) => (one === "") - (other === "") || (down ? -1 : 1) * compare(one, other));
        for (const each of heads) each.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        body.append(...rows.map(([row]) => row));
      };
      head.tabIndex = 0;
      head.addEventListener("click", sort);
      head.addEventListener("keydown", (event) => event.key === "Enter" && sort());
    });
  }

  function compare(one, other) {
    const difference = Number(one) - Number(other);
    return Number.isNaN(difference) ? one.localeCompare(other, "en", { numeric: true }) : difference;
  }

  // ------------------------------------------------------------------ lines: a range on a scale leaves points out, everywhere

  const source = document.getElementById("sweep-data"), view = document.getElementById("lines-view");
  if (!source || !view) return;
  const points = Object.entries(JSON.parse(source.textContent));
  const ranges = new Map(); // number of a scale -> [least, most] place
  const parts = new Map(points.map(([key]) => [key, []]));
  for (const part of document.querySelectorAll('.mark[data-key^="point-"], td[data-key], tr[data-key]')) parts.get(part.dataset.key)?.push(part);
  const tools = toolbar(), told = document.createElement("output");
  tools.append(button("all points", () => { ranges.clear(); show(); }), told);
  view.prepend(tools);
  const bands = new Map();

  function show() {
    const chosen = points.filter(([, places]) => [...ranges].every(([at, [least, most]]) => places[at] !== null && places[at] >= least && places[at] <= most));
    const kept = new Set(chosen.map(([key]) => key));
    for (const [key, own] of parts) for (const part of own) part.classList.toggle("out", !kept.has(key));
    told.textContent = ranges.size ? `${kept.size} of ${points.length} points` : `${points.length} points; drag along a scale to choose some of them`;
    for (const [at, { area, band }] of bands) {
      const range = ranges.get(at), box = area.getBBox();
      band.style.display = range ? "" : "none";
      if (!range) continue;
      band.setAttribute("x", box.x + box.width * 0.3);
      band.setAttribute("width", box.width * 0.4);
      band.setAttribute("y", box.y + (1 - range[1]) * box.height);
      band.setAttribute("height", Math.max(1, (range[1] - range[0]) * box.height));
    }
  }

  for (const area of view.querySelectorAll(".mark[data-scale]")) {
    const at = Number(area.dataset.scale), shape = area.querySelector("path");
    const band = document.createElementNS("http://www.w3.org/2000/svg", "rect");
    band.setAttribute("class", "range");
    area.after(band);
    bands.set(at, { area: shape, band });
    area.classList.add("scaled");
    let from = null;
    const placeOf = (event) => {
      const box = shape.getBoundingClientRect();
      return Math.min(1, Math.max(0, 1 - (event.clientY - box.top) / box.height));
    };
    area.addEventListener("pointerdown", (event) => { from = placeOf(event); area.setPointerCapture(event.pointerId); });
    area.addEventListener("pointermove", (event) => {
      if (from === null) return;
      const to = placeOf(event);
      ranges.set(at, [Math.min(from, to) - 0.03, Math.max(from, to) + 0.03]);
      show();
    });
    area.addEventListener("pointerup", (event) => {
      if (Math.abs(placeOf(event) - from) < 0.01) { ranges.delete(at); show(); }
      from = null;
    });
  }
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") { ranges.clear(); show(); } });
  show();
})();
