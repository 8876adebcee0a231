"use strict";
// Runs in the head, before the first paint: the reader's choice, else what the system prefers.
(() => {
  const root = document.documentElement;
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const stored = () => {
    try { return localStorage.getItem("em-theme"); } catch { return null; }
  };
  const apply = () => {
    const chosen = stored();
    root.dataset.theme = chosen === "dark" || chosen === "light" ? chosen : dark.matches ? "dark" : "light";
    document.dispatchEvent(new Event("em-theme"));
  };
  window.emSwitchTheme = () => {
    const next = root.dataset.theme === "dark" ? "light" : "dark";
    try { localStorage.setItem("em-theme", next); } catch { /* this page only */ }
    root.dataset.theme = next;
    document.dispatchEvent(new Event("em-theme"));
  };
  dark.addEventListener("change", apply);
  apply();
})();
