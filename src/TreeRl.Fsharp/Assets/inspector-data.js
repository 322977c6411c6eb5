// The trees of the inspector as columns with derived indices, the quantities tokens are coloured by, and the filters.
"use strict";
window.TreeRl = window.TreeRl || {};
(() => {
  const T = window.TreeRl;
  const right = score => score >= 0.5;

  /** A prompt's columns, sealed once: nodes in preorder, token ranges, leaf ranges. */
  T.tree = raw => {
    if (raw.sealed) return raw.sealed;
    const n = raw.parent.length, t = { raw, n, parent: raw.parent, count: raw.count };
    t.first = new Array(n); t.depth = new Array(n); t.end = new Array(n).fill(0); t.before = new Array(n);
    t.children = Array.from({ length: n }, () => []); t.firstLeaf = new Array(n); t.leafCount = new Array(n).fill(0);
    t.leaves = []; t.leafOf = new Array(n).fill(-1); t.roots = []; t.nodeOf = new Array(raw.tokens.length);
    let token = 0;
    for (let i = 0; i < n; i++) {
      const p = raw.parent[i];
      t.first[i] = token;
      for (let k = 0; k < raw.count[i]; k++) t.nodeOf[token++] = i;
      t.depth[i] = p < 0 ? 0 : t.depth[p] + 1;
      t.before[i] = p < 0 ? 0 : t.before[p] + raw.count[p];
      (p < 0 ? t.roots : t.children[p]).push(i);
    }
    for (let i = 0; i < n; i++) {
      t.firstLeaf[i] = t.leaves.length;
      if (!t.children[i].length) { t.leafOf[i] = t.leaves.length; t.leaves.push(i); t.leafCount[i] = 1; }
    }
    for (let i = n - 1; i >= 0; i--) {
      t.end[i] = Math.max(t.end[i], i + 1);
      const p = raw.parent[i];
      if (p >= 0) { t.end[p] = Math.max(t.end[p], t.end[i]); t.leafCount[p] += t.leafCount[i]; }
    }
    t.maxDepth = Math.max(...t.depth);
    t.length = node => t.before[node] + raw.count[node];
    t.longest = t.leaves.reduce((most, leaf) => Math.max(most, t.length(leaf)), 0);
    t.flat = t.leaves.reduce((sum, leaf) => sum + t.length(leaf), 0);
    t.outcome = node => t.leafOf[node] < 0 ? null : raw.outcomes[t.leafOf[node]];
    t.piece = i => raw.vocab[raw.tokens[i]][1];
    t.id = i => raw.vocab[raw.tokens[i]][0];
    t.path = node => { const nodes = []; for (let i = node; i >= 0; i = raw.parent[i]) nodes.unshift(i); return nodes; };
    t.chars = raw.count.map((count, i) => { let sum = 0; for (let k = 0; k < count; k++) sum += T.shown(t.piece(t.first[i] + k)).length; return sum; });
    Object.defineProperty(raw, "sealed", { value: t });
    return t;
  };

  /** A token's text as it is shown: the tokenizer's sign for a blank becomes a blank. */
  T.shown = piece => piece.replaceAll("\u2423", " ");

  T.advantage = (t, rule, i) => {
    const own = t.raw.rules[rule], value = own.byToken ? own.advantage[i] : own.advantage[t.nodeOf[i]];
    return value === null || !own.trained[t.nodeOf[i]] ? NaN : value;
  };
  T.ratio = (t, i) => {
    const after = t.raw.logProbAfter;
    return !after || after[i] === null || t.raw.logProb[i] === null ? NaN : Math.exp(after[i] - t.raw.logProb[i]);
  };
  const number = value => value === null || value === undefined ? NaN : value;

  /** What tokens can be coloured by: diverging ones around a middle, the others from none to much. */
  T.quantities = {
    advantage: { label: "advantage", key: "1", diverging: true, byRule: true, of: (t, i, rule) => T.advantage(t, rule, i), low: "takes away", high: "gives", limit: 1 },
    entropy: { label: "entropy", key: "2", unit: "nats", of: (t, i) => number(t.raw.entropy[i]), limit: 1 },
    logProb: { label: "log-probability", key: "3", unit: "nats", negative: true, of: (t, i) => -number(t.raw.logProb[i]), limit: 0.99 },
    ratio: { label: "ratio new / old", key: "4", diverging: true, exponential: true, of: (t, i) => Math.log(T.ratio(t, i)), limit: 0.99 },
  };

  /** The value at the strong end of the scale of a quantity on a tree: the largest size, or the quantile that the quantity names. */
  T.limitOf = (t, name, rule) => {
    const quantity = T.quantities[name], key = quantity.byRule ? name + rule : name;
    t.limits = t.limits || {};
    if (!(key in t.limits)) {
      const sizes = [];
      for (let i = 0; i < t.raw.tokens.length; i++) {
        const size = Math.abs(quantity.of(t, i, rule));
        if (Number.isFinite(size)) sizes.push(size);
      }
      sizes.sort((a, b) => a - b);
      const largest = sizes.length ? sizes[sizes.length - 1] : 0, at = sizes.length ? sizes[Math.floor((sizes.length - 1) * quantity.limit)] : 0;
      t.limits[key] = { at: at > 0 ? at : largest, isCut: at > 0 && largest > at };
    }
    return t.limits[key];
  };

  /** How a group of answers fared: all right, all wrong, mixed, or without a score. */
  T.group = raw => {
    const scores = raw.outcomes.map(outcome => outcome.score).filter(score => score !== undefined);
    const good = scores.filter(right).length;
    const kind = !scores.length ? "unscored" : good === scores.length ? "right" : good === 0 ? "wrong" : "mixed";
    return { good, scored: scores.length, kind, silent: !raw.rules[0].signal };
  };

  /** The prompt that shows most: the one of mixed answers with the most segments, else the first. */
  T.telling = trees => {
    const segments = trees.map(raw => T.group(raw).kind === "mixed" ? raw.parent.length : 0);
    return segments.indexOf(Math.max(...segments));
  };

  T.groupFilters = {
    all: ["all groups", () => true],
    mixed: ["mixed groups", raw => T.group(raw).kind === "mixed"],
    silent: ["zero-signal groups", raw => T.group(raw).silent],
    wrong: ["all wrong", raw => T.group(raw).kind === "wrong"],
    right: ["all right", raw => T.group(raw).kind === "right"],
  };

  const byScore = test => (t, leaf) => { const score = t.outcome(leaf).score; return score !== undefined && test(score); };
  T.leafFilters = {
    all: ["all answers", () => true],
    wrong: ["wrong answers", byScore(score => !right(score))],
    right: ["right answers", byScore(right)],
    unscored: ["without a score", (t, leaf) => t.outcome(leaf).score === undefined],
    longest: ["the ten longest", (t, leaf) => {
      if (!t.tenth) { const lengths = t.leaves.map(t.length).sort((a, b) => b - a); t.tenth = lengths[Math.min(9, lengths.length - 1)]; }
      return t.length(leaf) >= t.tenth;
    }],
    cut: ["cut off", (t, leaf) => !["EndOfText", "StopText"].includes(t.outcome(leaf).finish)],
  };

  /** The nodes that stand above a wanted leaf or are one, in preorder, without those below a folded node. */
  T.visible = (t, filter, folded) => {
    const wanted = new Array(t.n).fill(false), test = T.leafFilters[filter][1];
    for (let i = t.n - 1; i >= 0; i--) {
      if (t.leafOf[i] >= 0) wanted[i] = test(t, i);
      if (wanted[i] && t.parent[i] >= 0) wanted[t.parent[i]] = true;
    }
    const shown = [];
    for (let i = 0; i < t.n; i++) {
      if (!wanted[i]) continue;
      shown.push(i);
      if (folded.has(i)) i = t.end[i] - 1;
    }
    return shown;
  };
  T.right = right;
})();
