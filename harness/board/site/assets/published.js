"use strict";
// Figures of other work, one table for each source; never beside measured rates.
(() => {
  const data = EM.data;
  const CONFIDENCE = { A: "read in the paper or the authors' files", B: "from a replication that carries them", C: "at second hand" };

  // An arXiv number in a citation becomes a link to the paper; everything else stays text.
  const source = (text) => {
    const found = text.match(/\b(\d{4}\.\d{4,5})\b/);
    if (!found) return [text];
    const from = found.index;
    return [text.slice(0, from), EM.source(`https://arxiv.org/abs/${found[1]}`, found[1]), text.slice(from + found[1].length)];
  };
  const share = ([rate, low, high]) => EM.interval([rate, low, high, "", ""]);
  const section = (table) => {
    const most = EM.scale(table.rows.map((row) => row.share));
    const interval = (row) => {
      const made = share(row.share);
      made.removeAttribute("title");
      return made;
    };
    return EM.el("section", { class: "group" },
      EM.el("div", { class: "head" }, EM.el("h2", {}, source(table.source)), EM.status("published")),
      EM.el("p", { class: "meta" }, `Confidence ${table.confidence}: ${CONFIDENCE[table.confidence] || ""}.`, table.note ? ` ${table.note}` : ""),
      EM.el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": table.source }, EM.el("table", {},
        EM.el("thead", {}, EM.el("tr", {}, [["Model"], ["Trained on"], ["Arm"], [EM.axis(most), "plot"], ["Misaligned", "right"], ["Coherent", "right"], ["n", "right"], ["Models", "right"], ["Definition"], ["Judge"], ["Questions"]]
          .map(([label, kind]) => EM.el("th", { scope: "col", class: kind }, label)))),
        EM.el("tbody", {}, table.rows.map((row) => EM.el("tr", {}, EM.el("th", { scope: "row" }, row.model), EM.el("td", {}, row.task), EM.el("td", {}, row.arm),
          EM.el("td", { class: "plot" }, EM.dots([{ arm: row.arm, share: row.share }], most)), EM.el("td", { class: "right" }, interval(row)),
          EM.el("td", { class: "right" }, row.coherent === null ? EM.missing("not reported") : EM.percent(row.coherent)),
          EM.el("td", { class: "right" }, row.answers === null ? EM.missing("not reported") : String(row.answers)),
          EM.el("td", { class: "right" }, row.seeds === null ? EM.missing("not reported") : String(row.seeds)),
          EM.el("td", { class: "wrap" }, row.definition), EM.el("td", { class: "wrap" }, row.judge), EM.el("td", { class: "wrap" }, row.questions)))))));
  };
  EM.add(EM.main, [EM.el("h1", {}, "Published figures"), EM.el("p", { class: "lead" }, data.warning), data.tables.map(section),
    data.tables.length ? null : EM.el("p", { class: "empty" }, "None match.")]);
})();
