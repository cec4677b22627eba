"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const list = byId("list"), toc = byId("toc"), none = byId("none"), search = byId("search"), detail = byId("detail"), content = byId("content"), frame = byId("map"), view = byId("view");
  const findings = [...list.querySelectorAll(".finding")];
  const ruleGroups = [...list.querySelectorAll(".group")];
  const home = new Map(findings.map((finding) => [finding, finding.parentElement]));
  const switches = [...document.querySelectorAll(".switch")];
  const rank = { error: 0, warning: 1, info: 2 };
  const make = (name, properties = {}, ...children) => {
    const element = document.createElement(name);
    Object.assign(element, properties);
    element.append(...children);
    return element;
  };
  const remembered = (key) => { try { return localStorage.getItem(key); } catch { return null; } };
  const remember = (key, value) => { try { localStorage.setItem(key, value); } catch { /* a page that is not kept */ } };

  // ---- groups

  let groups = ruleGroups;
  const byFile = () => {
    const files = Map.groupBy ? Map.groupBy(findings, (each) => each.dataset.file) : findings.reduce((all, each) => all.set(each.dataset.file, [...(all.get(each.dataset.file) || []), each]), new Map());
    return [...files].sort(([a], [b]) => (a < b ? -1 : 1)).map(([file, inside]) => {
      const group = make("section", { className: "group" });
      group.dataset.key = file;
      inside.sort((a, b) => Number(a.id.slice(8)) - Number(b.id.slice(8)));
      group.append(make("header", { className: "head" }, make("h2", {}, make("span", { className: "title", textContent: file }), " ", make("span", { className: "count", textContent: inside.length }))), ...inside);
      return group;
    });
  };
  const arrange = (by) => {
    if (by === "file") groups = byFile();
    else { findings.forEach((finding) => home.get(finding).append(finding)); groups = ruleGroups; }
    list.querySelectorAll(":scope > .group").forEach((group) => group.remove());
    list.prepend(...groups);
    list.dataset.by = by;
    document.querySelectorAll(".by button").forEach((button) => button.setAttribute("aria-pressed", button.dataset.by === by));
    toc.replaceChildren(...groups.map((group, index) => {
      group.id = `group-${index}`;
      const worst = [...group.querySelectorAll(".finding")].map((each) => each.dataset.severity).sort((a, b) => rank[a] - rank[b])[0];
      const title = group.querySelector(".title").textContent, code = group.querySelector(".head .code");
      const link = make("a", { href: `#group-${index}`, title, className: code ? "" : "path" }, code ? code.cloneNode(true) : make("span", { className: `dot ${worst}` }), make("span", { className: "name" }, make("bdi", { dir: "ltr", textContent: title })), make("span", { className: "count" }));
      return link;
    }));
    filter();
  };

  // ---- what is shown

  const chosen = (what) => switches.filter((each) => each.dataset.what === what && each.getAttribute("aria-pressed") === "true").map((each) => each.dataset.value);
  const filter = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean), severities = chosen("severity"), fix = chosen("fix").length > 0;
    let count = 0;
    for (const each of findings) {
      each.hidden = !((!severities.length || severities.includes(each.dataset.severity)) && (!fix || each.dataset.fix) && words.every((word) => each.dataset.text.includes(word)));
      count += each.hidden ? 0 : 1;
    }
    groups.forEach((group, index) => {
      const left = group.querySelectorAll(".finding:not([hidden])").length;
      group.hidden = left === 0;
      toc.children[index].hidden = left === 0;
      toc.children[index].querySelector(".count").textContent = left;
      group.querySelector(".count").textContent = left;
    });
    none.hidden = count > 0 || findings.length === 0;
    document.querySelector(".tabs .count").textContent = count === findings.length ? count : `${count} of ${findings.length}`;
  };
  search.addEventListener("input", filter);

  // ---- about a rule

  const about = (code) => {
    const rule = byId(`rule-${code}`);
    if (!rule) return;
    content.replaceChildren(rule.content.cloneNode(true));
    detail.hidden = false;
    detail.scrollTop = 0;
  };
  const close = () => { detail.hidden = true; };
  byId("close").addEventListener("click", close);
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.matches(".about")) about(button.dataset.rule);
    if (button.matches(".switch")) { button.setAttribute("aria-pressed", button.getAttribute("aria-pressed") !== "true"); filter(); }
    if (button.dataset.by) { remember("celery-lint-by", button.dataset.by); arrange(button.dataset.by); }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { if (!detail.hidden) close(); else if (search.value) { search.value = ""; filter(); } }
    if (event.key === "/" && !/INPUT|SELECT|TEXTAREA/.test(document.activeElement.tagName)) { event.preventDefault(); search.focus(); }
  });

  // ---- the map, and where one is

  const go = () => {
    const isMap = location.hash === "#map";
    view.hidden = isMap;
    frame.hidden = !isMap;
    if (isMap) close();
    if (isMap && !frame.srcdoc) frame.srcdoc = JSON.parse(byId("map-page").textContent);
    document.querySelectorAll(".tabs a").forEach((tab) => (tab.hash === "#map") === isMap ? tab.setAttribute("aria-current", "page") : tab.removeAttribute("aria-current"));
    const target = !isMap && location.hash.length > 1 && byId(location.hash.slice(1));
    if (target && target.matches(".finding")) target.scrollIntoView();
  };
  addEventListener("hashchange", go);

  // ---- theme

  const dark = matchMedia("(prefers-color-scheme: dark)");
  const paint = (theme) => {
    if (!theme) return;
    for (const root of [document.documentElement, frame.contentDocument && frame.contentDocument.documentElement]) if (root) root.dataset.theme = theme;
  };
  paint(remembered("celery-lint-theme"));
  byId("theme").addEventListener("click", () => {
    const now = document.documentElement.dataset.theme || (dark.matches ? "dark" : "light");
    paint(now === "dark" ? "light" : "dark");
    remember("celery-lint-theme", document.documentElement.dataset.theme);
  });
  frame.addEventListener("load", () => paint(document.documentElement.dataset.theme));

  if (findings.length) arrange(remembered("celery-lint-by") === "file" ? "file" : "rule");
  go();
})();
