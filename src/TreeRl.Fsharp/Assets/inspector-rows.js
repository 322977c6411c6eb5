// The text of a tree: one row for each segment, indented by depth. Only rows in view exist as elements, so a tree of a thousand answers
// costs no more than one of ten.
"use strict";
(() => {
  const T = window.TreeRl, LINE = 22, PADDING = 10, SPARE = 300;

  T.Rows = class {
    /** host: the scrolling element; view: t, quantity, rules (1 or 2), leaf (followed node or -1), token (at the cursor). */
    constructor(host) {
      this.host = host;
      this.space = T.el("div", "space");
      host.append(this.space);
      this.made = new Map();
      host.addEventListener("scroll", () => this.draw(), { passive: true });
      new ResizeObserver(() => { if (this.nodes && this.width !== host.clientWidth) this.layout(); }).observe(host);
    }

    /** Shows the nodes, a list in preorder. */
    show(view, nodes) {
      const same = this.nodes && this.view.t === view.t && this.nodes.length === nodes.length && this.view.rules.length === view.rules.length;
      this.view = view;
      this.nodes = nodes;
      this.at = new Map(nodes.map((node, k) => [node, k]));
      this.path = new Set(view.leaf >= 0 ? view.t.path(view.leaf) : []);
      if (same) this.redraw(); else this.layout();
    }

    /** Heights from the number of characters; they are corrected by what is measured once a row is in view. */
    layout() {
      const { t, rules } = this.view;
      this.width = this.host.clientWidth;
      this.step = Math.max(4, Math.min(20, this.width * 0.28 / Math.max(1, t.maxDepth)));
      this.heights = this.nodes.map(node => {
        const columns = Math.max(8, ((this.width - 30 - t.depth[node] * this.step) / rules.length - 200 / rules.length) / 7.9);
        return Math.ceil((t.chars[node] + 1) / columns) * LINE + PADDING;
      });
      this.redraw();
    }

    place() {
      this.tops = new Array(this.heights.length + 1);
      this.tops[0] = 0;
      for (let k = 0; k < this.heights.length; k++) this.tops[k + 1] = this.tops[k] + this.heights[k];
      this.space.style.height = this.tops[this.heights.length] + "px";
    }

    redraw() {
      for (const row of this.made.values()) row.remove();
      this.made.clear();
      this.place();
      this.draw();
    }

    /** The first row that ends below a height. */
    rowAt(y) {
      let low = 0, high = this.nodes.length;
      while (low < high) { const middle = (low + high) >> 1; if (this.tops[middle + 1] <= y) low = middle + 1; else high = middle; }
      return low;
    }

    draw() {
      if (!this.nodes) return;
      const top = this.host.scrollTop - SPARE, bottom = this.host.scrollTop + this.host.clientHeight + SPARE;
      let first = this.rowAt(Math.max(0, top)), last = first, wrong = false;
      while (last < this.nodes.length && this.tops[last] < bottom) last++;
      for (const [k, row] of this.made) if (k < first || k >= last) { row.remove(); this.made.delete(k); }
      for (let k = first; k < last; k++) if (!this.made.has(k)) { const row = this.row(k); this.made.set(k, row); this.space.append(row); }
      for (const [k, row] of this.made) {
        const height = row.offsetHeight;
        if (height && Math.abs(height - this.heights[k]) > 0.5) { this.heights[k] = height; wrong = true; }
      }
      if (wrong) this.place();
      for (const [k, row] of this.made) row.style.top = this.tops[k] + "px";
      if (wrong && this.tops[last] < bottom && last < this.nodes.length) this.draw();
    }

    row(k) {
      const { t, rules, leaf, folded } = this.view, node = this.nodes[k], outcome = t.outcome(node), indent = 14 + t.depth[node] * this.step;
      const row = T.el("div", "row" + (leaf < 0 ? "" : this.path.has(node) ? " on" : " off"));
      row.id = "segment-" + node;
      row.dataset.node = node;
      row.setAttribute("role", "treeitem");
      row.setAttribute("aria-level", t.depth[node] + 1);
      row.setAttribute("aria-selected", leaf >= 0 && this.path.has(node));
      if (!outcome) row.setAttribute("aria-expanded", !folded.has(node));
      row.style.paddingLeft = indent + "px";
      this.lines(row, node);
      const cells = T.el("div", "cells");
      for (const rule of rules) cells.append(this.text(node, rule));
      row.append(cells, this.end(node, outcome));
      return row;
    }

    /** Vertical lines of the ancestors that have further children, and the elbow of the node itself. */
    lines(row, node) {
      const { t } = this.view, { parent, depth } = t;
      const isLast = i => { const p = parent[i], siblings = p < 0 ? t.roots : t.children[p]; return siblings[siblings.length - 1] === i; };
      for (let i = node; i >= 0 && depth[i] > 0; i = parent[i]) {
        const own = i === node;
        if (!own && isLast(i)) continue;
        const line = T.el("i", own ? (isLast(i) ? "elbow last" : "elbow") : "stem");
        line.style.left = 14 + (depth[i] - 1) * this.step + 5 + "px";
        if (own) line.style.width = Math.max(3, this.step - 7) + "px";
        row.append(line);
      }
    }

    text(node, rule) {
      const { t, quantity, token } = this.view, text = T.el("div", "text"), diverging = T.quantities[quantity].diverging;
      text.dataset.name = t.raw.rules[rule].name;
      for (let i = t.first[node], stop = i + t.count[node]; i < stop; i++) {
        const span = T.el("span", i === token ? "tok at" : "tok", T.shown(t.piece(i)));
        span.dataset.i = i;
        span.dataset.rule = rule;
        T.paint(span, T.strength(t, i, quantity, rule), diverging);
        text.append(span);
      }
      return text;
    }

    end(node, outcome) {
      const { t, rules, folded } = this.view, end = T.el("div", "end");
      if (outcome) { end.append(T.pill(outcome)); return end; }
      const value = t.raw.rules[rules[0]].value[node], isFolded = folded.has(node);
      const button = T.el("button", "fold", (isFolded ? "\u25B8 " : "\u25BE ") + t.children[node].length);
      button.type = "button";
      button.tabIndex = -1;
      button.dataset.fold = node;
      button.title = (isFolded ? "unfold " : "fold ") + t.children[node].length + " branches (space)";
      end.append(T.el("span", "dim", t.leafCount[node] + " answers" + (value === null ? "" : ", V " + T.number(value, 2))), button);
      return end;
    }

    /** Scrolls until the row of a node is in view; says whether there is one. */
    reveal(node) {
      const k = this.at.get(node);
      if (k === undefined) return false;
      const top = this.tops[k], bottom = this.tops[k + 1], host = this.host;
      if (top < host.scrollTop || bottom > host.scrollTop + host.clientHeight) {
        host.scrollTop = Math.max(0, top - Math.max(0, (host.clientHeight - (bottom - top)) / 2));
        this.draw();
      }
      return true;
    }

    /** The element of a token in view, in the column of a rule's place. */
    element(token, column = 0) {
      return this.space.querySelectorAll(`.tok[data-i="${token}"]`)[column] || null;
    }
  };
})();
