"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const { map, lines, cards, way } = data;
  const picture = document.getElementById("picture");
  const svg = document.getElementById("lines");
  const detail = document.getElementById("detail");
  const content = document.getElementById("content");
  const search = document.getElementById("search");
  const byId = new Map();
  for (const kind of ["tasks", "queues", "workers", "schedule", "routes", "apps"]) for (const node of map[kind]) byId.set(node.id, { kind, ...node });
  const boxes = new Map([...picture.querySelectorAll("[data-id]")].map((box) => [box.dataset.id, box]));
  const cardOf = new Map(Object.entries(cards).flatMap(([id, members]) => [[id, id], ...members.map((member) => [member, id])]));
  const rank = { error: 0, warning: 1, info: 2 };

  // The box that stands for a card: the card, or the group it is folded into.
  const anchor = (id) => {
    const box = boxes.get(id);
    const group = box && box.closest("details");
    return group && !group.open ? group.querySelector("summary") : box;
  };
  const make = (name, attributes = {}, ...children) => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.append(...children);
    return element;
  };
  const html = (name, properties = {}, ...children) => {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(properties)) key.startsWith("data-") || key === "href" ? element.setAttribute(key, value) : (element[key] = value);
    element.append(...children.filter((child) => child !== null && child !== undefined));
    return element;
  };

  // ---- lines

  let focus = null;
  const draw = () => {
    const frame = picture.getBoundingClientRect();
    const bundles = new Map();
    for (const line of lines) {
      const from = anchor(line.source), to = anchor(line.target);
      if (!from || !to || from === to) continue;
      const broken = line.problems.length > 0 ? 1 : 0;
      const key = `${line.source === from.dataset.id ? line.source : from.parentElement.dataset.id}\n${line.target === to.dataset.id ? line.target : to.parentElement.dataset.id}\n${broken}`;
      const bundle = bundles.get(key) || { from, to, count: 0, certain: false, problems: new Set(), pool: line.pool, sources: [], targets: [] };
      bundle.count += 1;
      bundle.certain = bundle.certain || line.certain;
      bundle.sources.push(line.source); bundle.targets.push(line.target);
      if (bundle.pool !== line.pool) bundle.pool = "unknown";
      line.problems.forEach((problem) => bundle.problems.add(problem));
      bundles.set(key, bundle);
    }
    svg.replaceChildren();
    const labels = [], taken = [];
    for (const bundle of [...bundles.values()].sort((a, b) => a.problems.size - b.problems.size)) {
      const a = bundle.from.getBoundingClientRect(), b = bundle.to.getBoundingClientRect();
      const x1 = a.right - frame.left, y1 = a.top + a.height / 2 - frame.top;
      const x2 = b.left - frame.left, y2 = b.top + b.height / 2 - frame.top;
      const bend = Math.max((x2 - x1) / 2, 30);
      const lit = !focus || bundle.sources.some((id, index) => focus.has(id) && focus.has(bundle.targets[index]));
      const classes = [bundle.certain ? "" : "maybe", bundle.problems.size ? "broken" : "", lit && focus ? "lit" : ""].join(" ");
      svg.append(make("path", { d: `M${x1},${y1} C${x1 + bend},${y1} ${x2 - bend},${y2} ${x2},${y2}`, class: classes, "data-pool": bundle.pool, "stroke-width": Math.min(1.4 + Math.log2(bundle.count), 6) }));
      if (bundle.problems.size) labels.push([bundle, x1 + (x2 - x1) * 0.5, (y1 + y2) / 2, lit]);
    }
    for (const [bundle, x, middle, lit] of labels) {
      const worst = [...bundle.problems].sort((p, q) => rank[map.problems[p].severity] - rank[map.problems[q].severity])[0];
      const { code, severity } = map.problems[worst];
      let y = middle;
      while (taken.some(([otherX, otherY]) => Math.abs(otherX - x) < 56 && Math.abs(otherY - y) < 20)) y += 20;
      taken.push([x, y]);
      const label = make("g", { class: `${severity}${lit && focus ? " lit" : ""}`, tabindex: 0, role: "button", "aria-label": `${code} on this way` },
        make("rect", { x: x - 27, y: y - 9, width: 54, height: 18, rx: 5 }), make("text", { x, y }, code));
      label.addEventListener("click", () => showProblem(worst));
      label.addEventListener("keydown", (event) => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); showProblem(worst); } });
      svg.append(label);
    }
  };
  let planned = 0;
  const redraw = () => { cancelAnimationFrame(planned); planned = requestAnimationFrame(() => { settle(); draw(); }); };
  // A lane that is higher than the window scrolls; a lower one stays in sight, in the middle of what is seen.
  const settle = () => {
    const stacks = [...picture.querySelectorAll(".stack")];
    const tallest = Math.min(Math.max(...stacks.map((stack) => stack.offsetHeight)), innerHeight - 150);
    for (const stack of stacks) {
      const lane = stack.parentElement;
      lane.classList.toggle("tall", stack.offsetHeight > innerHeight - 120);
      stack.style.marginTop = lane.dataset.lane === "tasks" ? "" : `${Math.max(0, (tallest - stack.offsetHeight) / 2)}px`;
    }
  };
  const inside = (id) => { const box = boxes.get(id); return box && box.matches("details") ? [...box.querySelectorAll(".card")].map((card) => card.dataset.id) : [id]; };

  // Everything on the ways through some cards.
  const reach = (ids) => {
    const found = new Set(ids);
    for (const [from, to] of [["source", "target"], ["target", "source"]]) {
      let edge = new Set(ids);
      while (edge.size) {
        const next = new Set();
        for (const line of lines) if (edge.has(line[from]) && !found.has(line[to])) { next.add(line[to]); found.add(line[to]); }
        edge = next;
      }
    }
    return found;
  };
  const light = (ids) => {
    focus = ids && reach(ids);
    picture.classList.toggle("focused", Boolean(focus));
    for (const [id, box] of boxes) {
      const target = box.matches("details") ? box.querySelector("summary") : box;
      target.classList.toggle("lit", Boolean(focus) && inside(id).some((each) => focus.has(each)));
    }
    draw();
  };
  let chosen = null;
  picture.addEventListener("pointerover", (event) => { const box = event.target.closest(".card, summary"); if (box && !search.value) light(inside(box.dataset.id || box.parentElement.dataset.id)); });
  picture.addEventListener("pointerout", (event) => { if (!picture.contains(event.relatedTarget) || !event.relatedTarget.closest(".card, summary")) rest(); });
  picture.addEventListener("focusin", (event) => { const box = event.target.closest(".card, summary"); if (box && !search.value && event.target.matches(":focus-visible")) light(inside(box.dataset.id || box.parentElement.dataset.id)); });
  const rest = () => { search.value ? filter() : light(chosen ? [chosen] : null); };

  // ---- details

  const place = (at) => {
    if (!at || at.path === ".") return null;
    const address = `${way}${at.path}`.split("/").map(encodeURIComponent).join("/");
    return link(html("a", { className: "place", href: /^[./]/.test(address) ? address : `./${address}`, "data-line": at.line }, `${at.path}:${at.line}`));
  };
  const row = (list, name, ...values) => { if (values.some((value) => value !== null && value !== undefined && value !== "")) list.append(html("dt", {}, name), html("dd", {}, ...values)); };
  const goto = (id, text) => html("button", { type: "button", className: "goto", "data-show": id }, text);
  const listed = (title, items) => items.length ? [html("h4", {}, title), html("ul", {}, ...items.map((item) => html("li", {}, ...item.filter(Boolean))))] : [];
  const coded = (text) => text.split("`").length % 2 ? text.split("`").map((piece, index) => (index % 2 ? html("code", {}, piece) : piece)) : [text];
  const problemItems = (node) => listed("Problems", [...new Set(node.problems)].map((position) => {
    const problem = map.problems[position];
    return [html("button", { type: "button", className: `code ${problem.severity}`, "data-problem": position }, problem.code), " ", html("span", {}, ...coded(problem.message)), " ", place(problem.place)];
  }));
  const app = (id) => (byId.get(id) || { name: "cannot be told" }).name;
  const limit = (each) => each ? `${each.text} (${each.source}${each.ignored_by.length ? `; ignored by ${each.ignored_by.join(", ")}` : ""})` : "none";
  const out = (id) => map.edges.filter((edge) => edge.source === id);
  const into = (id) => map.edges.filter((edge) => edge.target === id);
  const named = (id) => { const node = byId.get(id); return node.name || node.label || node.key || node.task || node.meaning || "queue not known"; };
  const step = (edge, id) => [edge.certain ? null : "perhaps ", goto(id, named(id)), ` ${edge.why} `, place(edge.place)];

  const views = {
    tasks(node) {
      const list = html("dl");
      row(list, "defined", place(node.place));
      row(list, "application", node.apps.map(app).join(", "));
      row(list, "limit", limit(node.hard)); row(list, "soft limit", limit(node.soft));
      for (const option of node.options) row(list, option.name, html("code", {}, option.value), " ", place(option.place));
      row(list, "not known", node.open);
      const callers = node.callers.map((caller) => [caller.task ? goto(caller.task, caller.what) : caller.what, ` ${caller.how} `, caller.queue ? `to ${caller.queue} ` : null, place(caller.place)]);
      return [list, ...listed("Scheduled", into(node.id).map((edge) => step(edge, edge.source))), ...listed("Sent by", callers), ...listed("Goes to", out(node.id).map((edge) => step(edge, edge.target)))];
    },
    queues(node) {
      const list = html("dl");
      row(list, "not known", node.open);
      row(list, "consumed", { yes: "", no: "by no worker", maybe: "perhaps", elsewhere: "elsewhere (external-queues)", unknown: "no worker command in this repository" }[node.consumed]);
      return [list, ...listed("Consumed by", out(node.id).map((edge) => step(edge, edge.target))), ...listed("Tasks", into(node.id).map((edge) => step(edge, edge.source)))];
    },
    workers(node, card) {
      const members = (cards[card] || [node.id]).map((id) => byId.get(id));
      const list = html("dl");
      row(list, "pool", node.pool || null, node.pool_open ? `not known: ${node.pool_open}` : null);
      row(list, "queues", node.queues ? node.queues.join(", ") : node.queues_open || "no -Q: task_queues, else the default queue");
      row(list, "application", app(node.app));
      for (const option of node.options) row(list, option.name, html("code", {}, option.value));
      const commands = members.flatMap((each) => [html("p", {}, html("strong", {}, each.label), each.concurrency ? ` ×${each.concurrency} ` : " ", place(each.place)), each.command ? html("pre", {}, each.command) : null]);
      return [list, html("h4", {}, members.length > 1 ? "Commands" : "Command"), ...commands, ...listed("Consumes", members.flatMap((each) => into(each.id)).filter((edge, index, all) => all.findIndex((other) => other.source === edge.source) === index).map((edge) => step(edge, edge.source)))];
    },
    schedule(node) {
      const list = html("dl");
      row(list, "when", node.meaning); row(list, "written", node.written && html("code", {}, node.written));
      row(list, "task", node.task_id ? goto(node.task_id, node.task) : node.task || "computed"); row(list, "queue", node.queue); row(list, "where", place(node.place)); row(list, "application", node.app && app(node.app));
      return [list];
    },
    routes(node) {
      const list = html("dl");
      row(list, "queue", node.queue); row(list, "where", place(node.place)); row(list, "application", app(node.app));
      return [list, ...listed("Tasks", node.tasks.map((id) => [goto(id, named(id))]))];
    },
    apps(node) { const list = html("dl"); row(list, "made", place(node.place)); row(list, "not known", node.open); return [list]; },
  };
  const kinds = { tasks: "task", queues: "queue", workers: "worker", schedule: "schedule entry", routes: "route", apps: "application" };
  const open = (...children) => { content.replaceChildren(...children.filter(Boolean)); detail.hidden = false; detail.scrollTop = 0; redraw(); };
  const show = (id) => {
    const card = cardOf.get(id) || id, node = byId.get(id);
    choose(boxes.has(card) ? card : null);
    if (node) { open(html("p", { className: "kind" }, kinds[node.kind]), html("h3", {}, named(id) === "queue not known" || node.kind !== "routes" ? named(id) : node.pattern), ...views[node.kind](node, card), ...problemItems(node)); return; }
    const ways = lines.filter((line) => line.source === id || line.target === id).map((line) => (line.source === id ? line.target : line.source)).filter((other) => byId.has(other));
    open(html("h3", {}, boxes.get(id).querySelector(".label").textContent), ...listed("Ways", ways.map((other) => [goto(other, named(other))])));
  };
  const showProblem = (position) => {
    const problem = map.problems[position], rule = document.getElementById(`rule-${problem.code}`);
    open(html("p", { className: "kind" }, problem.severity), html("h3", {}, `${problem.code} ${problem.name}`), html("p", {}, ...coded(problem.message)), place(problem.place), rule ? html("div", { className: "explain" }, rule.content.cloneNode(true)) : null);
  };
  const choose = (id) => {
    if (chosen && boxes.has(chosen)) boxes.get(chosen).classList.remove("chosen");
    chosen = id;
    if (!id) { rest(); return; }
    const box = boxes.get(id), group = box.closest("details");
    if (group) group.open = true;
    box.classList.add("chosen");
    rest();
  };
  const close = () => { detail.hidden = true; redraw(); choose(null); };
  document.getElementById("close").addEventListener("click", close);
  document.addEventListener("click", (event) => {
    const code = event.target.closest("[data-problem]"), goal = event.target.closest("[data-show]"), card = event.target.closest(".card .open");
    if (code) showProblem(Number(code.dataset.problem));
    else if (goal) show(goal.dataset.show);
    else if (card) show(card.parentElement.dataset.id);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { if (!detail.hidden) close(); else if (search.value) { search.value = ""; filter(); } }
    if (event.key === "/" && !/INPUT|SELECT|TEXTAREA/.test(document.activeElement.tagName)) { event.preventDefault(); search.focus(); }
  });

  // ---- search and sort

  const table = document.getElementById("task-table"), rows = [...table.tBodies[0].rows];
  const filter = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    rows.forEach((each) => { each.hidden = !words.every((word) => each.dataset.text.includes(word)); count += each.hidden ? 0 : 1; });
    document.getElementById("shown").textContent = words.length ? `${count} of ${rows.length}` : "";
    light(words.length ? map.tasks.filter((task) => words.every((word) => `${task.name} ${task.place.path}`.toLowerCase().includes(word))).map((task) => task.id) : chosen ? [chosen] : null);
  };
  search.addEventListener("input", filter);
  const collator = new Intl.Collator(undefined, { numeric: true });
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, index) => head.querySelector("button")?.addEventListener("click", () => {
    const down = head.getAttribute("aria-sort") === "ascending";
    heads.forEach((other) => other.hasAttribute("aria-sort") && other.setAttribute("aria-sort", "none"));
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const value = (each) => each.cells[index].dataset.sort ?? each.cells[index].textContent.trim();
    rows.sort((a, b) => collator.compare(value(a), value(b)) * (down ? -1 : 1));
    table.tBodies[0].append(...rows);
  }));

  // ---- files, folds, theme

  const remembered = (key) => { try { return localStorage.getItem(key); } catch { return null; } };
  const remember = (key, value) => { try { localStorage.setItem(key, value); } catch { /* a page that is not kept */ } };
  const opener = document.getElementById("opener");
  // An editor needs an absolute path, which only a page on this machine can tell; the page itself holds none.
  const link = (anchorElement) => {
    const plain = anchorElement.dataset.plain ?? anchorElement.getAttribute("href");
    anchorElement.dataset.plain = plain;
    const url = new URL(plain, document.baseURI);
    anchorElement.href = opener.value === "vscode" && url.protocol === "file:" ? `vscode://file${url.pathname}:${anchorElement.dataset.line}` : plain;
    return anchorElement;
  };
  if (location.protocol === "file:") opener.parentElement.hidden = false;
  opener.value = location.protocol === "file:" ? remembered("celery-lint-opener") || "browser" : "browser";
  opener.addEventListener("change", () => { remember("celery-lint-opener", opener.value); document.querySelectorAll("a.place").forEach(link); });
  document.querySelectorAll("a.place").forEach(link);

  const groups = [...picture.querySelectorAll("details")], fold = document.getElementById("fold");
  const label = () => { fold.textContent = groups.some((group) => group.open) ? "Fold all" : "Unfold all"; fold.hidden = groups.length === 0; };
  fold.addEventListener("click", () => { const isOpen = groups.some((group) => group.open); groups.forEach((group) => { group.open = !isOpen; }); label(); });
  groups.forEach((group) => group.addEventListener("toggle", () => { label(); redraw(); }));
  label();

  const dark = matchMedia("(prefers-color-scheme: dark)");
  const theme = remembered("celery-lint-theme");
  if (theme) document.documentElement.dataset.theme = theme;
  document.getElementById("theme").addEventListener("click", () => {
    const now = document.documentElement.dataset.theme || (dark.matches ? "dark" : "light");
    document.documentElement.dataset.theme = now === "dark" ? "light" : "dark";
    remember("celery-lint-theme", document.documentElement.dataset.theme);
  });

  const legend = document.getElementById("legend");
  const pools = [...new Set(map.workers.map((worker) => worker.pool || "unknown"))];
  pools.forEach((pool) => legend.append(html("li", { "data-pool": pool }, html("i"), pool === "unknown" ? "pool not known" : pool)));
  if (lines.some((line) => line.problems.length)) legend.append(html("li", { className: "broken" }, html("i"), "something is wrong on this way"));
  if (lines.some((line) => !line.certain)) legend.append(html("li", { className: "maybe" }, html("i"), "perhaps"));

  if (location.hash.startsWith("#task=")) { const wanted = decodeURIComponent(location.hash.slice(6)); const task = map.tasks.find((each) => each.names.includes(wanted)); if (task) show(task.id); }
  addEventListener("resize", redraw);
  addEventListener("scroll", redraw, { passive: true });
  settle();
  draw();
})();
