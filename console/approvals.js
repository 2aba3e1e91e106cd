// The list page: what waits for a person, what they asked for, and what is over.

import { call } from "./api.js";
import { allOf, byId, choose, el, fill, reveal, when } from "./dom.js";
import { showMe } from "./who.js";

const chosen = (name) => new URLSearchParams(location.search).get(name) || undefined;
let box, next;

const line = (...parts) => el("p", { className: "hint" }, ...parts);
const link = (kind, { id, title }) => el("a", { href: `/${kind}/${id}` }, title);

const approval = (item) => {
  const { state, outcome, answered, requestor, requestDate, expiresAt, waitingFor, round } = item;
  const entry = el("li", {}, link("approvals", item));
  if (state === "over") entry.append(el("p", {}, outcome, answered ? ", with your answer" : ""));
  else if (answered) entry.append(el("p", {},
    `You answered. Waiting for ${allOf(waitingFor.map(({ person }) => person))}.`));
  entry.append(line(requestor ? `Asked by ${requestor}, ` : "Asked ", when(requestDate),
    round > 1 ? `, draft ${round}` : ""));
  if (state !== "over") entry.append(line("Deadline ", when(expiresAt)));
  return entry;
};

const run = (item) => el("li", {}, link("runs", item), el("p", {}, item.detail),
  line(item.requestor ? `Asked by ${item.requestor}, ` : "Started ", when(item.createdAt)));

const show = async () => {
  const isRuns = box === "sent" || box === "all";
  const query = new URLSearchParams({ box, limit: "25" });
  for (const [name, value] of Object.entries({ flow: chosen("flow"),
    person: box === "all" ? undefined : chosen("person"), cursor: next }))
    if (value) query.set(name, value);
  const page = await call(`/api/${isRuns ? "runs" : "approvals"}?${query}`);
  const entries = isRuns ? page.runs.map(run) : page.approvals.map(approval);
  ({ next } = page);
  byId("list").append(...entries);
  reveal({ more: next });
  const count = byId("list").childElementCount;
  fill({ lost: "", status: count ? `${count} shown${next ? ", and there are more" : ""}.` : "" });
  if (!count && !next) choose("empty", ["flow", "person"].find(chosen) ?? box);
  return entries;
};

const setUp = async (known, { flows }) => {
  const isNobody = !known?.you;
  box = chosen("box") ?? (isNobody && known?.isOperator ? "all" : "received");
  for (const tab of byId("tabs").children)
    tab.ariaCurrent = tab.href.endsWith(`=${box}`) ? "page" : null;
  byId("flow").append(...flows.map(({ name, title }) => el("option", { value: name }, title)));
  for (const name of ["flow", "person"]) byId(name).value = chosen(name) ?? "";
  byId("box").value = box;
  reveal({ all: known?.isOperator, filter: true, whose: isNobody && box !== "all" });
  if (!isNobody || box === "all" || chosen("person")) return show();
  fill({ status: "" });
  return choose("empty", "nobody");
};

const told = (action) => action.catch(({ message }) => fill({ status: "", lost: message }));

byId("more").addEventListener("click", () => told(show().then(([first]) =>
  first?.querySelector("a").focus())));
// The flows come first, since they may ask for a key that the rest needs, too.
await told(call("/api/flows").then(async (flows) => setUp(await showMe(), flows)));
