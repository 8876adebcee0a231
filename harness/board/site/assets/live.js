"use strict";
// Behind --serve: look for newer results. The table loads again by itself; a page that somebody
// may be reading asks first.
(() => {
  const EVERY = 1500;
  let seen = null;
  const look = async () => {
    try {
      const found = await fetch(EM.page("version.json"), { cache: "no-store" });
      const { version } = await found.json();
      if (seen !== null && version !== seen) return news();
      seen = version;
    } catch { /* the server is away; it may come back */ }
    setTimeout(look, EVERY);
  };
  const news = () => {
    if (document.documentElement.dataset.page === "board") { location.reload(); return; }
    document.body.append(EM.el("div", { class: "toast", role: "status" }, "There are new results.",
      EM.button("Reload", () => location.reload(), { class: "primary" })));
  };
  look();
})();
