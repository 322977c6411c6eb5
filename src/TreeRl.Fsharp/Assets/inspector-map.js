// The map: a whole tree in one canvas. Tokens run to the right, each answer is a line, and a segment is as high as the answers that share it.
"use strict";
(() => {
  const T = window.TreeRl;

  T.Map = class {
    constructor(rule) {
      this.canvas = T.el("canvas", "map");
      this.canvas.dataset.rule = rule;
      this.canvas.setAttribute("role", "img");
    }

    /** Draws the nodes that are visible; a folded node stands for the answers below it by one line. */
    draw(view, nodes, rule, colours) {
      const { t, quantity, leaf, token } = view, canvas = this.canvas, width = canvas.clientWidth;
      if (!width) return;
      const shown = new Set(nodes), ends = nodes.filter(node => !t.children[node].some(child => shown.has(child)));
      const line = Math.max(0.3, Math.min(12, 300 / Math.max(1, ends.length))), height = Math.max(14, Math.ceil(line * ends.length));
      const scale = window.devicePixelRatio || 1, context = canvas.getContext("2d"), longest = Math.max(1, ...ends.map(t.length));
      canvas.width = width * scale;
      canvas.height = height * scale;
      canvas.style.height = height + "px";
      context.scale(scale, scale);
      const unit = (width - 16) / longest, gap = line >= 4 ? 1 : 0, spans = this.spans(t, nodes, ends);
      const path = new Set(leaf >= 0 ? t.path(leaf) : []), quantityOf = T.quantities[quantity];
      this.view = { t, nodes, spans, unit, line };
      for (const node of nodes) {
        const [from, to] = spans.get(node), y = from * line, h = Math.max(0.3, (to - from) * line - gap), x = t.before[node] * unit;
        context.globalAlpha = leaf >= 0 && !path.has(node) ? 0.25 : 1;
        context.fillStyle = colours.raised;
        context.fillRect(x, y, Math.max(0.5, t.count[node] * unit - (unit > 3 ? 1 : 0)), h);
        const faded = context.globalAlpha;
        for (let k = 0; k < t.count[node]; k++) {
          const strength = T.strength(t, t.first[node] + k, quantity, rule);
          if (!strength) continue;
          context.globalAlpha = faded * (0.06 + 0.8 * Math.abs(strength));
          context.fillStyle = !quantityOf.diverging ? colours.seq : strength > 0 ? colours.up : colours.down;
          context.fillRect(x + k * unit, y, Math.max(0.5, unit - (unit > 5 ? 1 : 0)), h);
        }
        context.globalAlpha = faded;
        const outcome = t.outcome(node);
        if (outcome && outcome.score !== undefined) this.mark(context, x + t.count[node] * unit + 3, y + h / 2, Math.min(h, 8), T.right(outcome.score), colours);
      }
      context.globalAlpha = 1;
      this.picture = document.createElement("canvas");
      this.picture.width = canvas.width;
      this.picture.height = canvas.height;
      if (canvas.width && canvas.height) this.picture.getContext("2d").drawImage(canvas, 0, 0);
      if (token >= 0) this.cursor(token, colours);
      canvas.setAttribute("aria-label", `map of ${ends.length} answers by ${quantityOf.label}` + (quantityOf.byRule ? ` of ${t.raw.rules[rule].name}` : ""));
    }

    /** Node -> the lines it spans. */
    spans(t, nodes, ends) {
      const spans = new Map();
      ends.forEach((node, k) => spans.set(node, [k, k + 1]));
      for (let k = nodes.length - 1; k >= 0; k--) {
        const node = nodes[k], parent = t.parent[node], own = spans.get(node);
        if (parent < 0) continue;
        const above = spans.get(parent);
        spans.set(parent, above ? [Math.min(above[0], own[0]), Math.max(above[1], own[1])] : [...own]);
      }
      return spans;
    }

    /** Right answers end in a disc, wrong ones in a ring. */
    mark(context, x, y, size, isRight, colours) {
      if (size < 3) { context.fillStyle = isRight ? colours.good : colours.bad; context.fillRect(x, y - size / 2, 5, Math.max(0.3, size)); return; }
      context.beginPath();
      context.arc(x + 4, y, Math.max(1.2, size / 2 - 1), 0, 7);
      context.fillStyle = context.strokeStyle = isRight ? colours.good : colours.bad;
      context.lineWidth = 1.4;
      if (isRight) context.fill(); else context.stroke();
    }

    /** Puts a frame around a token of the finished picture. */
    cursor(i, colours) {
      if (!this.view || !this.picture.width || !this.picture.height) return;
      const { t, spans, unit, line } = this.view, node = t.nodeOf[i], context = this.canvas.getContext("2d");
      context.save();
      context.resetTransform();
      context.clearRect(0, 0, this.canvas.width, this.canvas.height);
      context.drawImage(this.picture, 0, 0);
      context.restore();
      if (!spans.has(node)) return;
      const [from, to] = spans.get(node);
      context.strokeStyle = colours.ink;
      context.lineWidth = 1.5;
      context.strokeRect((t.before[node] + i - t.first[node]) * unit, from * line, Math.max(2, unit), Math.max(2, (to - from) * line));
    }

    /** The token under a point of the canvas, or -1. */
    tokenAt(x, y) {
      if (!this.view) return -1;
      const { t, nodes, spans, unit, line } = this.view, row = y / line, column = x / unit;
      for (const node of nodes) {
        const [from, to] = spans.get(node), k = Math.floor(column - t.before[node]);
        if (row >= from && row < to && k >= 0 && k < t.count[node]) return t.first[node] + k;
      }
      return -1;
    }
  };
})();
