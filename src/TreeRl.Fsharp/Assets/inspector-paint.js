// Numbers as text, values as colours, legends, and the card with the numbers of one token.
"use strict";
(() => {
  const T = window.TreeRl;

  /** An element with a class, text or children. */
  T.el = (name, className, ...content) => {
    const element = document.createElement(name);
    if (className) element.className = className;
    element.append(...content);
    return element;
  };

  T.number = (value, digits = 3) => {
    if (!Number.isFinite(value)) return "\u2013";
    const text = Math.abs(value) >= 1e4 || (value !== 0 && Math.abs(value) < 0.0005) ? value.toExponential(2) : value.toFixed(digits);
    return Number(text) === 0 ? text.replace("-", "") : text.replace("-", "\u2212");
  };
  T.signed = value => (value > 0 && Number(T.number(value)) !== 0 ? "+" : "") + T.number(value);

  /** Strength of a value on its scale, -1 .. 1; NaN where there is none. */
  T.strength = (t, i, name, rule) => {
    const value = T.quantities[name].of(t, i, rule), limit = T.limitOf(t, name, rule).at;
    return Number.isNaN(value) ? NaN : limit === 0 ? 0 : Math.max(-1, Math.min(1, value / limit));
  };

  /** Paints an element by a strength: opacity of one of two hues; no value is a dotted line. */
  T.paint = (element, strength, diverging) => {
    element.classList.toggle("none", Number.isNaN(strength));
    if (Number.isNaN(strength) || strength === 0) return;
    element.classList.add(!diverging ? "seq" : strength > 0 ? "up" : "down");
    element.style.setProperty("--a", (diverging ? 6 + 66 * Math.abs(strength) : 4 + 62 * Math.abs(strength)).toFixed(0) + "%");
  };

  /** The legend of a quantity on a tree. */
  T.legend = (t, name, rule) => {
    const quantity = T.quantities[name], limit = T.limitOf(t, name, rule), cut = limit.isCut;
    const end = (sign, mark) => {
      const value = quantity.exponential ? Math.exp(sign * limit.at) : quantity.negative ? -limit.at : sign * limit.at;
      return (cut ? mark + " " : "") + (quantity.diverging && !quantity.exponential ? T.signed(value) : T.number(value));
    };
    const legend = T.el("span", "legend-scale");
    if (limit.at === 0) legend.append(T.el("span", "", "all " + (quantity.exponential ? "1" : "0")));
    else if (quantity.diverging) legend.append(T.el("span", "", end(-1, "\u2264")), T.el("i", "bar diverging"), T.el("span", "", end(1, "\u2265")));
    else legend.append(T.el("span", "", "0"), T.el("i", "bar sequential"), T.el("span", "", end(1, quantity.negative ? "\u2264" : "\u2265")));
    legend.append(T.el("span", "dim", (quantity.unit ? quantity.unit + "; " : "") + "dotted: " + (quantity.byRule ? "not trained on" : "none")));
    return legend;
  };

  /** The reward of a leaf as a pill: its colour is said by a sign as well. */
  T.pill = outcome => {
    const kind = outcome.score === undefined ? "" : T.right(outcome.score) ? "good" : "bad";
    const mark = kind === "good" ? "\u2713 " : kind === "bad" ? "\u2717 " : "";
    return T.el("span", "pill " + kind, mark + outcome.text + " \u00B7 " + outcome.finish);
  };

  const quoted = text => "\u201C" + text + "\u201D";

  /** The rows of the card: what is known of token i, all rules' advantages among it. */
  T.facts = (t, i, rules) => {
    const raw = t.raw, node = t.nodeOf[i], logProb = raw.logProb[i], facts = [
      ["log-probability", T.number(logProb) + "  (p " + T.number(Math.exp(logProb)) + ")"],
      ["entropy", T.number(raw.entropy[i]) + " nats"],
    ];
    if (raw.logProbAfter) facts.push(["after the update", T.number(raw.logProbAfter[i] ?? NaN) + "  (ratio " + T.number(T.ratio(t, i)) + ")"]);
    raw.rules.forEach((rule, k) => {
      const advantage = T.advantage(t, k, i);
      const value = rule.value[node] === null ? "" : "  (V " + T.number(rule.value[node]) + ")";
      facts.push([rule.name, (Number.isNaN(advantage) ? "not trained" : T.signed(advantage)) + value, rules.includes(k) ? "chosen" : ""]);
    });
    facts.push(["place", "token " + (t.before[node] + i - t.first[node] + 1) + " of its answers, " + (i - t.first[node] + 1) + " of " + t.count[node] + " in the segment"]);
    return facts;
  };

  /** Fills the card and puts it beside a place of the window, kept inside it. */
  T.showCard = (card, t, i, rules, x, y) => {
    const table = T.el("table", "");
    for (const [name, value, className] of T.facts(t, i, rules)) {
      const row = T.el("tr", className || "", T.el("th", "", name), T.el("td", "", value));
      table.append(row);
    }
    card.replaceChildren(T.el("strong", "mono", quoted(t.piece(i))), T.el("span", "dim", " id " + t.id(i)), table);
    card.hidden = false;
    const box = card.getBoundingClientRect(), width = document.documentElement.clientWidth, height = window.innerHeight;
    card.style.left = Math.max(8, Math.min(x + 12, width - box.width - 8)) + "px";
    card.style.top = (y + 20 + box.height > height ? Math.max(8, y - box.height - 12) : y + 20) + "px";
  };

  /** Colours for canvases, which know no style sheet. */
  T.palette = host => {
    const probe = T.el("span", "");
    host.append(probe);
    const read = name => { probe.style.color = `var(--${name})`; return getComputedStyle(probe).color; };
    const colours = Object.fromEntries(["up", "down", "seq", "good", "bad", "line", "raised", "ink"].map(name => [name, read(name)]));
    probe.remove();
    return colours;
  };
})();
