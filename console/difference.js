// Owns the difference between two texts, word by word.

import { el } from "./dom.js";

const LARGEST_TABLE = 4_000_000; // word pairs; a larger difference is shown as one block

/** Align two word lists on their longest common subsequence: [kind, word] in reading order. */
const align = (a, b) => {
  const width = b.length + 1;
  const best = new Uint16Array(a.length * b.length > LARGEST_TABLE ? 0 : (a.length + 1) * width);
  for (let at = best.length - width - 2; at >= 0; at -= 1)
    if (at % width < b.length) best[at] = a[Math.floor(at / width)] === b[at % width]
      ? best[at + width + 1] + 1 : Math.max(best[at + width], best[at + 1]);
  const steps = [];
  for (let i = 0, j = 0; i < a.length || j < b.length;) {
    const at = i * width + j;
    if (best.length && a[i] === b[j]) steps.push(["span", a[i++], j++]);
    else if (j === b.length || (i < a.length && !(best[at + width] < best[at + 1])))
      steps.push(["del", a[i++]]);
    else steps.push(["ins", b[j++]]);
  }
  return steps;
};

/** Show word by word what was taken out of a text and what was put in. */
export const difference = (before, after) => {
  if (before === after) return el("p", {}, "Nothing: the text is the same.");
  const [a, b] = [before, after].map((text) => text.match(/\S+[^\S\n]*|\s+/g) ?? []);
  let start = 0, end = 0, most = Math.min(a.length, b.length);
  while (start < most && a[start] === b[start]) start += 1;
  while (end < most - start && a.at(-1 - end) === b.at(-1 - end)) end += 1;
  const shown = el("div", { className: "text difference" }, a.slice(0, start).join(""));
  for (const [kind, word] of align(a.slice(start, a.length - end), b.slice(start, b.length - end)))
    if (shown.lastElementChild?.localName === kind) shown.lastElementChild.append(word);
    else shown.append(el(kind, {}, word));
  shown.append(b.slice(b.length - end).join(""));
  return shown;
};
