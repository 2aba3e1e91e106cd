// Owns how what went into a run is shown: its inputs, its tokens, what it cost.

import { count, el, sizeOf } from "./dom.js";

const files = {};

const showFile = ({ name, text, size }) => text === undefined ? `${name}, ${sizeOf(size)}` : el(
  "details", {}, el("summary", {}, `${name}, ${sizeOf(size)}`), el("div", { className: "text" }, text));

const showValue = (value) => {
  if (typeof value === "boolean") return value ? "Yes" : "No";
  if (!value?.digest) return String(value ?? "");
  // The same file is the same element, so that it stays open when the page shows news.
  return files[value.digest] ??= showFile(value);
};

/** Give [name, what to show] of each input. */
export const shown = (inputs) =>
  Object.entries(inputs).map(([name, value]) => [name, showValue(value)]);

export const tokensOf = ({ promptTokens: read, completionTokens: written }) =>
  read + written > 0 && `${count(read)} read, ${count(written)} written`;
export const costOf = (cost) => cost && `${cost.amount} ${cost.currency}, estimated`;
