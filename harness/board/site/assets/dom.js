"use strict";
// The only way onto the page. Strings become text nodes; nothing is ever parsed as markup.
const EM = {};
(() => {
  const SVG = "http://www.w3.org/2000/svg";
  const SAFE = new Set(["class", "title", "href", "id", "type", "for", "value", "name", "role", "lang", "dir",
    "tabindex", "placeholder", "scope", "colspan", "download", "rel", "open", "hidden", "checked", "selected",
    "autocomplete", "spellcheck", "x1", "x2", "y1", "y2", "x", "y", "cx", "cy", "r", "d", "width", "height", "viewBox", "transform",
    "text-anchor"]);

  const make = (node, attributes, children) => {
    for (const [name, value] of Object.entries(attributes || {})) {
      if (value === null || value === undefined || value === false) continue;
      if (!SAFE.has(name) && !/^(aria|data)-[a-z-]+$/.test(name)) throw new Error(`attribute ${name}`);
      node.setAttribute(name, value === true ? "" : String(value));
    }
    EM.add(node, children);
    return node;
  };

  EM.add = (node, children) => {
    for (const child of children.flat(Infinity)) {
      if (child === null || child === undefined || child === false) continue;
      node.append(child instanceof Node ? child : document.createTextNode(String(child)));
    }
    return node;
  };
  EM.el = (tag, attributes, ...children) => make(document.createElement(tag), attributes, children);
  EM.svg = (tag, attributes, ...children) => make(document.createElementNS(SVG, tag), attributes, children);
  EM.on = (node, event, handler) => { node.addEventListener(event, handler); return node; };
  EM.button = (label, handler, attributes) =>
    EM.on(EM.el("button", { type: "button", ...attributes }, label), "click", handler);

  // A page of this site, named by the program that wrote it; never a name out of a record.
  EM.page = (name) => `${EM.data.root}/${name}`;
  // An address out of a record: only plain web addresses become links.
  EM.source = (address, label) =>
    /^https:\/\/[^\s"'<>]+$/.test(address)
      ? EM.el("a", { href: address, rel: "noopener noreferrer nofollow" }, label || address)
      : EM.el("span", {}, label || address);

  // Control, bidirectional and invisible characters, shown instead of obeyed. (The joiners of
  // emoji and of many scripts stay.)
  const HIDDEN = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}]/u;
  const KEPT = new Set(["\n", "\t", "\u200c", "\u200d"]);
  EM.visible = (text) => {
    const parts = [];
    let plain = "";
    for (const char of text) {
      if (KEPT.has(char) || !HIDDEN.test(char)) { plain += char; continue; }
      if (plain) parts.push(plain);
      plain = "";
      const code = char.codePointAt(0).toString(16).toUpperCase().padStart(4, "0");
      parts.push(EM.el("span", { class: "hidden-char", title: "a character that is not seen" }, `U+${code}`));
    }
    if (plain) parts.push(plain);
    return parts;
  };

  EM.script = (name) => new Promise((resolve, reject) => {
    const found = document.createElement("script");
    found.src = EM.page(name);
    found.onload = resolve;
    found.onerror = () => reject(new Error(`${name} cannot be loaded`));
    document.head.append(found);
  });

  EM.data = JSON.parse(document.getElementById("data").textContent);
})();
