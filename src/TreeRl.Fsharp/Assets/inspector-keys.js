// What the keys do, and the start of the page: the theme, and the inspector where there is data for it.
"use strict";
(() => {
  const T = window.TreeRl;
  const inside = run => ({ inside: true, run }), anywhere = run => ({ inside: false, run });
  const next = (index, count, by) => (index + by + count) % count;

  /** The token at the cursor; without one the first token in view. */
  const here = it => it.token >= 0 && it.nodes.includes(it.t.nodeOf[it.token]) ? it.token : -1;

  const moveToken = by => inside(it => {
    const at = here(it);
    if (at < 0) { if (it.nodes.length) it.go({ token: it.t.first[it.nodes[0]] }); return; }
    const node = it.t.nodeOf[at], to = at + by;
    if (to >= it.t.first[node] && to < it.t.first[node] + it.t.count[node]) { it.go({ token: to }); return; }
    // Beyond the segment: back to the parent's last token, on to the first visible child (on the followed path when there is one).
    if (by < 0) { const parent = it.t.parent[node]; if (parent >= 0) it.go({ token: it.t.first[parent] + it.t.count[parent] - 1 }); return; }
    const path = it.leaf >= 0 ? it.t.path(it.leaf) : [], children = it.t.children[node].filter(child => it.nodes.includes(child));
    const child = children.find(child => path.includes(child)) ?? children[0];
    if (child !== undefined) it.go({ token: it.t.first[child] });
  });

  const moveRow = by => inside(it => {
    const at = here(it), k = at < 0 ? -1 : it.nodes.indexOf(it.t.nodeOf[at]), to = at < 0 ? 0 : k + by;
    if (to >= 0 && to < it.nodes.length) it.go({ token: it.t.first[it.nodes[to]] });
  });

  const edge = last => inside(it => {
    const at = here(it);
    if (at < 0) return;
    const node = it.t.nodeOf[at];
    it.go({ token: it.t.first[node] + (last ? it.t.count[node] - 1 : 0) });
  });

  const follow = by => anywhere(it => {
    const leaves = it.nodes.filter(node => it.t.leafOf[node] >= 0), at = leaves.indexOf(it.leaf);
    if (leaves.length) it.go({ leaf: leaves[at < 0 ? (by > 0 ? 0 : leaves.length - 1) : next(at, leaves.length, by)] });
  });

  const prompt = by => anywhere(it => {
    const fits = T.groupFilters[it.group][1], list = it.trees.map((raw, k) => k).filter(k => fits(it.trees[k]));
    if (list.length) it.go({ prompt: list[next(Math.max(0, list.indexOf(it.prompt)), list.length, by)] });
  });

  const choose = change => anywhere(it => it.go(typeof change === "function" ? change(it) : change));
  const toggle = (name, value) => choose(it => ({ [name]: it[name] === value ? "all" : value }));

  T.actions = {
    ArrowRight: moveToken(1), ArrowLeft: moveToken(-1), ArrowDown: moveRow(1), ArrowUp: moveRow(-1), Home: edge(false), End: edge(true),
    Enter: inside(it => {
      const at = here(it);
      if (at < 0) return;
      const node = it.t.nodeOf[at], leaf = it.nodes.find(other => it.t.leafOf[other] >= 0 && other >= node && other < it.t.end[node]);
      it.go({ leaf: leaf === undefined || leaf === it.leaf ? -1 : leaf });
    }),
    " ": inside(it => { const at = here(it); if (at >= 0) it.fold(it.t.nodeOf[at]); }),
    Escape: anywhere(it => { it.card.hidden = true; it.keys.hidden = true; it.go({ leaf: -1 }); }),
    n: follow(1), N: follow(-1), p: prompt(1), P: prompt(-1),
    s: choose(it => ({ step: next(it.step, it.steps.length, 1) })), S: choose(it => ({ step: next(it.step, it.steps.length, -1) })),
    r: choose(it => ({ run: next(it.run, it.runs.length, 1) })),
    a: choose(it => ({ rule: next(it.rule, it.t.raw.rules.length, 1) })),
    c: choose(it => {
      const count = it.t.raw.rules.length;
      let other = it.other + 1;
      if (other === it.rule) other++;
      return { quantity: "advantage", other: other < count ? other : -1 };
    }),
    e: anywhere(it => { it.folded = new Set(); it.go({}); }),
    w: toggle("leaves", "wrong"), l: toggle("leaves", "longest"), x: choose({ leaves: "all" }), z: toggle("group", "silent"),
    t: anywhere(() => T.switchTheme()), "?": anywhere(it => it.toggleKeys()),
  };
  for (const [name, quantity] of Object.entries(T.quantities)) T.actions[quantity.key] = choose(it => name === "ratio" && !it.t.raw.logProbAfter ? {} : { quantity: name });

  const stored = () => { try { return localStorage.getItem("treerl-theme"); } catch { return null; } };
  const setTheme = theme => {
    document.documentElement.dataset.theme = theme;
    try { localStorage.setItem("treerl-theme", theme); } catch { /* pages from files may have no storage */ }
    if (T.onTheme) T.onTheme();
  };
  T.isDark = () => (document.documentElement.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  T.switchTheme = () => setTheme(T.isDark() ? "light" : "dark");
  if (stored()) document.documentElement.dataset.theme = stored();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { if (T.onTheme) T.onTheme(); });
  const button = document.getElementById("theme");
  if (button) { button.hidden = false; button.addEventListener("click", () => T.switchTheme()); }

  const host = document.getElementById("inspector"), data = document.getElementById("inspector-data");
  if (host && data) T.inspector = new T.Inspector(host, JSON.parse(data.textContent));
})();
