"use strict";
// Which base model is most prone: the mean difference over the same tasks, group by group.
(() => {
  const data = EM.data;
  const MANY = 4;
  const reach = (gap) => (gap && gap[0] !== null ? [gap[0], gap[1] ?? gap[0], gap[2] ?? gap[0]] : []);

  const dot = (gap, low, high) => {
    const at = (value) => `${((100 * (value - low)) / (high - low)).toFixed(2)}%`;
    const art = EM.svg("svg", { class: "dots", "aria-hidden": "true", width: "100%", height: 22 });
    art.append(EM.svg("line", { class: "zero", x1: at(0), x2: at(0), y1: 0, y2: 22 }));
    if (!gap || gap[0] === null) return art;
    if (gap[1] !== null && gap[2] !== null) art.append(EM.svg("line", { class: "bar main", "data-arm": "bad", x1: at(gap[1]), x2: at(gap[2]), y1: 11, y2: 11 }));
    art.append(EM.svg("circle", { class: "main", "data-arm": "bad", cx: at(gap[0]), cy: 11, r: 4 }));
    return art;
  };

  const section = (group) => {
    const ends = group.rows.flatMap((row) => reach(row.mean));
    const [low, high] = [Math.min(-0.02, ...ends), Math.max(0.05, ...ends)];
    const several = group.tasks.length > 1;
    return EM.el("section", { class: "group" },
      EM.el("div", { class: "head" }, EM.el("h2", {}, EM.el("span", { class: "dim" }, "Judge "), group.judge, EM.el("span", { class: "dim" }, " · questions "), group.questions,
        EM.el("span", { class: "dim" }, ` · ${group.definition} · ${group.recipe}`)), EM.el("span", { class: "count" }, group.rows.length === 1 ? "1 model" : `${group.rows.length} models`)),
      EM.compared(group),
      group.rows.some((row) => row.toy) ? EM.toy(data.toy_note) : null,
      EM.el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Models" }, EM.el("table", {},
        EM.el("thead", {}, EM.el("tr", {}, EM.el("th", { scope: "col" }, "Model"), EM.el("th", { scope: "col", class: "plot" }, EM.el("span", { class: "unseen" }, "Mean difference, drawn")),
          EM.el("th", { scope: "col", class: "right" }, several ? "Mean over tasks" : "bad − control"),
          several ? group.tasks.map((task) => EM.el("th", { scope: "col", class: "right" }, task)) : null,
          EM.el("th", { scope: "col", class: "right" }, "Seeds"), EM.el("th", { scope: "col" }, "Status"))),
        EM.el("tbody", {}, group.rows.map((row) => EM.el("tr", {}, EM.el("th", { scope: "row" }, EM.el("a", { href: EM.page(row.page), class: "name" }, row.model)),
          EM.el("td", { class: "plot" }, dot(row.mean, low, high)), EM.el("td", { class: "right lead-number", title: row.method }, several ? EM.gap(row.mean) : link(group, row, group.tasks[0])),
          several ? group.tasks.map((task) => EM.el("td", { class: "right" }, link(group, row, task))) : null,
          EM.el("td", { class: "right" }, String(row.seeds)), EM.el("td", {}, EM.status(row.status))))))),
      several ? null : EM.el("p", { class: "meta" }, `One task: ${group.tasks[0]}.`));
  };
  const link = (group, row, task) => {
    const [page, gap] = row.tasks[task];
    // With many tasks there is room for the numbers only; the intervals are one click away.
    const shown = group.tasks.length > MANY && gap && gap[0] !== null
      ? EM.el("span", { class: "num", title: `${EM.points(gap[0])} ${EM.ends(gap[1], gap[2], EM.points)}` }, EM.points(gap[0])) : EM.gap(gap);
    return EM.el("a", { href: EM.page(page), class: "cell" }, shown);
  };

  EM.add(EM.main, [
    EM.el("h1", {}, "Which model is most prone"),
    EM.el("p", { class: "lead" }, data.explanation, " Models stand in one table only if they were trained on the same data with the same recipe, asked the same questions and judged alike."),
    data.groups.length ? data.groups.map(section) : EM.el("p", { class: "empty" }, "No run has both a bad and a control arm yet."),
  ]);
})();
