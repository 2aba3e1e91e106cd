// Owns the fields of a form, one for each input by its type, and the values that they hold.

import { count, el, showCount, sizeOf } from "./dom.js";

const TYPES = { Email: "email", File: "file", Number: "number", Date: "date" };
const KINDS = { txt: "Text", md: "Markdown", csv: "CSV", pdf: "PDF", docx: "Word" };
const MOST_BYTES = 5 * 1024 ** 2;

const isSet = (value) => value !== null && value !== undefined && value !== "";

/** Offer choices; without a default, none is made for the reader. */
const select = ({ type, required, options, default: usual }) => {
  const none = isSet(usual) ? [] : [el("option", { value: "" }, required ? "Choose…" : "None")];
  return el("select", {}, ...none, ...(type === "Yes/No" ? ["Yes", "No"] : options).map(
    (value) => el("option", { value }, value)));
};

const controlFor = (input) => {
  const { type, minimum, maximum } = input;
  if (type === "Drop-down list" || type === "Yes/No") return select(input);
  return TYPES[type] ? el("input", { type: TYPES[type], autocomplete: "off", step: "any",
    min: minimum ?? "", max: maximum ?? "", accept: `.${Object.keys(KINDS).join(",.")}` })
    : el("textarea");
};

const helpFor = ({ type, description, maxLength, minimum, maximum, default: usual }) => [
  description, type === "File" && "Text, Markdown, CSV, PDF or Word, up to 5 MB" +
    `${maxLength ? ` and ${count(maxLength)} characters of text` : ""}.`,
  isSet(minimum) && `At least ${minimum}.`, isSet(maximum) && `At most ${maximum}.`,
  type === "Number" && isSet(usual) && `Left empty, it is ${usual}.`].filter(Boolean).join(" ");

const about = ({ name, size }) =>
  `${KINDS[/\w+$/.exec(name)?.[0].toLowerCase()] ?? "Not of these kinds"}, ${sizeOf(size)}`;

/** Build the field of one input, filled in with its `preset` or its default. */
export const fieldFor = (input, index) => {
  const { name, type, required, maxLength, default: usual, preset = usual } = input;
  const control = controlFor(input), isFile = type === "File";
  const counter = el("span", { className: "counter", role: isFile ? "status" : null });
  const tell = () => {
    if (isFile) counter.textContent = control.files.length ? about(control.files[0]) : "";
    // As the server counts: code points.
    else if (maxLength) showCount(counter, [...control.value].length, maxLength, "characters");
  };
  Object.assign(control, { id: `input-${index}`, name, required, oninput: tell });
  control.setAttribute("aria-describedby", `hint-${index} error-${index}`);
  if (!isFile) control.value = preset === true ? "Yes" : preset === false ? "No" : preset ?? "";
  // What is emptied in spite of a default is meant to be empty; a number can't say so.
  Object.assign(control.dataset, { type, ...isSet(usual) && type !== "Number" && { none: "" } });
  tell();
  const element = el("div", { className: "field" }, el("label", { htmlFor: control.id }, name,
    el("span", { className: "optional" }, required ? "" : " optional")), control,
  el("p", { className: "hint", id: `hint-${index}` }, el("span", {}, helpFor(input)), counter),
  el("p", { className: "error", id: `error-${index}` }));
  element.dataset.field = `inputs.${name}`;
  return element;
};

const valueOf = async ({ type, value, files, validity, validationMessage, dataset }) => {
  if (validity.badInput) throw new Error(validationMessage); // half a date, or no number
  if (value === "") return dataset.none;
  if (type === "number") return Number(value);
  if (type !== "file") return dataset.type === "Yes/No" ? value === "Yes" : value;
  if (files[0].size > MOST_BYTES) throw new Error("This file is larger than 5 MB.");
  return { name: files[0].name, contentBytes: (await files[0].bytes()).toBase64() };
};

/** Read the controls inside an element as JSON values by name, undefined where all are empty.
 *  Throws what is wrong, with its field. */
export const valuesIn = async (place) => {
  const values = [];
  for (const control of place.querySelectorAll("[name]"))
    values.push([control.name, await valueOf(control).catch((error) => {
      throw Object.assign(error, { field: control.closest("[data-field]").dataset.field });
    })]);
  const given = values.filter(([, value]) => value !== undefined);
  return given.length ? Object.fromEntries(given) : undefined;
};
