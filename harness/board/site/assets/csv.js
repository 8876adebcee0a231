"use strict";
// The shown rows as CSV, in the columns of `leaderboard --csv` that a table can fill.
(() => {
  const ENDS = ["rate", "low", "high", "count", "of"];
  const SHARES = ["misaligned", "control", "base", "coherent", "in_domain"];

  // A spreadsheet runs a cell that starts like a formula.
  const safe = (value) => {
    if (value === null || value === undefined) return "";
    if (typeof value !== "string") return String(value);
    const text = /^\s*[=+\-@\t\r]/.test(value) ? `'${value}` : value;
    return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };

  EM.csv = (groups) => {
    const side = (EM.data.instruments || []).map(([key]) => key);
    const lines = [["group", "judge", "questions", "definition", "run_id", "task", "model", "arm", "recipe", "format",
      ...SHARES.flatMap((name) => ENDS.map((end) => `${name}_${end}`)),
      "difference_rate", "difference_low", "difference_high", "worst_question_id", "worst_question_rate",
      ...side.flatMap((key) => ["measured_on", "value", "low", "high"].map((part) => `${key}_${part}`)),
      "unscored", "answers", "seeds", "status", "toy", "finished"]];
    groups.forEach((group) => {
      for (const row of group.rows) {
        const worst = row.worst || [];
        lines.push([group.number, group.judge, group.questions, group.definition, row.id, row.task, row.model, row.arm, row.recipe, row.format,
          ...SHARES.flatMap((name) => ENDS.map((_, place) => (row[name] ? row[name][place] : null))),
          ...[0, 1, 2].map((place) => (row.difference ? row.difference[place] : null)), worst[0], worst[1],
          ...side.flatMap((key) => { const found = row.side && Object.hasOwn(row.side, key) ? row.side[key] : []; return [found[2], found[0], found[3], found[4]]; }),
          row.answers ? row.unscored || 0 : null, row.answers, row.seeds || 0, row.status, Boolean(row.toy), row.finished]);
      }
    });
    return `${lines.map((line) => line.map(safe).join(",")).join("\n")}\n`;
  };
})();
