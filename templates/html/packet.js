"use strict";
/* Draws the tables and drawers of packet.html from its data block. Texts only ever become text nodes. */
(function () {
  const DRAWN = 60, PRINTED = 500, LONGEST_CSV = 32000;
  /* Of pass, fail, not checked, not applicable, error: the place in an order of worst first. */
  const OUTCOME_RANK = [3, 0, 2, 4, 1];
  const byId = (id) => document.getElementById(id);
  const collator = new Intl.Collator("en", { numeric: true });
  const number = (value) => value.toLocaleString("en-US");
  let data, views, view, filtered = [], picked = -1, rowHeight = 31, state = {};

  /* ---- small helpers ---- */
  function el(tag, attributes, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) {
      if (name === "on") for (const [event, run] of Object.entries(value)) node.addEventListener(event, run);
      else if (value !== null && value !== undefined && value !== false) node.setAttribute(name, value === true ? "" : value);
    }
    for (const child of children.flat()) if (child !== null && child !== undefined && child !== "") node.append(child);
    return node;
  }
  const mark = ([key, word, glyph]) => el("span", { class: "state s-" + key }, el("span", { class: "glyph", "aria-hidden": "true" }, glyph), " " + word);
  const mono = (text) => el("span", { class: "mono" }, text);
  const dim = (text) => el("span", { class: "dim" }, text);
  const hashOf = (name, values) => "#/" + name + "?" + new URLSearchParams(values).toString();
  const link = (href, text) => el("a", { href }, text);
  const tally = (counts) => {
    const order = ["fail", "error", "not checked", "pass", "not applicable"];
    const parts = [];
    order.forEach((word, place) => {
      if (!counts[place]) return;
      const outcome = data.outcomes.find((one) => one[1] === word);
      parts.push(el("span", { class: "s-" + outcome[0] }, el("span", { class: "glyph", "aria-hidden": "true" }, outcome[2]), " " + number(counts[place]) + " " + word), "  ");
    });
    return parts.length ? parts : ["none"];
  };

  /* ---- reading the data block ---- */
  async function read() {
    const block = byId("packet-data");
    const text = atob(block.textContent.trim());
    const bytes = new Uint8Array(text.length);
    for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    data = JSON.parse(await new Response(stream).text());
    intact(bytes, block.dataset.sha256);
  }
  async function intact(bytes, wanted) {
    if (!globalThis.crypto || !crypto.subtle) return;
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
    const found = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
    byId("intact").textContent = found === wanted ? "The data block of this page is whole (its SHA-256 agrees)." : "The data block of this page was altered: its SHA-256 does not agree.";
  }
  function unpack() {
    const o = data.observations, starts = new Uint32Array(o.check.length + 1);
    for (let i = 0; i < o.check.length; i++) starts[i + 1] = starts[i] + o.places[i];
    o.starts = starts;
    data.rangeOf = new Map();
    data.imageOf = new Map(data.images.map((one) => [one.id, one]));
    o.check.forEach((check, i) => { if (!data.rangeOf.has(check)) data.rangeOf.set(check, []); data.rangeOf.get(check).push(i); });
    data.controlsOf = data.checks.id.map(() => []);
    data.controls.checks.forEach((parts, control) => parts.forEach(([check]) => data.controlsOf[check].push(control)));
    const unique = (values) => Array.from(new Set(values));
    const named = new Map();
    for (const one of data.hosts) named.set(one.name, (named.get(one.name) || 0) + 1);
    data.hostNames = data.hosts.map((one) => (named.get(one.name) > 1 ? one.id : one.name));
    data.hostOf = new Map(data.hosts.map((one, i) => [one.id, i]));
    data.frameworksOf = data.controlsOf.map((list) => unique(list.map((c) => frameworkName(data.controls.framework[c]))));
    data.sectionsOf = data.controlsOf.map((list) => unique(list.map(sectionName)));
  }
  const idOf = (i) => {
    const hex = data.observations.ids.substr(i * 32, 32);
    return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
  };
  const frameworkName = (f) => data.frameworks[f].title + " " + data.frameworks[f].edition;
  const sectionName = (c) => {
    const section = data.controls.section[c], title = data.frameworks[data.controls.framework[c]].sections[section] || "";
    return title && title !== section ? section + " " + title : section;
  };
  const controlKey = (c) => data.frameworks[data.controls.framework[c]].id + "/" + data.controls.id[c];
  const controlLink = (c) => link(hashOf("controls", { open: controlKey(c) }), data.controls.id[c]);
  const fileLink = (f) => (f < 0 || f >= data.files.id.length ? dim("not in the table") : link(hashOf("evidence", { open: data.files.id[f] }), data.files.id[f]));
  const placeOf = (p) => {
    const o = data.observations, file = o.file[p];
    let text = file >= 0 && file < data.files.path.length ? data.files.path[file] : "file not in the table";
    if (o.line[p] >= 0) text += ":" + o.line[p];
    else if (o.document[p] > 0) text += " document " + (o.document[p] + 1);
    return text;
  };

  /* ---- the tables ---- */
  function makeViews() {
    const c = data.controls, o = data.observations, k = data.checks, s = data.subjects, f = data.files, m = data.images, w = data.vulnerabilities, t = data.attestations, h = data.hosts, r = data.reports;
    const severities = ["critical", "high", "medium", "low"];
    const found = {
      controls: {
        label: "Controls", total: c.id.length, all: c.id.length, noun: "controls", key: controlKey, drawer: controlDrawer,
        columns: [
          { name: "Framework", width: 15, text: (i) => frameworkName(c.framework[i]) },
          { name: "Control", width: 9, text: (i) => c.id[i] },
          { name: "Title", width: 24, text: (i) => c.title[i] },
          { name: "State", width: 24, text: (i) => c.states[c.state[i]][1], node: (i) => mark(c.states[c.state[i]]), rank: (i) => c.state[i] },
          { name: "Because", width: 28, text: (i) => c.because[i] },
        ],
        facets: [
          { key: "framework", label: "Framework", values: (i) => [frameworkName(c.framework[i])] },
          { key: "section", label: "Section", values: (i) => [sectionName(i)] },
          { key: "status", label: "Status", values: (i) => [c.states[c.state[i]][1]] },
          { key: "why", label: "Reason", values: (i) => (c.why[i] ? [c.why[i]] : []) },
          { key: "severity", label: "Severity of failed checks", values: (i) => Array.from(new Set(c.checks[i].filter(([one]) => k.counts[one][0]).map(([one]) => k.severity[one]))), order: severities },
          { key: "judged", label: "Judged by", values: (i) => [c.judged[i]] },
          { key: "evidence", label: "Evidence missing", values: (i) => c.wants[i] },
        ],
        more: (i) => [c.shown[i], c.missing[i], c.responsibility[i], c.asks[i]].join(" "),
      },
      observations: {
        label: "Observations", total: o.check.length, all: data.observations_total, noun: "observations", key: idOf, drawer: observationDrawer,
        columns: [
          { name: "Outcome", width: 11, text: (i) => data.outcomes[o.outcome[i]][1], node: (i) => mark(data.outcomes[o.outcome[i]]), rank: (i) => OUTCOME_RANK[o.outcome[i]] },
          { name: "Severity", width: 8, text: (i) => k.severity[o.check[i]], rank: (i) => severities.indexOf(k.severity[o.check[i]]) },
          { name: "Check", width: 18, text: (i) => k.id[o.check[i]] },
          { name: "Subject", width: 22, text: (i) => s.id[o.subject[i]] },
          { name: "Reason and value", width: 26, text: (i) => data.reasons[o.reason[i]] },
          { name: "Place", width: 15, text: (i) => (o.places[i] ? placeOf(o.starts[i]) : "no place") },
        ],
        facets: [
          { key: "framework", label: "Framework", values: (i) => data.frameworksOf[o.check[i]] },
          { key: "section", label: "Section", values: (i) => data.sectionsOf[o.check[i]] },
          { key: "outcome", label: "Status", values: (i) => [data.outcomes[o.outcome[i]][1]] },
          { key: "severity", label: "Severity", values: (i) => [k.severity[o.check[i]]], order: severities },
          { key: "namespace", label: "Namespace", values: (i) => [s.namespace[o.subject[i]] || "none"] },
          { key: "kind", label: "Kind", values: (i) => [s.kind[o.subject[i]]] },
          { key: "owner", label: "Owner", values: (i) => [s.owner[o.subject[i]] || "not named"] },
          { key: "check", label: "Check", values: (i) => [k.id[o.check[i]]] },
          ...(h.length ? [{ key: "host", label: "Host", values: (i) => (s.host[o.subject[i]] < 0 ? [] : [hostName(s.host[o.subject[i]])]) }] : []),
        ],
        more: (i) => idOf(i) + " " + k.title[o.check[i]],
      },
      evidence: {
        label: "Evidence", total: f.id.length, all: data.files_total, noun: "files", key: (i) => f.id[i], drawer: fileDrawer,
        columns: [
          { name: "Id", width: 8, text: (i) => f.id[i] },
          { name: "File", width: 34, text: (i) => f.path[i] },
          { name: "Kind", width: 18, text: (i) => f.kind[i] || "not recognised" },
          { name: "State", width: 10, text: (i) => f.state[i] },
          { name: "Bytes", width: 10, text: (i) => number(f.size[i]), rank: (i) => f.size[i], numeric: true },
          { name: "Used for", width: 8, text: (i) => number(f.used[i]), rank: (i) => f.used[i], numeric: true },
          { name: "Problems", width: 12, text: (i) => f.reason[i] || f.problems[i].join(" ") },
        ],
        facets: [
          { key: "state", label: "State", values: (i) => [f.state[i]] },
          { key: "kind", label: "Kind", values: (i) => [f.kind[i] || "not recognised"] },
          { key: "problems", label: "Problems", values: (i) => [f.problems_total[i] || f.reason[i] ? "some" : "none"] },
        ],
        more: (i) => f.sha256[i],
      },
    };
    if (m.length) found.images = {
      label: "Images", total: m.length, all: data.images_total, noun: "images", key: (i) => m[i].id, drawer: imageDrawer, order: "what is not so stands first",
      columns: [
        { name: "Image", width: w.length ? 26 : 32, text: (i) => m[i].name },
        { name: "Built on", width: 9, text: (i) => m[i].class },
        { name: "User", width: 7, text: (i) => known(m[i].uid, String), rank: (i) => last(m[i].uid), numeric: true },
        { name: "Age, days", width: 8, text: (i) => known(m[i].age, number), rank: (i) => last(m[i].age), numeric: true },
        { name: "MB", width: 7, text: (i) => known(m[i].size, (bytes) => (bytes / 1e6).toFixed(1)), rank: (i) => last(m[i].size), numeric: true },
        { name: "Packages", width: 8, text: (i) => known(m[i].packages, number), rank: (i) => last(m[i].packages), numeric: true },
        { name: "Secrets", width: 7, text: (i) => known(m[i].secrets, number), rank: (i) => last(m[i].secrets), numeric: true },
        { name: "Not so", width: 7, text: (i) => number(m[i].failing), rank: (i) => m[i].failing, numeric: true },
        { name: "SBOM", width: 9, text: (i) => data.image_states[m[i].identity.sbom][1], node: (i) => mark(data.image_states[m[i].identity.sbom]) },
        ...(w.length || data.vulnerabilities_total ? [{ name: "Open", width: 6, text: (i) => known(m[i].open, number), rank: (i) => last(m[i].open), numeric: true }] : []),
        { name: "Run by", width: 6, text: (i) => number(m[i].run_by_total), rank: (i) => m[i].run_by_total, numeric: true },
      ],
      facets: [
        { key: "class", label: "Built on", values: (i) => [m[i].class] },
        { key: "notso", label: "Not so", values: (i) => titled(m[i], "missing") },
        { key: "unknown", label: "Not known", values: (i) => titled(m[i], "unknown") },
        { key: "sbom", label: "SBOM", values: (i) => [data.image_states[m[i].identity.sbom][1]] },
        { key: "signature", label: "Signature", values: (i) => [data.image_states[m[i].identity.signature][1]] },
        { key: "running", label: "Run by", values: (i) => [m[i].run_by_total ? "some workload" : "no workload in the evidence"] },
        { key: "owner", label: "Owner", values: (i) => [m[i].owner || "not named"] },
      ],
      more: (i) => m[i].names.join(" ") + " " + m[i].digests.map((pair) => pair[1]).join(" ") + " " + m[i].os + " " + m[i].found.map((row) => row[1].map((file) => file[0]).join(" ")).join(" "),
    };
    if (w.length) found.vulnerabilities = {
      label: "Vulnerabilities", total: w.length, all: data.vulnerabilities_total, noun: "vulnerabilities", key: vulnerabilityKey, drawer: vulnerabilityDrawer, order: "what is overdue stands first",
      columns: [
        { name: "State", width: 11, text: (i) => w[i].state, node: (i) => mark(data.proof_states[w[i].state]) },
        { name: "Id", width: 13, text: (i) => w[i].id },
        { name: "Severity", width: 9, text: (i) => w[i].severity, rank: (i) => GRAVITY.indexOf(w[i].severity) },
        { name: "Package", width: 17, text: (i) => w[i].package + " " + w[i].version },
        { name: "Fixed in", width: 9, text: (i) => w[i].fixed_in || "–" },
        { name: "Image", width: 19, text: (i) => imageName(w[i].image) },
        { name: "Exploited", width: 8, text: (i) => (w[i].kev[0] === "yes" ? "in KEV" : w[i].exploitable[0] === "yes" ? "likely" : w[i].exploitable[0] === "no" ? "unlikely" : "not known") },
        { name: "Due", width: 8, text: (i) => w[i].due || "–" },
        { name: "Overdue", width: 6, text: (i) => (w[i].overdue ? number(w[i].overdue) : "–"), rank: (i) => w[i].overdue, numeric: true },
      ],
      facets: [
        { key: "state", label: "State", values: (i) => [w[i].state] },
        { key: "severity", label: "Severity", values: (i) => [w[i].severity], order: GRAVITY },
        { key: "image", label: "Image", values: (i) => [imageName(w[i].image)] },
        { key: "overdue", label: "Overdue", values: (i) => [w[i].overdue ? "overdue" : "not overdue"] },
        { key: "kev", label: "Known exploited", values: (i) => [w[i].kev[0]] },
        { key: "exposed", label: "Reachable", values: (i) => [w[i].exposed[0]] },
        { key: "fix", label: "Fix", values: (i) => [w[i].fixed_in ? "a fix exists" : "no fix named"] },
        { key: "source", label: "Scanner", values: (i) => w[i].sources },
      ],
      more: (i) => w[i].aliases.join(" ") + " " + w[i].image + " " + w[i].ecosystem,
    };
    if (t.length) found.attestations = {
      label: "Attestations", total: t.length, all: data.attestations_total, noun: "attestations", key: (i) => t[i].id, drawer: attestationDrawer, order: "what does not hold stands first",
      columns: [
        { name: "Trust", width: 14, text: (i) => t[i].trust, node: (i) => mark(data.proof_states[t[i].trust]) },
        { name: "What it is", width: 11, text: (i) => t[i].about },
        { name: "Image", width: 24, text: (i) => t[i].images.map(imageName).join(", ") || "none that was handed in" },
        { name: "Signer", width: 16, text: (i) => t[i].signer || "–" },
        { name: "Proven time", width: 11, text: (i) => t[i].proven.slice(0, 10) || "–" },
        { name: "Because", width: 24, text: (i) => t[i].because },
      ],
      facets: [
        { key: "trust", label: "Trust", values: (i) => [t[i].trust] },
        { key: "about", label: "What it is", values: (i) => [t[i].about] },
        { key: "envelope", label: "Envelope", values: (i) => [t[i].envelope] },
        { key: "signer", label: "Signer", values: (i) => [t[i].signer || "nobody"] },
        { key: "bound", label: "About", values: (i) => [t[i].images_total ? "an image handed in" : "no image handed in"] },
      ],
      more: (i) => t[i].digests.join(" ") + " " + t[i].type,
    };
    if (h.length) found.hosts = {
      label: "Hosts", total: h.length, all: data.hosts_total, noun: "hosts", key: (i) => h[i].id, drawer: hostDrawer, order: "those with the most failures first",
      note: ["A host without evidence, or with only a part of it, keeps checks open: a check of all nodes holds only when evidence of every node was handed in. Counts are of the observations on a host and its programs. ", unseenLink()],
      columns: [
        { name: "Host", width: 18, text: (i) => h[i].name },
        { name: "System", width: 16, text: (i) => h[i].system || "not known" },
        { name: "Seen", width: 8, text: (i) => h[i].collected.slice(0, 10) || "–" },
        { name: "Programs, and where their options stood", width: 23, text: (i) => h[i].programs.join("; ") || "none known" },
        { name: "Handed in", width: 17, text: (i) => h[i].handed_in.join("; ") || "nothing" },
        ...counted((i) => h[i].counts),
      ],
      facets: [
        { key: "handed", label: "Handed in", values: (i) => [h[i].handed_in.length ? "something" : "nothing"] },
        { key: "evidence", label: "Kind of evidence", values: (i) => h[i].handed_in },
        { key: "program", label: "Program", values: (i) => Array.from(new Set(h[i].programs.map((one) => one.split(" ")[0]))) },
        { key: "system", label: "System", values: (i) => [h[i].system || "not known"] },
        { key: "fails", label: "Fails", values: (i) => [h[i].counts[0] ? "something fails" : "nothing fails"] },
      ],
      more: (i) => h[i].id,
    };
    if (r.length) found.reports = {
      label: "Reports", total: r.length, all: data.reports_total, noun: "reports", key: reportKey, drawer: reportDrawer, order: "what counts for nothing stands first",
      note: ["What other tools and people judged. Each rule is a check of its own, named after its tool, and answers the controls that the rule itself names. Where such a rule and a check of ours contradict each other, the worse counts and both are shown. A report that proves nothing counts for nothing."],
      columns: [
        { name: "Tool", width: 11, text: (i) => r[i].tool },
        { name: "Version", width: 6, text: (i) => r[i].version || "–" },
        { name: "Benchmark", width: 15, text: (i) => r[i].title || r[i].benchmark },
        { name: "Edition", width: 6, text: (i) => r[i].edition || "–" },
        { name: "Profile", width: 10, text: (i) => r[i].profile || "–" },
        { name: "Target", width: 12, text: (i) => r[i].target },
        ...counted((i) => r[i].counts),
        { name: "Does it count?", width: 14, text: (i) => said(i), node: (i) => [mark(data.report_states[r[i].unsound ? "no" : "yes"]), said(i).replace(/^(?:yes|no)/, "")] },
        { name: "File", width: 8, text: (i) => r[i].path },
      ],
      facets: [
        { key: "sound", label: "Does it count", values: (i) => [r[i].unsound ? "no" : "yes"] },
        { key: "tool", label: "Tool", values: (i) => [r[i].tool] },
        { key: "benchmark", label: "Benchmark", values: (i) => [r[i].title || r[i].benchmark] },
        { key: "target", label: "Target", values: (i) => [r[i].target] },
        { key: "by", label: "Written by", values: (i) => [r[i].person ? "a person" : "a tool"] },
        { key: "fails", label: "Fails", values: (i) => [r[i].counts[0] ? "something fails" : "nothing fails"] },
      ],
      more: (i) => [r[i].benchmark, r[i].written, r[i].subject, r[i].source, r[i].stig].join(" "),
    };
    return found;
  }
  /* Columns for counts in the order of `counts_row`: fail, error, not checked, pass, not applicable. */
  const counted = (counts) => [["Hold", 5, (c) => c[3]], ["Fail", 5, (c) => c[0]], ["Not checked", 8, (c) => c[1] + c[2]]].map(([name, width, of]) =>
    ({ name, width, text: (i) => number(of(counts(i))), rank: (i) => of(counts(i)), numeric: true }));
  /* The engine's subject for what keeps checks of all nodes open; empty text where nothing does. */
  const unseenLink = () => (data.subjects.id.includes("nodes-unseen") ? link(hashOf("observations", { q: "nodes-unseen" }), "What is missing of which node") : "");
  const hostName = (i) => data.hostNames[i];
  const reportKey = (i) => { const one = data.reports[i], file = one.place[0]; return (data.files.id[file] || one.path) + (one.document ? ":" + one.document : "") + one.place[1]; };
  const said = (i) => { const one = data.reports[i]; return one.unsound ? "no: " + one.unsound : one.person ? "yes, by " + one.person : "yes"; };
  const GRAVITY = ["critical", "high", "medium", "low", "negligible", "unknown"];
  const imageName = (id) => { const one = data.imageOf.get(id); return one ? one.name : id; };
  const imageLink = (id) => (data.imageOf.has(id) ? link(hashOf("images", { open: id }), imageName(id)) : id);
  const vulnerabilityKey = (i) => { const one = data.vulnerabilities[i]; return [one.id, one.ecosystem, one.package, one.version, one.image].join("|"); };
  /* What nobody knows sorts after every number. */
  const last = (value) => (value === null ? Infinity : value);
  const known = (value, said) => (value === null ? "not known" : said(value));
  const titled = (image, standing) => image.hardening.concat(image.pillars).filter((one) => one[0] === standing).map((one) => one[1]);

  /* ---- what the address says ---- */
  function readHash() {
    const match = /^#\/(controls|observations|evidence|images|vulnerabilities|attestations|hosts|reports)(?:\?(.*))?$/.exec(location.hash);
    if (!match || (match[1] in data && match[1] !== "controls" && match[1] !== "observations" && !data[match[1]].length)) return null;
    return { view: match[1], values: new URLSearchParams(match[2] || "") };
  }
  function writeHash() {
    const values = {};
    if (state.q) values.q = state.q;
    for (const facet of view.facets) if (state.facets[facet.key]) values[facet.key] = state.facets[facet.key];
    if (state.sort) values.sort = state.sort;
    if (state.open) values.open = state.open;
    if (document.documentElement.dataset.theme) values.theme = document.documentElement.dataset.theme;
    const query = new URLSearchParams(values).toString();
    history.replaceState(null, "", "#/" + state.view + (query ? "?" + query : ""));
  }
  function follow(move) {
    const found = readHash();
    if (!found && view) return;
    const values = found ? found.values : new URLSearchParams();
    if (values.get("theme")) document.documentElement.dataset.theme = values.get("theme") === "dark" ? "dark" : "light";
    const before = state.view;
    state = { view: found ? found.view : "controls", q: values.get("q") || "", sort: values.get("sort") || "", open: values.get("open") || "", facets: {} };
    view = views[state.view];
    for (const facet of view.facets) state.facets[facet.key] = values.get(facet.key) || "";
    byId("search").value = state.q;
    if (before !== state.view) drawTabs();
    drawFacets();
    apply();
    if (found && move) byId("explore").scrollIntoView({ behavior: "instant" });
    if (state.open) openKey(state.open);
    else closeDrawer(false);
  }

  /* ---- filtering and drawing ---- */
  function apply() {
    const words = state.q.toLowerCase().split(/\s+/).filter(Boolean);
    const active = view.facets.filter((facet) => state.facets[facet.key]);
    if (words.length && !view.texts) {
      view.texts = Array.from({ length: view.total }, (_, i) => (view.columns.map((column) => column.text(i)).join(" ") + " " + view.more(i)).toLowerCase());
    }
    filtered = [];
    for (let i = 0; i < view.total; i++) {
      if (active.every((facet) => facet.values(i).includes(state.facets[facet.key])) && words.every((word) => view.texts[i].includes(word))) filtered.push(i);
    }
    sortRows();
    picked = -1;
    const left = view.all > view.total ? " This page holds " + number(view.total) + " of " + number(view.all) + " " + view.noun + ", " + (view.order || "the worst outcomes first") + "; all are beside it in the packet." : "";
    byId("status").textContent = number(filtered.length) + " of " + number(view.all) + " " + view.noun + " shown." + left;
    byId("note").replaceChildren(...(view.note || []));
    byId("note").hidden = !view.note;
    byId("window").scrollTop = 0;
    drawHead();
    draw();
  }
  function sortRows() {
    if (!state.sort) return;
    const down = state.sort.startsWith("-"), name = down ? state.sort.slice(1) : state.sort;
    const column = view.columns.find((one) => one.name === name);
    if (!column) return;
    const keys = new Map(filtered.map((i) => [i, (column.rank || column.text)(i)]));
    const compare = column.rank ? (a, b) => keys.get(a) - keys.get(b) : (a, b) => collator.compare(keys.get(a), keys.get(b));
    filtered.sort((a, b) => (down ? compare(b, a) : compare(a, b)) || a - b);
  }
  function drawTabs() {
    byId("tabs").replaceChildren(...Object.entries(views).map(([name, one]) =>
      el("button", { type: "button", role: "tab", "aria-selected": String(name === state.view), on: { click: () => { location.hash = "#/" + name; } } }, one.label + " (" + number(one.all) + ")")));
  }
  function optionsOf(facet) {
    if (facet.options) return facet.options;
    const counts = new Map();
    for (let i = 0; i < view.total; i++) for (const value of facet.values(i)) counts.set(value, (counts.get(value) || 0) + 1);
    const rank = (value) => (facet.order ? facet.order.indexOf(value) : 0);
    facet.options = Array.from(counts).sort((a, b) => rank(a[0]) - rank(b[0]) || collator.compare(a[0], b[0]));
    return facet.options;
  }
  function drawFacets() {
    byId("facets").replaceChildren(...view.facets.map((facet) => {
      const chosen = state.facets[facet.key], options = optionsOf(facet).slice(0, 1000);
      const select = el("select", { "aria-label": facet.label, class: chosen ? "set" : null, on: { change: () => { state.facets[facet.key] = select.value; select.className = select.value ? "set" : ""; state.open = ""; closeDrawer(false); apply(); writeHash(); } } },
        el("option", { value: "" }, facet.label + ": all"),
        options.map(([value, count]) => el("option", { value }, value + " (" + number(count) + ")")));
      if (facet.options.length > options.length) select.append(el("option", { disabled: true }, number(options.length) + " of " + number(facet.options.length) + " listed: search for the others"));
      if (chosen && !options.some(([value]) => value === chosen)) select.append(el("option", { value: chosen }, chosen + " (0)"));
      select.value = chosen;
      return select;
    }));
  }
  function drawHead() {
    const down = state.sort.startsWith("-"), name = down ? state.sort.slice(1) : state.sort;
    const cells = view.columns.map((column) => {
      const sorted = column.name === name;
      const th = el("th", { scope: "col", "aria-sort": sorted ? (down ? "descending" : "ascending") : "none", class: column.numeric ? "n" : null },
        el("button", { type: "button", on: { click: () => { state.sort = sorted ? (down ? "" : "-" + column.name) : column.name; sortOrFilter(); } } }, column.name + (sorted ? (down ? " ▾" : " ▴") : "")));
      th.style.width = column.width + "%";
      return th;
    });
    document.querySelector("#window thead").replaceChildren(el("tr", {}, cells));
  }
  function sortOrFilter() { apply(); writeHash(); }
  function draw(first, last) {
    const box = byId("window"), most = filtered.length;
    const from = first ?? Math.max(0, Math.min(Math.floor(box.scrollTop / rowHeight) - 15, most));
    const to = last ?? Math.min(most, from + DRAWN + Math.ceil(box.clientHeight / rowHeight));
    const rows = [];
    for (let at = from; at < to; at++) rows.push(rowOf(at));
    if (!most) rows.push(el("tr", {}, el("td", { colspan: view.columns.length }, "Nothing meets these filters.")));
    byId("rows").replaceChildren(...rows);
    filler("above", from);
    filler("below", Math.max(0, most - to));
    const drawn = byId("rows").firstElementChild;
    if (first === undefined && drawn && most && drawn.offsetHeight) rowHeight = drawn.offsetHeight;
  }
  function filler(id, rows) {
    const cell = el("td", { class: "fill", colspan: view.columns.length });
    cell.style.height = rows * rowHeight + "px";
    byId(id).replaceChildren(...(rows ? [el("tr", { "aria-hidden": "true" }, cell)] : []));
  }
  function rowOf(at) {
    const i = filtered[at];
    const cells = view.columns.map((column) => {
      const text = column.text(i);
      return el("td", { class: column.numeric ? "n" : null, title: text.length > 24 ? text.slice(0, 300) : null }, column.node ? column.node(i) : text.slice(0, 300));
    });
    return el("tr", { class: at === picked ? "picked" : null, "aria-rowindex": at + 1, on: { click: () => { pick(at); open(i); } } }, cells);
  }
  function pick(at) {
    picked = Math.max(0, Math.min(at, filtered.length - 1));
    const box = byId("window"), head = document.querySelector("#window thead").offsetHeight;
    const top = picked * rowHeight, bottom = top + rowHeight + head;
    if (top < box.scrollTop) box.scrollTop = top;
    else if (bottom > box.scrollTop + box.clientHeight) box.scrollTop = bottom - box.clientHeight;
    draw();
  }

  /* ---- drawers ---- */
  function openKey(key) {
    for (let i = 0; i < view.total; i++) if (view.key(i) === key) {
      const at = filtered.indexOf(i);
      if (at >= 0) pick(at);
      return open(i);
    }
    return show("Not in this page", [el("p", {}, "“" + key.slice(0, 200) + "” is not in this table. It may stand beside this page in the packet.")]);
  }
  function open(i) {
    state.open = view.key(i);
    view.drawer(i);
    writeHash();
  }
  function show(title, body) {
    const drawer = byId("drawer");
    drawer.replaceChildren(el("button", { type: "button", class: "close", on: { click: () => closeDrawer(true) } }, "Close"), el("h2", { id: "drawer-title" }, title), ...body.flat().filter(Boolean));
    drawer.hidden = false;
    drawer.scrollTop = 0;
    drawer.focus({ preventScroll: true });
  }
  function closeDrawer(back) {
    const drawer = byId("drawer");
    if (drawer.hidden) return;
    drawer.hidden = true;
    state.open = "";
    writeHash();
    if (back) byId("window").focus({ preventScroll: true });
  }
  const section = (title, ...body) => [el("h3", {}, title), ...body.flat(2)];
  const sentence = (label, text) => (text ? el("p", {}, el("b", {}, label + " "), text) : null);
  function copyable(text) {
    const block = el("pre", {}, text);
    const button = el("button", { type: "button", on: { click: async () => {
      try { await navigator.clipboard.writeText(text); button.textContent = "Copied"; }
      catch { const range = document.createRange(); range.selectNodeContents(block); const chosen = getSelection(); chosen.removeAllRanges(); chosen.addRange(range); button.textContent = "Selected: press Ctrl+C"; }
    } } }, "Copy");
    return [block, button];
  }
  function observationDrawer(i) {
    const o = data.observations, check = o.check[i], subject = o.subject[i], k = data.checks;
    const facts = el("dl", {});
    const fact = (name, value) => value && facts.append(el("dt", {}, name), el("dd", {}, value));
    const image = data.images.some((one) => one.id === data.subjects.id[subject]), host = data.subjects.host[subject] ?? -1;
    fact("Subject", image ? link(hashOf("images", { open: data.subjects.id[subject] }), data.subjects.name[subject]) : data.subjects.id[subject]);
    fact("Kind", data.subjects.kind[subject]);
    fact("Host", host >= 0 && link(hashOf("hosts", { open: data.hosts[host].id }), data.hosts[host].name));
    fact("Namespace", data.subjects.namespace[subject]);
    fact("Digest", data.subjects.digest[subject] && mono(data.subjects.digest[subject]));
    fact("Owner", data.subjects.owner[subject] || "not named");
    facts.append(el("dt", {}, "Check"), el("dd", {}, mono(k.id[check]), " revision " + k.revision[check] + ", severity " + k.severity[check]));
    facts.append(el("dt", {}, "Observation"), el("dd", {}, mono(idOf(i))));
    show(k.title[check], [
      el("p", {}, mark(data.outcomes[o.outcome[i]]), ". " + data.reasons[o.reason[i]]),
      facts,
      section("Where it was read", placesOf(i), linesOf(i)),
      o.outcome[i] === 1 ? section("What to do", el("p", {}, k.fix[check] + " ", k.action[check] ? link("#" + k.action[check], k.action[check]) : "")) : null,
      section("Controls that this check bears on", controlList(data.controlsOf[check])),
      section("Re-perform this verdict", el("p", { class: "small" }, "Replace EVIDENCE with the folder that was handed in. The line that is printed holds the same outcome, reason and places." + (data.observations_total > 50000 ? " A large packet holds observations.jsonl.zst: use zstdgrep." : "")),
        copyable(data.command + " --format json -o again; grep -F '" + idOf(i) + "' again/observations.jsonl")),
      section("What the check looks at", el("pre", {}, k.doc[check] || "–")),
    ]);
  }
  function placesOf(i) {
    const o = data.observations, items = [];
    for (let p = o.starts[i]; p < o.starts[i + 1]; p++) {
      const file = o.file[p];
      items.push(el("li", {}, mono(placeOf(p)), data.pointers[o.pointer[p]] ? [el("br"), mono(data.pointers[o.pointer[p]])] : null, el("br"),
        fileLink(file), dim(file >= 0 && file < data.files.sha256.length ? " SHA-256 " : ""), file >= 0 && file < data.files.sha256.length ? mono(data.files.sha256[file]) : null));
    }
    if (!items.length) return [el("p", {}, "No place: there was nothing to point at.")];
    const rest = o.places_total[i] > items.length ? el("p", { class: "ofn" }, items.length + " of " + number(o.places_total[i]) + " places shown; all in observations.jsonl.") : null;
    return [el("ul", {}, items), rest];
  }
  function linesOf(i) {
    const found = data.snippets[i];
    if (!found) {
      const failed = data.observations.outcome[i] === 1;
      return [failed ? el("p", { class: "ofn" }, "The lines round the place are kept for " + number(data.snippets_of[0]) + " of " + number(data.snippets_of[1]) + " failed observations of this page; this is not one of them.") : null];
    }
    const [first, at, text] = found;
    return [el("div", { class: "lines", role: "group", "aria-label": "Source lines" }, text.split("\n").map((line, place) => el("div", { class: first + place === at ? "at" : null }, el("span", {}, String(first + place)), line)))];
  }
  function controlList(list) {
    if (!list.length) return [el("p", {}, "None of the frameworks asked for.")];
    const groups = new Map();
    for (const c of list) { const name = frameworkName(data.controls.framework[c]); groups.set(name, [...(groups.get(name) || []), c]); }
    return Array.from(groups, ([name, controls]) => el("p", {}, el("span", { class: "fw" }, name + ": "), controls.flatMap((c, at) => [at ? ", " : "", controlLink(c)])));
  }
  function controlDrawer(i) {
    const c = data.controls, k = data.checks;
    const parts = c.checks[i].map(([check, coverage, rationale, source]) => el("li", {},
      link(hashOf("observations", { check: k.id[check] }), k.title[check]), " ", mono(k.id[check]), coverage === "sufficient" ? ", covers the control wholly: " : ", covers a part: ", tally(k.counts[check]),
      rationale ? el("div", { class: "small" }, rationale + (source ? " Source: " + source + "." : "")) : null));
    const wants = c.wants[i].map((title, at) => el("li", {}, title, " ", c.requests[i][at] ? link("#" + c.requests[i][at], c.requests[i][at]) : ""));
    show(c.id[i] + " " + c.title[i], [
      el("p", { class: "small" }, frameworkName(c.framework[i]) + " · " + sectionName(i) + (c.level[i] ? " · " + c.level[i] : "")),
      el("p", {}, mark(c.states[c.state[i]]), (c.why[i] ? " · " + c.why[i] : "") + ". " + c.because[i]),
      sentence("Shown by evidence:", c.shown[i]), sentence("Still open:", c.missing[i]), sentence("Asks:", c.asks[i]),
      sentence("Judged by:", c.judged[i] + (c.responsibility[i] ? " (" + c.responsibility[i] + ")" : "")),
      c.review[i].length ? sentence("Review:", c.review[i][0] + ", " + c.review[i][1] + ", " + c.review[i][2] + ", expires " + (c.review[i][3] || "never stated") + ": " + c.review[i][4]) : null,
      c.deviations[i].length ? sentence("Deviations:", c.deviations[i].join(", ")) : null,
      worstOf(i),
      parts.length ? section("Checks", el("ul", {}, parts)) : null,
      wants.length ? section("Evidence that is missing", el("ul", {}, wants)) : null,
      c.remediation[i] ? section("How to satisfy it", el("p", {}, c.remediation[i]), c.example[i] ? el("pre", {}, c.example[i]) : null) : null,
      c.related[i].length ? section("Related controls", controlList(c.related[i].map(([one]) => one)), c.related_total[i] > c.related[i].length ? el("p", { class: "ofn" }, c.related[i].length + " of " + c.related_total[i] + " shown.") : null) : null,
    ]);
  }
  function worstOf(i) {
    const o = data.observations, total = data.controls.counts[i].reduce((sum, one) => sum + one, 0);
    const found = data.controls.checks[i].flatMap(([check]) => data.rangeOf.get(check) || []);
    if (!found.length) return [];
    found.sort((a, b) => OUTCOME_RANK[o.outcome[a]] - OUTCOME_RANK[o.outcome[b]] || a - b);
    const items = found.slice(0, 10).map((at) => el("li", {}, mark(data.outcomes[o.outcome[at]]), " ", link(hashOf("observations", { open: idOf(at) }), data.subjects.id[o.subject[at]]), ": " + data.reasons[o.reason[at]] + " ",
      o.places[at] ? [mono(placeOf(o.starts[at])), " ", fileLink(o.file[o.starts[at]])] : null));
    return section("Observations, the worst first", el("ul", {}, items), el("p", { class: "ofn" }, items.length + " of " + number(total) + " shown; each check below leads to all of its own."));
  }
  function fileDrawer(i) {
    const f = data.files, facts = el("dl", {});
    const fact = (name, value) => facts.append(el("dt", {}, name), el("dd", {}, value));
    fact("SHA-256", mono(f.sha256[i]));
    fact("Size", number(f.size[i]) + " bytes");
    fact("Kind", f.kind[i] || "not recognised");
    fact("State", f.state[i]);
    fact("Collected", f.collected[i] || "time not stated");
    fact("Used for", number(f.used[i]) + " observations");
    show(f.id[i] + " " + f.path[i], [facts,
      f.reason[i] ? section("Why it was not read", el("p", {}, f.reason[i])) : null,
      f.problems[i].length ? section("Problems inside", el("ul", {}, f.problems[i].map((one) => el("li", {}, one))), f.problems_total[i] > f.problems[i].length ? el("p", { class: "ofn" }, f.problems[i].length + " of " + number(f.problems_total[i]) + " shown; all in assessment.json.") : null) : null,
      f.objects[i].length ? section("Objects inside", el("ul", {}, f.objects[i].map(([kind, count, known]) => el("li", {}, kind + ": " + number(count) + (known ? "" : " (listed, and judged by nothing)"))))) : null,
      section("Verify", copyable("sha256sum " + quoted(f.path[i])))]);
  }
  const imageState = (word) => mark(data.image_states[word]);
  const placed = (place) => (place.length ? [" ", fileLink(place[0]), place[1] ? [" ", mono(place[1])] : null].flat().filter(Boolean) : []);
  const rest = (shown, total, where) => (total > shown ? el("p", { class: "ofn" }, number(shown) + " of " + number(total) + " shown; all in " + where + ".") : null);
  function imageDrawer(i) {
    const m = data.images[i], facts = el("dl", {});
    const fact = (name, ...value) => facts.append(el("dt", {}, name), el("dd", {}, ...value));
    for (const [name, value] of m.digests) fact(name, mono(value));
    if (m.names.length > 1) fact("Names", m.names.join(", "));
    fact("Platform", m.platform + (m.libc ? ", C library " + m.libc : ""));
    fact("Built on", m.class + (m.os ? ", " + m.os : "") + ": " + m.class_because);
    fact("Base", m.base);
    fact("User", m.user);
    fact("Age", m.age_words);
    fact("Size", m.size_words + (m.files === null ? "" : ", " + number(m.files) + " files"));
    fact("Packages", m.packages === null ? "not known" : number(m.packages) + m.ecosystems.map(([name, count]) => ", " + number(count) + " " + name).join("") + (m.scannable ? "; " + m.scannable : ""));
    fact("Owner", m.owner || "not named");
    fact("Handed in as", m.form, ...placed(m.place));
    show(m.name, [facts,
      m.incomplete || m.faults.length ? section("Read this first", m.incomplete ? el("p", {}, "Files of this image may be unseen: " + m.incomplete + ". What was not found is not proven absent.") : "", el("ul", {}, m.faults.map((one) => el("li", {}, one))), rest(m.faults.length, m.faults_total, "assessment.json") || "") : null,
      el("p", {}, link(hashOf("observations", { q: m.id }), "Observations of this image")),
      section("Six pillars", m.pillars.map(([state, title, lines, missing]) => el("div", { class: "pillar" }, el("p", {}, imageState(state), " ", el("b", {}, title)), el("ul", {}, lines.map((line) => el("li", {}, line)), missing ? el("li", { class: "dim" }, "To hand in: " + missing) : null)))),
      section("Hardening facts", el("table", { class: "t small-table" }, el("tbody", {}, m.hardening.map(([state, title, because, place]) => el("tr", {}, el("td", {}, imageState(state)), el("td", {}, el("b", {}, title), el("br"), because, ...placed(place))))))),
      section("Chain of proof", el("table", { class: "t small-table" }, el("tbody", {}, m.links.map(([state, name, because, place]) => el("tr", {}, el("td", {}, imageState(state)), el("td", {}, el("b", {}, name), el("br"), because, ...placed(place))))))),
      m.open === null ? null : el("p", {}, link(hashOf("vulnerabilities", { image: m.name }), "Vulnerabilities of this image"), ": " + number(m.open) + " open, " + number(m.overdue) + " overdue"),
      section("Layers", el("table", { class: "t small-table" }, el("thead", {}, el("tr", {}, ["No.", "Layer, bytes, entries", "Made by, digest"].map((name) => el("th", { scope: "col" }, name)))), el("tbody", {}, m.layers.map(([at, origin, bytes, members, by, digest]) => el("tr", {}, el("th", { scope: "row" }, String(at)), el("td", {}, origin || "no base known", bytes ? el("br") : "", bytes ? dim(number(bytes) + " bytes, " + number(members) + " entries") : ""), el("td", {}, mono(by || "not stated"), el("br"), el("span", { class: "mono dim" }, digest)))))), rest(m.layers.length, m.layers_total, "assessment.json") || ""),
      m.found.length ? section("Files worth naming", m.found.map(([title, files, total]) => [el("p", {}, el("b", {}, title), dim(" " + number(files.length) + " of " + number(total))), el("ul", {}, files.map(([path, layer, what]) => el("li", {}, mono(path), (what ? " " + what : "") + ", ", dim("layer " + layer))))])) : null,
      section("Run by", m.run_by_total ? el("ul", {}, m.run_by.map((id) => el("li", {}, link(hashOf("observations", { q: id }), id)))) : el("p", {}, "No workload in the evidence."), rest(m.run_by.length, m.run_by_total, "assessment.json") || "")]);
  }
  function vulnerabilityDrawer(i) {
    const v = data.vulnerabilities[i], facts = el("dl", {});
    const fact = (name, ...value) => value.some(Boolean) && facts.append(el("dt", {}, name), el("dd", {}, ...value.filter(Boolean)));
    fact("Image", imageLink(v.image));
    fact("Package", v.ecosystem + " " + v.package + " " + v.version);
    fact("Fixed in", v.fixed_in || "no fix is named");
    fact("Severity", v.severity_words);
    fact("Also known as", v.aliases.join(", "));
    fact("Reported by", v.sources.join(", ") + (v.silent.length ? "; not by " + v.silent.join(", ") : ""));
    fact("Joined", v.joined);
    fact("First seen", v.first_seen || "no scan says when");
    fact("Gone on", v.fixed_on);
    fact("To be mended by", (v.due || "no day is set") + (v.overdue ? ", " + number(v.overdue) + " days overdue" : ""), dim(" " + v.because));
    fact("Deviation", v.deviation);
    fact("Left out by a scanner", v.suppressed);
    show(v.id, [el("p", {}, mark(data.proof_states[v.state])), facts,
      section("What weighs", el("table", { class: "t small-table" }, el("tbody", {}, [["Known to be exploited", v.kev], ["Likely to be exploited", v.exploitable], ["Reachable from outside", v.exposed], ["In use", v.active]].map(([name, [answer, because]]) => el("tr", {}, el("th", { scope: "row" }, name), el("td", {}, el("b", {}, answer), el("br"), because))))), el("p", { class: "small" }, "EPSS " + v.epss + ". What nobody knows counts as the worse case.")),
      v.vex.length ? section("Statement that counts (VEX)", el("p", {}, v.vex[0] + ": " + (v.vex[1] || "without a justification") + ". By " + v.vex[2] + ", " + v.vex[3] + ".", ...placed(v.vex[4]))) : null,
      v.refused.length ? section("Statements that do not count", el("ul", {}, v.refused.map((one) => el("li", {}, one)))) : null,
      section("Where it was read", el("ul", {}, v.places.map((place) => el("li", {}, ...placed(place)))))]);
  }
  function attestationDrawer(i) {
    const t = data.attestations[i], facts = el("dl", {});
    const fact = (name, ...value) => value.some(Boolean) && facts.append(el("dt", {}, name), el("dd", {}, ...value.filter(Boolean)));
    fact("Envelope", t.envelope);
    fact("Type", mono(t.type));
    fact("Signer", t.signer || "nobody known");
    fact("Issuer", t.issuer);
    fact("Key, SHA-256", t.fingerprint && mono(t.fingerprint));
    fact("Proven time", t.proven ? t.proven + (t.time_source ? ", by " + t.time_source : "") : "none is proven");
    for (const [name, value] of t.built) fact(name, value);
    fact("Note", t.note);
    show(t.about, [el("p", {}, mark(data.proof_states[t.trust]), ". " + t.because), facts,
      section("About these digests", t.digests.length ? el("ul", {}, t.digests.map((digest) => el("li", {}, mono(digest)))) : el("p", {}, "It names none."), rest(t.digests.length, t.digests_total, "the file") || ""),
      section("Images that were handed in", t.images.length ? el("ul", {}, t.images.map((id) => el("li", {}, imageLink(id)))) : el("p", {}, "None of them has a digest that it names."), rest(t.images.length, t.images_total, "assessment.json") || ""),
      section("Where it was read", el("p", {}, ...placed(t.place)))]);
  }
  function hostDrawer(i) {
    const h = data.hosts[i], facts = el("dl", {}), about = data.reports.map((_, at) => at).filter((at) => data.reports[at].subject === h.id);
    const fact = (name, ...value) => facts.append(el("dt", {}, name), el("dd", {}, ...value));
    fact("Subject", mono(h.id));
    fact("System", h.system || "not known");
    fact("Looked at", h.collected || "time not stated");
    const observed = (data.subjects.host || []).includes(i);
    show(h.name, [
      h.handed_in.length ? null : el("p", {}, el("b", {}, "Nothing was handed in of it" + (about.length ? ", reports of other tools aside. " : ". ")), "The cluster names this node. Until evidence of it is handed in, it keeps every check open that judges all nodes. ", unseenLink()),
      facts,
      section("Observations on it and its programs", el("p", {}, tally(h.counts)), observed ? el("p", {}, link(hashOf("observations", { host: hostName(i) }), "Observations of this host"), about.length ? ", with what other tools say of it" : "") : null),
      section("Programs, and where their options stood", h.programs.length ? el("ul", {}, h.programs.map((one) => el("li", {}, one))) : el("p", {}, "None is known."), rest(h.programs.length, h.programs_total, "assessment.json") || ""),
      section("Handed in", h.handed_in.length ? el("ul", {}, h.handed_in.map((one) => el("li", {}, one))) : el("p", {}, "Nothing.")),
      about.length ? section("Reports of other tools about it", el("ul", {}, about.slice(0, 50).map((at) => el("li", {}, link(hashOf("reports", { open: reportKey(at) }), data.reports[at].tool + " " + data.reports[at].version), ", " + (data.reports[at].title || data.reports[at].benchmark) + ": ", tally(data.reports[at].counts)))), rest(Math.min(50, about.length), about.length, "the table of reports") || "") : null]);
  }
  function reportDrawer(i) {
    const r = data.reports[i], facts = el("dl", {}), texts = data.rule_texts;
    const fact = (name, ...value) => value.some(Boolean) && facts.append(el("dt", {}, name), el("dd", {}, ...value.filter(Boolean)));
    fact("Target", data.hostOf.has(r.subject) ? link(hashOf("hosts", { open: r.subject }), r.target) : imageLink(r.subject) === r.subject ? r.target : imageLink(r.subject), r.written && r.written !== r.target && dim(" written as " + r.written));
    fact("Benchmark", r.title || r.benchmark, r.title && r.benchmark && [el("br"), mono(r.benchmark)]);
    fact("Edition", r.edition + (r.stig ? ", follows the STIG " + r.stig : ""));
    fact("Profile", r.profile && mono(r.profile));
    fact("Content, SHA-256", r.content && mono(r.content));
    fact("Ran", r.times.filter(Boolean).join(" to ") || "time not stated");
    fact("Written by", r.person || "the tool");
    fact("Left out", r.left_out && number(r.left_out) + " rules of the content, by the profile: nobody looked");
    fact("Read in", ...placed(r.place));
    const rules = r.rules.map(([outcome, id, title, severity, word, reason, check]) => el("tr", {},
      el("td", {}, mark(data.outcomes[outcome]), el("br"), dim(texts[severity])),
      el("td", {}, el("b", {}, texts[title] || texts[id]), el("br"),
        check < 0 ? mono(texts[id]) : link(hashOf("observations", { check: texts[id] }), texts[id]), dim(" said " + texts[word]), texts[reason] ? [el("br"), texts[reason]] : null,
        check < 0 || !data.controlsOf[check].length ? null : el("div", { class: "small" }, controlList(data.controlsOf[check])))));
    show(r.tool + (r.version ? " " + r.version : ""), [
      el("p", {}, el("b", {}, "Does it count? "), mark(data.report_states[r.unsound ? "no" : "yes"]), r.unsound ? ": " + r.unsound : ""),
      facts,
      section("Rules by outcome", el("p", {}, tally(r.counts)), el("p", {}, link(hashOf("observations", { q: r.source + ": " + r.subject }), "Observations of this target by this tool"))),
      section("Rules, what fails first", el("table", { class: "t small-table rules" }, el("tbody", {}, rules)), rest(rules.length, r.rules_total, "observations.jsonl") || ""),
    ]);
  }
  const quoted = (text) => "'" + text.replace(/'/g, "'\\''") + "'";

  /* ---- CSV ---- */
  function csv() {
    const cell = (text) => {
      const cut = text.length > LONGEST_CSV ? text.slice(0, LONGEST_CSV) : text;
      return '"' + (/^[\s]*[=+\-@\t\r＝＋－＠]/.test(cut) ? "'" : "") .concat(cut.replace(/"/g, '""')) + '"';
    };
    const lines = [["Id", ...view.columns.map((column) => column.name)].map(cell).join(",")];
    for (const i of filtered) lines.push([view.key(i), ...view.columns.map((column) => column.text(i))].map((text) => cell(String(text))).join(","));
    const url = URL.createObjectURL(new Blob(["\ufeff" + lines.join("\r\n") + "\r\n"], { type: "text/csv" }));
    const anchor = el("a", { href: url, download: state.view + ".csv" });
    anchor.click();
    setTimeout(() => URL.revokeObjectURL(url), 10000);
  }

  /* ---- keyboard, mouse, print ---- */
  function listen() {
    let waiting = 0, frame = 0;
    byId("search").addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(() => { state.q = byId("search").value.trim(); apply(); writeHash(); }, 120); });
    byId("window").addEventListener("scroll", () => { if (!frame) frame = requestAnimationFrame(() => { frame = 0; draw(); }); });
    byId("clear").addEventListener("click", () => { location.hash = "#/" + state.view; if (readHash()) follow(false); });
    byId("csv").addEventListener("click", csv);
    byId("theme").addEventListener("click", () => {
      const root = document.documentElement, dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
      root.dataset.theme = dark ? "light" : "dark";
      writeHash();
    });
    byId("window").addEventListener("keydown", (event) => {
      const page = Math.max(1, Math.floor(byId("window").clientHeight / rowHeight) - 2);
      const moves = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -filtered.length, End: filtered.length };
      if (event.target.closest("th") || !filtered.length) return;
      if (event.key in moves) { event.preventDefault(); pick(picked < 0 ? 0 : picked + moves[event.key]); if (!byId("drawer").hidden) view.drawer(filtered[picked]); }
      else if (event.key === "Enter" && picked >= 0) open(filtered[picked]);
    });
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape") closeDrawer(true);
      else if (event.key === "/" && !/^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) { event.preventDefault(); byId("search").focus(); }
    });
    addEventListener("hashchange", () => { if (readHash()) follow(true); else { const target = byId(decodeURIComponent(location.hash.slice(1))); if (target && target.tagName === "DETAILS") target.open = true; closeForAnchor(); } });
    addEventListener("beforeprint", () => { document.querySelectorAll("details").forEach((one) => { one.open = true; }); draw(0, Math.min(filtered.length, PRINTED)); byId("above").replaceChildren(); byId("below").replaceChildren(); byId("status").textContent = number(Math.min(filtered.length, PRINTED)) + " of " + number(view.all) + " " + view.noun + " printed."; });
    addEventListener("afterprint", apply);
  }
  function closeForAnchor() {
    const drawer = byId("drawer");
    if (!drawer.hidden) { drawer.hidden = true; state.open = ""; }
  }

  async function start() {
    try {
      if (typeof DecompressionStream === "undefined") throw new Error("this browser is too old to unpack the tables; use a current one, or read the files beside this page");
      await read();
      unpack();
      views = makeViews();
      byId("tables").hidden = false;
      byId("theme").hidden = false;
      listen();
      follow(true);
      const target = location.hash && !readHash() ? byId(decodeURIComponent(location.hash.slice(1))) : null;
      if (target && target.tagName === "DETAILS") target.open = true;
      document.documentElement.dataset.ready = String(Math.round(performance.now()));
    } catch (error) {
      byId("notice").hidden = false;
      byId("notice").textContent = "The tables cannot be shown: " + error.message + ".";
    }
  }
  start();
})();
