"use strict";
// The table page: one table for each group of comparable rows, made when it comes near the view.
(() => {
  const data = EM.data;
  const NARROW = window.matchMedia("(max-width: 720px)");
  const TALL = 60; // rows from which a table scrolls inside itself
  const groups = data.groups.map((group, place) => ({ ...group, number: place + 1, most: EM.scale(group.rows.flatMap((row) => [row.misaligned, row.control])) }));
  EM.indexRows(groups);
  const all = groups.reduce((sum, group) => sum + group.rows.length, 0);
  let state = EM.state.read();
  let match = EM.matcher(state);
  const found = (entry) => match(entry.row);

  const sorted = () => [{ column: EM.sortable.has(state.sort) ? state.sort : "misaligned", dir: state.dir === "asc" ? "asc" : "desc" }];
  const extra = () => new Set((state.cols || "").split(",").filter(Boolean));

  const make = (group) => {
    const tall = group.rows.length > TALL;
    const table = new Tabulator(group.box, {
      data: group.rows.map(EM.entry),
      columns: EM.columns(group.most, extra(), NARROW.matches),
      layout: "fitColumns",
      initialSort: sorted(),
      initialFilter: [],
      maxHeight: tall ? Math.max(360, Math.min(window.innerHeight - 120, 900)) : false,
      rowHeight: NARROW.matches ? 84 : 34,
      renderVerticalBuffer: 100,
      headerSortElement: () => "",
      headerSortTristate: false,
      placeholder: "No row matches.",
      columnHeaderSortMulti: false,
      tabEndNewRow: false,
    });
    group.table = table;
    table.on("tableBuilt", () => {
      group.built = true;
      if (group.shown !== group.rows.length) table.setFilter(found);
      byKeyboard(group);
      describe(group);
      performance.mark("em-table");
    });
    table.on("dataSorted", ([sorter]) => {
      if (!group.built || !sorter) return;
      const [now] = sorted();
      if (sorter.field !== now.column || sorter.dir !== now.dir) change({ sort: sorter.field, dir: sorter.dir }, group);
    });
  };

  // A grid may own row groups only, and what scrolls must take the focus: let it be the group.
  const describe = ({ box }) => {
    box.removeAttribute("aria-owns");
    const [holder, body] = [box.querySelector(".tabulator-tableholder"), box.querySelector(".tabulator-table")];
    holder.setAttribute("role", "rowgroup");
    holder.setAttribute("aria-label", "Rows");
    body.setAttribute("role", "presentation");
  };

  // Tabulator's headers answer the mouse only.
  const byKeyboard = (group) => {
    for (const column of group.table.getColumns()) {
      const header = column.getElement();
      if (!header.classList.contains("tabulator-sortable")) continue;
      header.setAttribute("tabindex", "0");
      EM.on(header, "keydown", (event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        const [now] = sorted();
        const first = column.getDefinition().headerSortStartingDir;
        const dir = now.column !== column.getField() ? first : now.dir === "asc" ? "desc" : "asc";
        group.table.setSort(column.getField(), dir);
      });
    }
  };

  const section = (group) => {
    group.box = EM.el("div", { class: "table" });
    group.count = EM.el("span", { class: "count" });
    const png = EM.button("PNG", async () => {
      png.disabled = true;
      try { await EM.boardPng(group, shownRows(group), data.toy_note); } finally { png.disabled = false; }
    }, { class: "quiet", "data-png": "" });
    group.section = EM.el("section", { class: "group", "aria-labelledby": `g${group.number}` },
      EM.el("div", { class: "head" },
        EM.el("h2", { id: `g${group.number}` }, EM.el("span", { class: "dim" }, "Judge "), group.judge,
          EM.el("span", { class: "dim" }, " · questions "), group.questions, EM.el("span", { class: "dim" }, ` · ${group.definition}`)),
        group.count, png),
      EM.compared(group),
      group.rows.some((row) => row.toy) ? EM.toy(data.toy_note) : null,
      EM.key([...new Set(["base", "control", ...group.rows.map((row) => row.arm)])]),
      group.box);
    return group.section;
  };

  // The tables in view follow each keystroke; the others when the reader pauses.
  const inView = ({ box }) => {
    const { top, bottom } = box.getBoundingClientRect();
    return bottom > 0 && top < window.innerHeight;
  };
  const settle = (group) => {
    if (group.built && group.stale) group.table.setFilter(found);
    group.stale = false;
  };
  let pause = 0;
  const settleLater = () => {
    clearTimeout(pause);
    pause = setTimeout(() => groups.forEach(settle), 150);
  };

  const shownRows = (group) => (settle(group), group.built ? group.table.getRows("active").map((row) => row.getData().row) : group.rows.filter(match));

  const filter = () => {
    match = EM.matcher(state);
    let shown = 0;
    for (const group of groups) {
      group.shown = group.rows.reduce((sum, row) => sum + match(row), 0);
      shown += group.shown;
      group.section.hidden = group.shown === 0;
      group.count.textContent = EM.counted(group.shown, group.rows.length);
      group.stale = true;
    }
    // One after the other: a table that fills again pushes the next ones out of view.
    for (const group of groups) if (group.built && !group.section.hidden && inView(group)) settle(group);
    settleLater();
    bar.show(state, shown, all);
    none.hidden = shown > 0;
  };

  const change = (values, from) => {
    const before = state;
    state = { ...state, ...values };
    EM.state.write(state);
    const same = (...names) => names.every((name) => (before[name] || "") === (state[name] || ""));
    if (!same("sort", "dir")) for (const group of groups) if (group.built && group !== from) group.table.setSort(sorted());
    if (!same("cols")) recolumn();
    if (!same("q", "task", "model", "arm", "judge", "questions", "status")) filter();
  };

  const recolumn = () => {
    for (const group of groups) {
      if (!group.built) continue;
      group.table.destroy();
      group.built = false;
      make(group);
    }
  };

  const columns = () => EM.el("details", { class: "menu" }, EM.el("summary", {}, "Columns"),
    EM.el("div", { class: "panel" }, EM.extraColumns().map(([key, label]) => {
      const box = EM.el("input", { type: "checkbox", id: `c-${key}`, checked: extra().has(key) });
      EM.on(box, "change", () => {
        const now = extra();
        now[box.checked ? "add" : "delete"](key);
        change({ cols: [...now].join(",") });
      });
      return EM.el("label", { for: `c-${key}` }, box, label);
    })));

  const bar = EM.filterBar(groups, state, (values) => change(values));
  const none = EM.el("p", { class: "empty", hidden: true }, all ? "No row matches these filters." : "There are no runs yet. Make one: python -m harness run insecure_code");
  const link = EM.button("Copy link", () => EM.copyLink(link), { class: "quiet" });
  const csv = EM.button("CSV", () => EM.save("leaderboard.csv", "text/csv", EM.csv(groups.map((group) => ({ ...group, rows: shownRows(group) })))), { class: "quiet", id: "csv" });
  EM.add(EM.main, [
    EM.el("h1", {}, "Emergent misalignment leaderboard"),
    EM.el("p", { class: "lead" }, "How often a model gives misaligned answers to open questions after narrow fine-tuning, next to a benign control. Every rate has its 95 % interval; only rows with the same judge, rubric, questions and sampling stand in one table. Rows whose intervals overlap may not differ."),
    EM.el("div", { class: "tools" }, bar, EM.el("div", { class: "actions" }, columns(), link, csv)),
    none,
    groups.map(section),
  ]);
  if (data.problems.length) {
    EM.foot(EM.el("details", {}, EM.el("summary", {}, `${data.problems.length} left out`), EM.el("ul", {}, data.problems.map((text) => EM.el("li", {}, text)))));
  }
  filter();

  const near = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      const group = groups.find((found) => found.box === entry.target);
      if (!entry.isIntersecting || group.table) continue;
      near.unobserve(entry.target);
      make(group);
    }
  }, { rootMargin: "500px" });
  groups.forEach((group, place) => (place === 0 && !group.section.hidden ? make(group) : near.observe(group.box)));
  NARROW.addEventListener("change", recolumn);
  EM.on(window, "hashchange", () => {
    const next = EM.state.read();
    change({ ...Object.fromEntries(Object.keys(state).map((name) => [name, ""])), ...next });
  });
})();
