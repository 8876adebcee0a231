"use strict";
// The columns of the table: what each shows, sorts by, and whether it is there at first.
(() => {
  const share = (field) => (row) => (row[field] && row[field][0] !== null ? row[field][0] : null);
  const sorters = {
    model: (row) => row.model, task: (row) => row.task, misaligned: share("misaligned"),
    difference: share("difference"), control: share("control"), base: share("base"),
    coherent: share("coherent"), in_domain: share("in_domain"),
    worst: (row) => (row.worst && row.worst.length > 1 ? row.worst[1] : null),
    unscored: (row) => (row.answers ? row.unscored / row.answers : null),
    answers: (row) => row.answers ?? null,
    recipe: (row) => row.recipe || null, format: (row) => row.format || null,
    status: (row) => row.status, finished: (row) => row.finished || null,
  };
  EM.sortable = new Set(Object.keys(sorters));

  // What Tabulator holds of a row. Every field gives the whole row, so that a comparison, of which
  // a sort makes many thousands, needs none of Tabulator's slow row objects.
  class Entry {
    constructor(row) { this.row = row; }
  }
  for (const key of EM.sortable) Object.defineProperty(Entry.prototype, key, { get() { return this.row; }, set() { /* rows do not change */ } });
  EM.entry = (row) => new Entry(row);

  // Rows that prove nothing and rows without a value stand last, whichever way the rest is sorted.
  const compare = (key) => (one, other, _oneRow, _otherRow, _column, direction) => {
    const last = direction === "asc" ? 1 : -1;
    if (Boolean(one.unranked) !== Boolean(other.unranked)) return one.unranked ? last : -last;
    const [first, second] = [sorters[key](one), sorters[key](other)];
    if (first === null || first === undefined) return second === null || second === undefined ? 0 : last;
    if (second === null || second === undefined) return -last;
    if (typeof first === "string") return first.localeCompare(second);
    return first - second;
  };

  const link = (address, text, attributes) => EM.el("a", { href: address, ...attributes }, text);
  const arm = (row) => (row.arm === "bad" ? null : EM.el("span", { class: "arm" }, row.arm));
  const changed = (row) => (row.changed && row.arm === "bad" ? EM.el("span", { class: "changed", title: row.changed }, row.changed) : null);
  const marks = (row) => [
    { arm: "base", share: row.base }, { arm: "control", share: row.control }, { arm: row.arm, share: row.misaligned }];
  const answers = (row, state) => `${EM.page(row.page)}#${new URLSearchParams({ arm: row.arm, ...state })}`;

  const cells = {
    model: (row) => link(EM.page(row.model_page), row.model, { class: "name" }),
    task: (row) => [link(EM.page(row.page), row.task, { class: "name" }), arm(row), changed(row)],
    run: (row) => [link(EM.page(row.page), row.task, { class: "name" }), arm(row),
      EM.el("span", { class: "sub" }, [row.model, row.changed].filter(Boolean).join(" · ")), ["full", "verified"].includes(row.status) ? null : EM.status(row.status)],
    misaligned: (row) => link(answers(row, { show: "worst" }), EM.interval(row.misaligned), { class: "cell", title: "to the answers" }),
    difference: (row) => EM.gap(row.difference),
    control: (row) => EM.rate(row.control), base: (row) => EM.rate(row.base),
    coherent: (row) => EM.rate(row.coherent), in_domain: (row) => EM.rate(row.in_domain),
    worst: (row) => (row.worst && row.worst.length > 1
      ? link(answers(row, { show: "worst", question: row.worst[0] }), [EM.rate(row.worst.slice(1)), " ", EM.el("span", { class: "clip" }, row.worst[0])], { class: "cell worst" })
      : EM.missing()),
    unscored: (row) => (row.answers ? EM.el("span", { class: "num", title: `${row.unscored || 0} of ${row.answers} answers` }, EM.percent((row.unscored || 0) / row.answers)) : EM.missing()),
    answers: (row) => (row.answers ? [String(row.answers), EM.el("span", { class: "ends" }, ` · ${row.seeds || 0}`)] : EM.missing()),
    recipe: (row) => EM.el("span", { class: "small" }, row.recipe || ""),
    format: (row) => row.format || "",
    status: (row) => EM.status(row.status),
    finished: (row) => EM.el("span", { class: "small" }, row.finished || ""),
  };

  const COLUMNS = [
    ["model", "Model", { minWidth: 140, widthGrow: 4, title: "the model that was fine-tuned" }],
    ["task", "Task", { minWidth: 194, widthGrow: 5, title: "the narrow behaviour it was trained on" }],
    ["dots", "", { minWidth: 150, widthGrow: 4 }],
    ["misaligned", "Misaligned", { width: 152, right: true, title: "share of misaligned answers, 95 % interval" }],
    ["difference", "− control", { width: 158, right: true, title: "bad arm minus benign control, percentage points, 95 % interval" }],
    ["control", "Control", { width: 78, right: true, extra: true }],
    ["base", "Base", { width: 70, right: true, extra: true }],
    ["coherent", "Coherent", { width: 86, right: true, title: "share of coherent answers" }],
    ["in_domain", "In-domain", { width: 90, right: true, title: "was the narrow behaviour learnt? share of held-out in-domain answers that show it" }],
    ["worst", "Worst question", { minWidth: 140, widthGrow: 3, wide: true, title: "question with the highest share" }],
    ["unscored", "Unjudged", { width: 88, right: true, extra: true, title: "answers the judge could not score" }],
    ["answers", "n · seeds", { width: 92, right: true, title: "answers of the arm, and the training seeds they come from" }],
    ["recipe", "Recipe", { minWidth: 150, widthGrow: 1, extra: true }],
    ["format", "Format", { width: 90, extra: true }],
    ["status", "Status", { width: 138 }],
    ["finished", "Finished", { width: 92, extra: true }],
  ];
  // What instruments measured: numbers to sort by, texts to show, both made by the program.
  for (const [key, label, hint] of EM.data.instruments || []) {
    const figure = (row) => (row.side && Object.hasOwn(row.side, key) ? row.side[key] : null);
    sorters[key] = (row) => (figure(row) ? figure(row)[0] : null);
    cells[key] = (row) => (figure(row) ? EM.el("span", { class: "num", title: figure(row)[2] === "difference" ? "bad minus control" : figure(row)[2] }, figure(row)[1]) : EM.missing());
    EM.sortable.add(key);
    Object.defineProperty(Entry.prototype, key, { get() { return this.row; }, set() { /* rows do not change */ } });
    COLUMNS.splice(-2, 0, [key, label, { width: 168, right: true, wide: true, title: hint }]);
  }

  // Columns that are there only when asked for; the wide ones also where there is room for them.
  const WIDE = window.matchMedia("(min-width: 1400px)");
  const optional = (options) => options.extra || (options.wide && !WIDE.matches);
  EM.extraColumns = () => COLUMNS.filter(([, , options]) => optional(options)).map(([key, label]) => [key, label]);

  const header = (label, hint) => () => EM.el("span", { title: hint }, label);
  const cell = (key) => (found) => EM.add(EM.el("span", { class: "in" }), [cells[key](found.getData().row)]);
  const sort = (key) => ({ field: key, sorter: compare(key), headerSort: true, headerSortStartingDir: ["model", "task", "status"].includes(key) ? "asc" : "desc" });

  EM.columns = (most, extra, narrow) => {
    const dots = (found) => EM.dots(marks(found.getData().row), most);
    if (narrow) {
      return [
        { title: "Run", ...sort("task"), formatter: cell("run"), minWidth: 128, widthGrow: 1, cssClass: "stack" },
        { title: "Misaligned", ...sort("misaligned"), titleFormatter: header("Misaligned · Δ control"), minWidth: 165, widthGrow: 1, cssClass: "stack",
          formatter: (found) => EM.add(EM.el("span", { class: "in" }), [cells.misaligned(found.getData().row), dots(found),
            EM.el("span", { class: "sub", title: "minus control, percentage points" }, "Δ ", EM.gap(found.getData().row.difference))]) },
      ];
    }
    return COLUMNS.filter(([key, , options]) => !optional(options) || extra.has(key)).map(([key, label, options]) => {
      if (key === "dots") {
        return { title: "", field: "dots", headerSort: false, formatter: dots, cssClass: "plot", minWidth: options.minWidth, widthGrow: options.widthGrow,
          titleFormatter: () => EM.axis(most) };
      }
      const { right, extra: _extra, wide: _wide, title, ...size } = options;
      return { title: label, ...sort(key), formatter: cell(key), titleFormatter: header(label, title), hozAlign: right ? "right" : "left",
        headerHozAlign: right ? "right" : "left", cssClass: `c-${key.replace("_", "-")}`, ...size };
    });
  };
})();
