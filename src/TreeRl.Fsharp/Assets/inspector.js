// The inspector: what is chosen, the controls that choose it, and the keys.
"use strict";
(() => {
  const T = window.TreeRl;
  const KEYS = [
    ["\u2190 \u2192", "token before, after"], ["\u2191 \u2193", "segment above, below"], ["Home End", "first, last token of the segment"],
    ["Enter", "follow the answer through this segment"], ["n N", "follow the next, previous answer"], ["Esc", "stop following"],
    ["Space", "fold or unfold the segment"], ["e", "unfold all"], ["1 2 3 4", "colour by advantage, entropy, log-probability, ratio"], ["a", "next rule"],
    ["c", "compare with the next rule, or stop"], ["p P", "next, previous prompt"], ["s S", "next, previous step"], ["r", "next run"],
    ["w", "wrong answers only"], ["l", "the ten longest"], ["x", "all answers"], ["z", "zero-signal groups"], ["t", "dark or light"], ["?", "these keys"],
  ];

  T.Inspector = class {
    constructor(host, data) {
      this.host = host;
      this.runs = data.runs.map(run => ({ name: run.name, steps: run.steps.filter(step => step.trees.length) })).filter(run => run.steps.length);
      if (!this.runs.length) { host.append(T.el("p", "dim", "No trees were kept.")); return; }
      this.run = 0; this.step = this.runs[0].steps.length - 1; this.prompt = T.telling(this.runs[0].steps[this.step].trees);
      this.quantity = "advantage"; this.rule = 0; this.other = -1;
      this.group = "all"; this.leaves = "all"; this.folded = new Set(); this.leaf = -1; this.token = -1;
      this.build();
      this.go({});
      document.addEventListener("keydown", event => this.key(event));
      new ResizeObserver(() => this.drawMaps()).observe(this.maps);
      T.onTheme = () => this.drawMaps();
    }

    get steps() { return this.runs[this.run].steps; }
    get trees() { return this.steps[this.step].trees; }
    get t() { return T.tree(this.trees[this.prompt]); }
    get rules() { return this.other < 0 ? [this.rule] : [this.rule, this.other]; }

    select(label, name, change) {
      const select = T.el("select", ""), field = T.el("label", "field", T.el("span", "", label), select);
      select.name = name;
      select.addEventListener("change", () => change(select.value));
      this[name + "Field"] = field;
      return field;
    }

    build() {
      const controls = T.el("div", "controls"), row = (...content) => controls.append(T.el("div", "control-row", ...content));
      row(this.select("run", "run", value => this.go({ run: +value })), this.select("step", "step", value => this.go({ step: +value })),
        this.select("groups", "group", value => this.go({ group: value })), this.select("prompt", "prompt", value => this.go({ prompt: +value })),
        this.select("answers", "leaves", value => this.go({ leaves: value })));
      this.colours = T.el("div", "choices");
      this.colours.setAttribute("role", "radiogroup");
      this.colours.setAttribute("aria-label", "colour by");
      for (const [name, quantity] of Object.entries(T.quantities)) {
        const button = T.el("button", "choice", quantity.label, T.el("kbd", "", quantity.key));
        button.type = "button";
        button.dataset.quantity = name;
        button.setAttribute("role", "radio");
        button.addEventListener("click", () => this.go({ quantity: name }));
        this.colours.append(button);
      }
      const help = T.el("button", "choice", "keys", T.el("kbd", "", "?"));
      help.type = "button";
      help.addEventListener("click", () => this.toggleKeys());
      row(this.colours, this.select("by the rule", "rule", value => this.go({ rule: +value })), this.select("compare with", "other", value => this.go({ other: +value })), help);
      this.keys = T.el("dl", "keys", ...KEYS.flatMap(([key, does]) => [T.el("div", "", T.el("dt", "", ...key.split(" ").map(k => T.el("kbd", "", k))), T.el("dd", "", does))]));
      this.keys.hidden = true;
      this.about = T.el("div", "about");
      this.heads = T.el("div", "columns heads");
      this.maps = T.el("div", "columns maps");
      this.path = T.el("div", "path");
      const box = T.el("div", "rows");
      box.tabIndex = 0;
      box.setAttribute("role", "tree");
      box.setAttribute("aria-label", "the tree, a row for each segment");
      this.box = box;
      this.card = T.el("div", "token-card");
      this.card.hidden = true;
      this.card.setAttribute("role", "status");
      this.host.append(controls, this.keys, this.about, this.heads, this.maps, this.path, box, this.card);
      this.rows = new T.Rows(box);
      this.listen();
    }

    listen() {
      const token = event => event.target.closest && event.target.closest(".tok");
      this.host.addEventListener("mouseover", event => { const at = token(event); if (at) this.hover(at); });
      this.host.addEventListener("mouseout", event => { if (token(event)) this.card.hidden = true; });
      this.box.addEventListener("scroll", () => { this.card.hidden = true; }, { passive: true });
      this.host.addEventListener("click", event => {
        const fold = event.target.closest("[data-fold]"), at = token(event), row = event.target.closest(".row");
        if (fold) this.fold(+fold.dataset.fold);
        else if (at) { this.go({ token: +at.dataset.i }); this.box.focus({ preventScroll: true }); }
        else if (row && event.target.closest(".pill")) this.go({ leaf: +row.dataset.node === this.leaf ? -1 : +row.dataset.node });
      });
      this.maps.addEventListener("mousemove", event => {
        const map = this.mapList.find(map => map.canvas === event.target), i = map ? map.tokenAt(event.offsetX, event.offsetY) : -1;
        if (i >= 0) T.showCard(this.card, this.t, i, this.rules, event.clientX, event.clientY); else this.card.hidden = true;
      });
      this.maps.addEventListener("mouseleave", () => { this.card.hidden = true; });
      this.maps.addEventListener("click", event => {
        const map = this.mapList.find(map => map.canvas === event.target), i = map ? map.tokenAt(event.offsetX, event.offsetY) : -1;
        if (i >= 0) { this.go({ token: i }); this.box.focus({ preventScroll: true }); }
      });
    }

    hover(element) {
      const box = element.getClientRects()[0];
      T.showCard(this.card, this.t, +element.dataset.i, this.rules, box.left, box.bottom - 14);
    }

    /** Changes what is chosen; what does not fit any more falls back to its first value. */
    go(change) {
      if ("token" in change && Object.keys(change).length === 1) { this.moveTo(change.token); return; }
      const before = this.trees && this.trees[this.prompt], number = this.steps[this.step].step;
      Object.assign(this, change);
      if ("run" in change) this.step = Math.max(0, this.steps.findIndex(step => step.step === number)); // the same step of the other run
      const fits = T.groupFilters[this.group][1], allowed = this.trees.map((raw, k) => k).filter(k => fits(this.trees[k]));
      this.isEmpty = !allowed.length;
      if (!this.trees[this.prompt] || (allowed.length && !allowed.includes(this.prompt))) this.prompt = allowed.length ? allowed[0] : 0;
      const raw = this.trees[this.prompt];
      if (raw !== before) { this.folded = new Set(); this.leaf = -1; this.token = -1; this.box.scrollTop = 0; this.card.hidden = true; }
      if (this.rule >= raw.rules.length) this.rule = 0;
      if (this.other >= raw.rules.length || this.other === this.rule) this.other = -1;
      if (!raw.logProbAfter && this.quantity === "ratio") this.quantity = "advantage";
      this.nodes = T.visible(this.t, this.leaves, this.folded);
      if (this.leaf >= 0 && !this.nodes.includes(this.leaf)) this.leaf = -1;
      this.fill(allowed);
      this.show();
      if ("leaf" in change && this.leaf >= 0) this.rows.reveal(this.leaf);
    }

    /** Moves the cursor to a token; nothing else changes, so nothing else is drawn again. */
    moveTo(token) {
      this.token = this.view.token = token;
      for (const old of this.host.querySelectorAll(".tok.at")) old.classList.remove("at");
      this.rows.reveal(this.t.nodeOf[token]);
      for (const at of this.host.querySelectorAll(`.tok[data-i="${token}"]`)) at.classList.add("at");
      const at = this.rows.element(token);
      if (at) this.hover(at);
      this.box.setAttribute("aria-activedescendant", "segment-" + this.t.nodeOf[token]);
      for (const map of this.mapList) map.cursor(token, this.inks);
    }

    options(name, list, chosen, isShown = true) {
      const field = this[name + "Field"], select = field.querySelector("select");
      select.replaceChildren(...list.map(([value, label]) => { const option = T.el("option", "", label); option.value = value; return option; }));
      select.value = String(chosen);
      field.hidden = !isShown;
    }

    fill(allowed) {
      const raw = this.trees[this.prompt], short = text => text.trim().length > 42 ? text.trim().slice(0, 42) + "\u2026" : text.trim();
      const tell = { mixed: "", right: "all right, ", wrong: "all wrong, ", unscored: "no score, " };
      this.options("run", this.runs.map((run, k) => [k, run.name]), this.run, this.runs.length > 1);
      this.options("step", this.steps.map((step, k) => [k, step.step === null ? "sampled" : String(step.step + 1)]), this.step, this.steps.length > 1 || this.steps[0].step !== null);
      this.options("group", Object.entries(T.groupFilters).map(([name, [label, fits]]) => [name, `${label} (${this.trees.filter(fits).length})`]), this.group);
      this.options("prompt", allowed.map(k => { const g = T.group(this.trees[k]); return [k, `${k + 1}. ${short(this.trees[k].prompt)} (${tell[g.kind]}${g.good} of ${g.scored})`]; }), this.prompt);
      this.options("leaves", Object.entries(T.leafFilters).map(([name, [label, test]]) => [name, `${label} (${this.t.leaves.filter(leaf => test(this.t, leaf)).length})`]), this.leaves);
      const byRule = T.quantities[this.quantity].byRule;
      this.options("rule", raw.rules.map((rule, k) => [k, rule.name]), this.rule, raw.rules.length > 1);
      this.options("other", [[-1, "no other"], ...raw.rules.map((rule, k) => [k, rule.name]).filter(([k]) => k !== this.rule)], this.other, byRule && raw.rules.length > 1);
      for (const button of this.colours.children) {
        button.setAttribute("aria-checked", button.dataset.quantity === this.quantity);
        button.disabled = button.dataset.quantity === "ratio" && !raw.logProbAfter;
        if (button.disabled) button.title = "known of the steps of a run only";
      }
    }

    show() {
      const t = this.t, raw = t.raw, group = T.group(raw), byRule = T.quantities[this.quantity].byRule, rules = byRule ? this.rules : [this.rule];
      const saved = t.flat ? 1 - raw.tokens.length / t.flat : 0, lines = [
        T.el("p", "prompt", raw.prompt),
        T.el("p", "dim", (raw.reference ? `expected: ${raw.reference} \u00B7 ` : "") + `${t.leaves.length} answers in ${t.roots.length} tree${t.roots.length === 1 ? "" : "s"}, ${group.good} right (reward at least 0.5), `
          + `${raw.tokens.length} tokens, ${(100 * saved).toFixed(1)} % saved by sharing` + (group.silent ? ` \u00B7 no signal under ${raw.rules[0].name}` : "")),
      ];
      for (const rule of raw.failed) lines.push(T.el("p", "dim", `${rule.name} is not shown: ${rule.reason}`));
      if (this.isEmpty) lines.push(T.el("p", "warn", "No kept prompt of this step is in that group of groups; this is the first one of all."));
      if (!this.nodes.length) lines.push(T.el("p", "warn", "No answer to this prompt is of that kind."));
      this.about.replaceChildren(...lines);
      this.heads.replaceChildren(...rules.map(rule => T.el("div", "head", T.el("strong", "", byRule ? `advantage by ${raw.rules[rule].name}` : T.quantities[this.quantity].label), T.legend(t, this.quantity, rule))));
      this.host.classList.toggle("two", rules.length > 1);
      this.view = { t, quantity: this.quantity, rules, leaf: this.leaf, token: this.token, folded: this.folded };
      this.mapList = rules.map(rule => new T.Map(rule));
      this.maps.replaceChildren(...this.mapList.map(map => map.canvas));
      this.drawMaps();
      T.showPath(this.path, this.view);
      this.rows.show(this.view, this.nodes);
    }

    drawMaps() {
      this.inks = T.palette(this.host);
      this.mapList.forEach((map, k) => map.draw(this.view, this.nodes, this.view.rules[k], this.inks));
    }

    fold(node) {
      if (this.t.leafOf[node] >= 0) return;
      if (!this.folded.delete(node)) this.folded.add(node);
      this.go({});
    }

    toggleKeys() { this.keys.hidden = !this.keys.hidden; }
  };

  T.Inspector.prototype.key = function (event) {
    const target = event.target, isField = target.closest && target.closest("select, input, textarea, summary");
    if (event.ctrlKey || event.altKey || event.metaKey || (isField && event.key !== "Escape")) return;
    const inside = this.host.contains(target) || document.activeElement === this.box, action = T.actions[event.key];
    if (!action || (action.inside && !inside) || (target.tagName === "BUTTON" && (event.key === " " || event.key === "Enter"))) return;
    event.preventDefault();
    action.run(this, event);
  };
})();
