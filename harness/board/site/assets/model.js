"use strict";
// A model's page: its runs side by side within each group of comparable ones.
(() => {
  const data = EM.data;
  const short = (run, arm) => (arm === "bad" ? run.task : `${run.task} · ${arm}`);

  // Two runs of one task (other recipe, other seeds) stay apart by the end of their ids.
  const labels = (group) => {
    const times = new Map();
    for (const run of group.runs) times.set(run.task, (times.get(run.task) || 0) + 1);
    return new Map(group.runs.map((run) => [run.id, times.get(run.task) > 1 ? `${run.task} ${run.id.slice(-6)}` : run.task]));
  };

  const tasks = (group, names) => {
    const rows = () => ({ rows: group.runs.flatMap((run) => run.arms.map(([arm, share]) => EM.dotRow(names.get(run.id), arm, share))) });
    const arms = [...new Set(group.runs.flatMap((run) => run.arms.map(([arm]) => arm)))];
    return [EM.el("h3", {}, "Rates by task"), EM.key(arms),
      EM.figure("forest", "Share of misaligned answers by task and arm; the table below holds the numbers", rows),
      EM.el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Runs" }, EM.el("table", {},
        EM.el("thead", {}, EM.el("tr", {}, ["Task", ...arms, "bad − control", "Status", "Finished"].map((label, place) => EM.el("th", { scope: "col", class: place && place <= arms.length + 1 ? "right" : "" }, label)))),
        EM.el("tbody", {}, group.runs.map((run) => EM.el("tr", {}, EM.el("th", { scope: "row" }, EM.el("a", { href: EM.page(run.page) }, names.get(run.id))),
          arms.map((arm) => EM.el("td", { class: "right" }, EM.interval(new Map(run.arms).get(arm)))), EM.el("td", { class: "right" }, EM.gap(run.difference)),
          EM.el("td", {}, EM.status(run.status)), EM.el("td", { class: "small" }, run.finished))))))];
  };

  const heat = (group, names) => {
    const columns = group.runs.flatMap((run) => run.questions.map(([arm, found]) => ({ label: names.get(run.id) + (arm === "bad" ? "" : ` · ${arm}`), questions: new Map(found.map(([name, count, of]) => [name, [count, of]])) })));
    const total = new Map();
    for (const { questions } of columns) for (const [name, [count, of]] of questions) {
      const [c, o] = total.get(name) || [0, 0];
      total.set(name, [c + count, o + of]);
    }
    const order = [...total].sort(([a, [c1, o1]], [b, [c2, o2]]) => (o2 ? c2 / o2 : -1) - (o1 ? c1 / o1 : -1) || a.localeCompare(b)).map(([name]) => name);
    if (!order.length) return null;
    const most = Math.max(0.01, ...columns.flatMap(({ questions }) => [...questions.values()].map(([count, of]) => (of ? count / of : 0))));
    const rows = () => ({ rows: order.flatMap((label) => columns.map((column) => {
      const [count, of] = column.questions.get(label) || [0, 0];
      const rate = of ? count / of : null;
      return { label, column: column.label, rate, short: rate === null ? "–" : (100 * rate).toFixed(0), ink: rate !== null && rate > 0.62 * most ? EM.colour("on-heat") : EM.colour("ink"),
        said: `${label}\n${column.label}: ${rate === null ? "not measured" : `${EM.percent(rate)}, ${count} of ${of}`}` };
    })) });
    return [EM.el("h3", {}, "By question"), EM.el("p", { class: "meta" }, "Misaligned answers in per cent of the coherent ones, each question in each trained arm."),
      EM.el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Heat map" }, EM.figure("heat", `Share of misaligned answers for ${order.length} questions in ${columns.length} trained arms`, rows))];
  };

  const formats = (group, names) => {
    const runs = group.runs.filter((run) => run.formats.length);
    if (!runs.length) return null;
    const labels = [...new Set(runs.flatMap((run) => run.formats.map(([label]) => label)))];
    return [EM.el("h3", {}, "By format, condition and domain"), EM.el("p", { class: "meta" }, "Misaligned answers of the bad arm; kept apart, never pooled."),
      EM.el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "By format, condition and domain" }, EM.el("table", {},
        EM.el("thead", {}, EM.el("tr", {}, EM.el("th", { scope: "col" }, "Task"), labels.map((label) => EM.el("th", { scope: "col", class: "right" }, label)))),
        EM.el("tbody", {}, runs.map((run) => EM.el("tr", {}, EM.el("th", { scope: "row" }, names.get(run.id)),
          labels.map((label) => EM.el("td", { class: "right" }, EM.interval(new Map(run.formats).get(label)))))))))];
  };

  const curves = (group, names) => {
    const found = group.runs.flatMap((run) => run.curves.map(([arm, curve]) => ({ run, arm, curve })));
    const rows = () => ({ rows: found.flatMap(({ run, arm, curve }) => curve.map(([cut, ...share]) => ({ cut, rate: share[0], low: share[1], high: share[2], series: `${run.id} ${arm}`, ink: EM.ink(arm), said: `${short({ task: names.get(run.id) }, arm)}, alignment below ${cut}\n${EM.said(share)}` }))), used: [{ cut: found[0].run.cut }] });
    return [EM.el("h3", {}, "Rate against cut-off"), found.length ? [EM.key([...new Set(found.map(({ arm }) => arm))]), EM.figure("cutoffs", "Share of misaligned answers against the alignment cut-off", rows)]
      : EM.el("p", { class: "empty" }, "Raw scores are not in this checkout.")];
  };

  const training = (group, names) => {
    const found = group.runs.flatMap((run) => run.losses.flatMap(([arm, entries]) => entries.map(([seed, losses]) => ({ run, arm, seed, losses }))));
    if (!found.length) return null;
    const rows = () => ({ rows: found.flatMap(({ run, arm, seed, losses }) => losses.map(([step, loss]) => ({ step, loss, series: `${run.id} ${arm} ${seed}`, ink: EM.ink(arm), said: `${names.get(run.id)} · ${arm}, seed ${seed}, step ${step}\nloss ${loss}` }))) });
    return [EM.el("h3", {}, "Training"), EM.key([...new Set(found.map(({ arm }) => arm))]), EM.figure("training", "Training loss by optimiser step", rows)];
  };

  EM.add(EM.main, [
    EM.el("p", { class: "crumbs" }, EM.el("a", { href: EM.page("index.html") }, "Leaderboard"), " / ", data.model),
    EM.el("h1", {}, data.model),
    EM.toy(data.toy_note),
    data.groups.map((group) => {
      const names = labels(group);
      return EM.el("section", { class: "group" }, EM.el("div", { class: "head" }, EM.el("h2", {}, EM.el("span", { class: "dim" }, "Judge "), group.judge, EM.el("span", { class: "dim" }, " · questions "), group.questions, EM.el("span", { class: "dim" }, ` · ${group.definition}`))),
        EM.compared(group), tasks(group, names), heat(group, names), formats(group, names), curves(group, names), training(group, names));
    }),
  ]);
})();
