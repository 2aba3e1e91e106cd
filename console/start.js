// The start page: a form made from a flow's inputs, sent so that retries make one run.

import { call } from "./api.js";
import { allOf, anyOf, byId, choose, el, fill, onSubmit, reveal, showCount } from "./dom.js";
import { showMe } from "./who.js";

let flows = [], attempt = {};

const field = ({ name, required, maxLength, description }, index) => {
  const element = byId("input").content.firstElementChild.cloneNode(true);
  const [control, counter] = ["textarea", ".counter"].map((part) => element.querySelector(part));
  Object.assign(control, { name, required });
  for (const part of ["hint", "error"]) element.querySelector(`.${part}`).id = `${part}-${index}`;
  control.setAttribute("aria-describedby", `hint-${index} error-${index}`);
  element.dataset.field = `inputs.${name}`;
  element.querySelector(".name").textContent = name;
  element.querySelector(".description").textContent = description;
  element.querySelector(".optional").hidden = required;
  // As the server counts: code points.
  const count = () => showCount(counter, [...control.value].length, maxLength, "characters");
  control.addEventListener("input", count);
  count();
  return element;
};

const chosen = () => flows.find(({ name }) => name === byId("flow").value);

const signers = ({ approvalType, assignedTo }) =>
  `By ${(/Everyone|all responses|Sequential/.test(approvalType) ? allOf : anyOf)(assignedTo)}`;

const showFlow = () => {
  const { title, description, location: place, inputs } = chosen();
  fill({ title, description, signers: signers(chosen()) });
  choose("place", place);
  byId("inputs").replaceChildren(...inputs.map(field));
};

const content = () => {
  const body = { inputs: {} };
  for (const { name, value, required } of byId("inputs").querySelectorAll("textarea"))
    if (value || required) body.inputs[name] = value;
  for (const { name, value, validity } of byId("parameters").querySelectorAll("input"))
    if (value || validity.badInput)
      body.parameters = { ...body.parameters, [name]: value && Number(value) };
  if (byId("requestor")?.value) body.requestor = byId("requestor").value;
  return body;
};

onSubmit(byId("form"), async () => {
  const body = content();
  const path = `/api/flows/${encodeURIComponent(chosen().name)}/runs`;
  const same = path + JSON.stringify(body);
  // One key per content: sent again, after a double click or a lost answer, it is the same run.
  if (attempt.content !== same) attempt = { content: same, key: crypto.randomUUID() };
  const headers = { "Idempotency-Key": attempt.key };
  const { id } = await call(path, { method: "POST", body, headers });
  location.assign(`/runs/${encodeURIComponent(id)}`);
});
addEventListener("pageshow", ({ persisted }) => { if (persisted) attempt = {}; });
byId("flow").addEventListener("change", showFlow);

try {
  ({ flows } = await call("/api/flows"));
  byId("flow").append(...flows.map(({ name, title }) => el("option", { value: name }, title)));
  reveal({ "flow-field": flows.length > 1, ready: flows.length });
  fill({ status: flows.length ? "" : "There is no flow yet. Add a YAML file to flows/." });
  if (flows.length) showFlow();
} catch (problem) {
  fill({ status: `The flows can't be loaded. ${problem.message}` });
}

// Who is known need not say so; a claim to be somebody else would be refused.
if ((await showMe())?.you) byId("requestor-field").remove();
