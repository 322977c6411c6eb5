// One answer followed from its root to its reward: its text with the borders of segments, the chosen quantity along it, and what it earned.
"use strict";
(() => {
  const T = window.TreeRl, NS = "http://www.w3.org/2000/svg", WIDTH = 1000, HEIGHT = 96;

  const shape = (name, attributes) => {
    const element = document.createElementNS(NS, name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    return element;
  };

  /** Steps of a quantity along the tokens, one line a rule. */
  const curve = (t, nodes, tokens, quantity, rules) => {
    const kind = T.quantities[quantity], limits = rules.map(rule => T.limitOf(t, quantity, rule).at || 1), unit = WIDTH / tokens.length;
    const svg = shape("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", class: "along", role: "img", "aria-label": `${kind.label} from the first token to the last` });
    const base = kind.diverging ? HEIGHT / 2 : HEIGHT - 4, reach = kind.diverging ? HEIGHT / 2 - 5 : HEIGHT - 10;
    let column = 0;
    for (const node of nodes) {
      if (column) svg.append(shape("line", { x1: column * unit, x2: column * unit, y1: 0, y2: HEIGHT, class: "fork" }));
      column += t.count[node];
    }
    svg.append(shape("line", { x1: 0, x2: WIDTH, y1: base, y2: base, class: "base" }));
    rules.forEach((rule, k) => {
      let path = "", down = false;
      tokens.forEach((i, at) => {
        const value = kind.of(t, i, rule);
        if (Number.isNaN(value)) { down = false; return; }
        const y = (base - Math.max(-1, Math.min(1, value / limits[k])) * reach).toFixed(1);
        path += `${down ? "L" : "M"}${(at * unit).toFixed(1)} ${y}L${((at + 1) * unit).toFixed(1)} ${y}`;
        down = true;
      });
      svg.append(shape("path", { d: path || "M0 0", class: "step" + k }));
    });
    return svg;
  };

  /** Fills the panel for the leaf of the view; hidden when none is followed. */
  T.showPath = (panel, view) => {
    const { t, leaf, quantity, rules, token } = view;
    panel.hidden = leaf < 0;
    if (leaf < 0) { panel.replaceChildren(); return; }
    const nodes = t.path(leaf), tokens = nodes.flatMap(node => Array.from({ length: t.count[node] }, (_, k) => t.first[node] + k));
    const outcome = t.outcome(leaf), kind = T.quantities[quantity], head = T.el("div", "path-head");
    head.append(T.el("strong", "", `Answer ${t.leafOf[leaf] + 1} of ${t.leaves.length}`), T.pill(outcome),
      T.el("span", "dim", `${tokens.length} tokens in ${nodes.length} segment${nodes.length === 1 ? "" : "s"}, the first shared by ${t.leafCount[nodes[0]]} answers`));
    t.raw.terms.forEach((term, k) => head.append(T.el("span", "term", term + " ", T.el("b", "", T.number(outcome.terms[k] ?? NaN, 2)))));
    const text = T.el("div", "text flow");
    nodes.forEach((node, k) => {
      if (k) text.append(T.el("span", "border", ""));
      for (let i = t.first[node]; i < t.first[node] + t.count[node]; i++) {
        const span = T.el("span", i === token ? "tok at" : "tok", T.shown(t.piece(i)));
        span.dataset.i = i;
        span.dataset.rule = rules[0];
        T.paint(span, T.strength(t, i, quantity, rules[0]), kind.diverging);
        text.append(span);
        if (t.piece(i).endsWith("\u21B5")) text.append(T.el("br"));
      }
    });
    const names = T.el("div", "dim names", kind.label + " along the answer" + (rules.length > 1 && kind.byRule ? ", each rule on its own scale: " : ""));
    if (rules.length > 1 && kind.byRule) rules.forEach((rule, k) => names.append(T.el("i", "key step" + k), t.raw.rules[rule].name + "  "));
    panel.replaceChildren(head, text, names, curve(t, nodes, tokens, quantity, kind.byRule ? rules : rules.slice(0, 1)));
  };
})();
