"use strict";
// What every page has: the theme switch, the skip link, the footer, the state in the address.
(() => {
  const button = document.getElementById("theme");
  const name = () => {
    button.textContent = document.documentElement.dataset.theme === "dark" ? "Light" : "Dark";
  };
  EM.on(button, "click", () => window.emSwitchTheme());
  document.addEventListener("em-theme", name);
  name();

  const main = document.getElementById("main");
  EM.main = main;
  EM.on(document.querySelector(".skip"), "click", (event) => { event.preventDefault(); main.focus(); });
  const kind = document.documentElement.dataset.page;
  const here = document.querySelector(`[data-nav="${kind === "model" ? "models" : kind}"]`);
  if (here) here.setAttribute("aria-current", "page");

  EM.colour = (token) => getComputedStyle(document.documentElement).getPropertyValue(`--${token}`).trim();
  EM.ink = (arm) => EM.colour(["bad", "control", "base"].includes(arm) ? arm : "other");

  // The part behind '#': what is filtered, sorted and opened, so that a link shows the same.
  EM.state = {
    read: () => Object.fromEntries(new URLSearchParams(location.hash.slice(1))),
    write: (values) => {
      const kept = Object.entries(values).filter(([, value]) => value !== "" && value !== null && value !== undefined);
      const text = new URLSearchParams(kept).toString();
      history.replaceState(null, "", text ? `#${text}` : location.pathname + location.search);
    },
  };

  EM.save = (name, type, content) => {
    const url = URL.createObjectURL(content instanceof Blob ? content : new Blob([content], { type }));
    const link = EM.el("a", { download: name });
    link.href = url;
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(url), 10000);
  };

  EM.copyLink = async (target) => {
    let said = "Copied";
    try { await navigator.clipboard.writeText(location.href); } catch { said = "Copy it from the address bar"; }
    const before = target.textContent;
    target.textContent = said;
    setTimeout(() => { target.textContent = before; }, 1600);
  };

  EM.foot = (...children) => EM.add(document.getElementById("foot"), children);
})();
