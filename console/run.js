// The run page: follows one run until it is closed, and can cancel it.

import { call } from "./api.js";
import { answered, anyOf, byId, choose, describe, difference, el, fill, onSubmit, reveal,
  when } from "./dom.js";

const path = `/api${location.pathname}`;
let latest = "", changedAt = Date.now(), isOver = false, timer = 0;

const showSteps = ({ round, outcome, state, responses, delivery }) => {
  choose("draft-step", round ? "done" : outcome ?? "current");
  choose("sign-step", round ? outcome ?? "current" : "next");
  const posting = isOver ? "none" : state === "posting" ? "current" : "next";
  choose("post-step", delivery?.state ?? posting);
  fill({ signer: round && !outcome ? anyOf(round.assignedTo) : responses.at(-1)?.responder ?? "",
    target: delivery?.target ?? "" });
};

const answer = (draft) => (response) => {
  const { acceptedText, comments } = response;
  const isChanged = acceptedText !== null && acceptedText !== draft;
  const item = el("li", {}, answered(response, isChanged ? " with changes" : ""));
  if (comments) item.append(el("blockquote", {}, comments));
  if (isChanged) item.append(difference(draft, acceptedText));
  return item;
};

const show = (run) => {
  const { round, delivery, responses, state, outcome, signedText, closedAt } = run;
  const isOpen = state === "waiting" && !outcome;
  document.title = `${run.title} · Signpost`;
  fill({ title: run.title, detail: run.detail, text: signedText ?? round?.text ?? "" });
  showSteps(run);
  choose("delivery", delivery?.state);
  if (delivery) byId("delivered").replaceChildren(delivery.detail, " ", when(delivery.at));
  if (isOpen) describe("awaited", [["Who", anyOf(round.assignedTo)],
    ["Next reminder", round.nextReminderAt && when(round.nextReminderAt)],
    ["Deadline", when(round.expiresAt)]]);
  choose("written", signedText === null ? "draft" : "signed");
  choose("finish", round?.finishReason);
  byId("answers").replaceChildren(...responses.map(answer(round?.text)));
  describe("asked", [...Object.entries(run.inputs), ["Asked by", run.requestor],
    ["Started", when(run.createdAt)], ["Closed", closedAt && when(closedAt)]]);
  describe("record", [["Run", run.id], ["Flow", run.flow], ["Draft", round?.digest],
    ["Signed text", run.signedDigest]]);
  reveal({ run: true, delivery, waiting: isOpen, written: round, answered: responses.length,
    cancel: isOpen || state === "drafting", again: isOver });
};

const follow = async () => {
  try {
    const run = await call(path);
    fill({ lost: "" });
    isOver = run.state === "closed";
    if (JSON.stringify(run) !== latest) {
      [latest, changedAt] = [JSON.stringify(run), Date.now()];
      show(run);
    }
  } catch (problem) {
    isOver = problem.status === 401 || problem.status === 404;
    fill(isOver ? { detail: problem.message } : { lost: `${problem.message} Trying again.` });
  }
  const quiet = Date.now() - changedAt;
  clearTimeout(timer);
  if (!isOver && !document.hidden)
    timer = setTimeout(follow, quiet < 120_000 ? 1000 : quiet < 900_000 ? 5000 : 20_000);
};

byId("cancel").addEventListener("click", () => byId("confirm").showModal());
onSubmit(byId("confirm-form"), async (choice) => {
  const body = { reason: byId("reason").value || undefined };
  if (choice === "cancel") await call(`${path}/cancel`, { method: "POST", body });
  byId("confirm").close();
  await follow();
});
document.addEventListener("visibilitychange", () => document.hidden || isOver || follow());
await follow();
