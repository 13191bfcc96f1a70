// Copying and searching. Pages are whole without it. What comes from a package is only ever set as text.
"use strict";

(() => {
  const site = new URL("..", document.currentScript.src);

  // Without a configured address the lines to copy hold a placeholder; whoever serves this page knows better.
  function fillAddress() {
    if (!location.protocol.startsWith("http")) return;
    const address = site.href.replace(/\/$/, "");
    for (const code of document.querySelectorAll(".snippet code")) {
      code.textContent = code.textContent.replaceAll("https://YOUR-ADDRESS", address);
    }
    for (const note of document.querySelectorAll(".address-note")) note.hidden = true;
  }

  function select(element) {
    const range = document.createRange();
    range.selectNodeContents(element);
    const selection = getSelection();
    selection.removeAllRanges();
    selection.addRange(range);
  }

  async function copy(code, button) {
    let done = "Copied";
    try {
      await navigator.clipboard.writeText(code.textContent);
    } catch {
      // Over plain http a browser lets no script write to the clipboard.
      select(code);
      done = "Selected";
    }
    button.textContent = done;
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  }

  function addCopyButton(code, what) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = "Copy";
    button.title = `Copy ${what}`;
    button.addEventListener("click", () => copy(code, button));
    code.after(button);
  }

  const fold = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  const squeeze = (text) => fold(text).replace(/[-_.\s]+/g, "");

  // Smaller is better; null: no match.
  function rank(entry, query, words) {
    if (entry.squeezed === query) return 0;
    if (entry.squeezed.startsWith(query)) return 1;
    if (entry.squeezed.includes(query)) return 2;
    return words.every((word) => entry.squeezed.includes(squeeze(word)) || entry.text.includes(word)) ? 3 : null;
  }

  function search(form) {
    const shown = 30;
    const input = form.querySelector("input");
    const list = form.querySelector("ol");
    const status = form.querySelector("[role=status]");
    const projects = document.getElementById("projects");
    const shards = Number(form.dataset.shards);
    const { one, many } = form.dataset;
    const entries = [];
    let arrived = 0;
    let failed = false;
    let asked = false;

    window.repogen = {
      search(number, rows) {
        for (const [name, version, summary, key] of rows) {
          entries.push({ name, version, summary, key, squeezed: squeeze(name), text: fold(`${name} ${summary}`) });
        }
      },
    };

    function load() {
      if (asked) return;
      asked = true;
      for (let number = 0; number < shards; number += 1) {
        const script = document.createElement("script");
        script.src = `${form.dataset.home}search/${number}.js`;
        script.onload = () => { arrived += 1; show(); };
        script.onerror = () => { failed = true; show(); };
        document.head.append(script);
      }
    }

    function item({ name, version, summary, key }) {
      const link = document.createElement("a");
      link.href = `${form.dataset.home}packages/${encodeURIComponent(key)}/index.html`;
      const title = document.createElement("strong");
      title.textContent = name;
      link.append(title, ` ${version}`);
      if (summary) {
        const small = document.createElement("small");
        small.textContent = summary;
        link.append(small);
      }
      const row = document.createElement("li");
      row.append(link);
      return row;
    }

    function verdict(count) {
      if (failed) return "Some of the search data could not be loaded.";
      if (arrived < shards) return "Loading …";
      if (!count) return `No ${one} matches.`;
      if (count > shown) return `${count} ${many} match, the best ${shown} are shown.`;
      return count === 1 ? `1 ${one} matches.` : `${count} ${many} match.`;
    }

    function show() {
      const query = squeeze(input.value);
      projects.hidden = Boolean(query);
      if (!query) {
        list.replaceChildren();
        status.textContent = "";
        return;
      }
      const words = fold(input.value).split(/\s+/).filter(Boolean);
      const found = [];
      for (const entry of entries) {
        const score = rank(entry, query, words);
        if (score !== null) found.push([score, entry]);
      }
      found.sort(([a, left], [b, right]) =>
        a - b || left.name.length - right.name.length || (left.key < right.key ? -1 : 1));
      list.replaceChildren(...found.slice(0, shown).map(([, entry]) => item(entry)));
      status.textContent = verdict(found.length);
    }

    function step(event) {
      const stops = [input, ...list.querySelectorAll("a")];
      const place = stops.indexOf(document.activeElement);
      const move = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (move && place >= 0) {
        event.preventDefault();
        stops[Math.min(Math.max(place + move, 0), stops.length - 1)].focus();
      } else if (event.key === "Escape" && place >= 0) {
        input.value = "";
        show();
        input.focus();
      }
    }

    input.addEventListener("focus", load);
    input.addEventListener("input", () => { load(); show(); });
    form.addEventListener("keydown", step);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      list.querySelector("a")?.click();
    });
    document.addEventListener("keydown", (event) => {
      const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
      if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      input.focus();
    });
    form.hidden = false;
    // A browser that goes back to this page keeps what was typed.
    if (input.value) { load(); show(); }
  }

  fillAddress();
  for (const code of document.querySelectorAll(".snippet code")) {
    addCopyButton(code, code.closest("figure").querySelector("figcaption").textContent);
  }
  for (const code of document.querySelectorAll(".digest code")) addCopyButton(code, "the sha256");
  const form = document.querySelector("form.search");
  if (form) search(form);
})();
