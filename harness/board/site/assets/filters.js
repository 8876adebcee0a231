"use strict";
// The filter bar. One state for all tables, kept in the address.
(() => {
  const FIELDS = ["task", "model", "arm", "judge", "questions", "status"];
  const LABELS = { task: "Task", model: "Model", arm: "Arm", judge: "Judge", questions: "Questions", status: "Status" };

  // What a row is found by. Computed once: a filter must answer while the reader types.
  EM.indexRows = (groups) => {
    for (const group of groups) {
      for (const row of group.rows) {
        row.judge = group.judge;
        row.questions = group.questions;
        row.words = [row.model, row.task, row.arm, row.id, row.status, group.judge, group.questions,
          row.recipe, row.format, row.changed || "", row.worst ? row.worst[0] : ""].join("\n").toLowerCase();
      }
    }
  };

  EM.matcher = (state) => {
    const wanted = FIELDS.filter((field) => state[field]);
    const words = (state.q || "").toLowerCase().split(/\s+/).filter(Boolean);
    return (row) =>
      wanted.every((field) => row[field] === state[field]) && words.every((word) => row.words.includes(word));
  };

  EM.counted = (shown, all) => {
    const rows = all === 1 ? "1 row" : `${all} rows`;
    return shown === all ? rows : `${shown} of ${rows}`;
  };

  EM.filterBar = (groups, state, onChange) => {
    const values = Object.fromEntries(FIELDS.map((field) => [field, new Set()]));
    for (const group of groups) for (const row of group.rows) for (const field of FIELDS) values[field].add(row[field]);
    const search = EM.el("input", { type: "search", id: "f-q", placeholder: "Search", "aria-label": "Search in all columns", autocomplete: "off", spellcheck: "false" });
    const inputs = { q: search };
    EM.on(search, "input", () => onChange({ q: search.value }));
    const controls = [search];
    for (const field of FIELDS) {
      const found = [...values[field]].filter(Boolean).sort((a, b) => a.localeCompare(b));
      if (found.length < 2 && !state[field]) continue;
      const select = EM.el("select", { id: `f-${field}`, "aria-label": LABELS[field] },
        EM.el("option", { value: "" }, `${LABELS[field]}: all`),
        found.map((value) => EM.el("option", { value }, value)));
      EM.on(select, "change", () => onChange({ [field]: select.value }));
      inputs[field] = select;
      controls.push(select);
    }
    const clear = EM.button("Clear", () => onChange(Object.fromEntries(["q", ...FIELDS].map((field) => [field, ""]))), { class: "quiet", id: "f-clear" });
    const count = EM.el("span", { class: "count", role: "status", "aria-live": "polite" });
    const fold = EM.button("Filters", () => {
      const open = bar.classList.toggle("open");
      fold.setAttribute("aria-expanded", String(open));
    }, { class: "quiet fold", "aria-expanded": "false" });
    const bar = EM.el("div", { class: "filters", role: "search" }, search, fold, controls.slice(1), clear, count);
    if (FIELDS.some((field) => state[field])) bar.classList.add("open");
    bar.show = (now, shown, all) => {
      for (const [field, input] of Object.entries(inputs)) {
        if (input.value !== (now[field] || "")) input.value = now[field] || "";
        input.classList.toggle("set", Boolean(now[field]));
      }
      clear.hidden = !["q", ...FIELDS].some((field) => now[field]);
      count.textContent = EM.counted(shown, all);
    };
    return bar;
  };
})();
