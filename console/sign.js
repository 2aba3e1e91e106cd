// The sign page: shows exactly what would be posted. A button sends the answer; loading never does.

import { call } from "./api.js";
import { renderCard } from "./card.js";
import { answered, anyOf, byId, choose, describe, difference, fill, onSubmit, reveal, showCount,
  when } from "./dom.js";

const path = `/api${location.pathname}`;
let approval;

const bytes = (value) => new TextEncoder().encode(JSON.stringify(value)).length;
const ask = (options) =>
  call(path, { ...options, headers: { "X-Approval-Token": location.hash.slice(1) } });
const isEdited = () => !byId("editor").hidden && byId("edited").value !== approval.text;

const finish = (ending, decision) => {
  choose("result", ending);
  byId("decision").replaceChildren(decision ? answered(decision) : "");
  fill({ reason: decision?.comments ?? "" });
  reveal({ result: true, form: false, preview: false });
  byId("follow").href = `/runs/${encodeURIComponent(approval.run)}`;
  byId("result").focus();
};

const showOver = ({ decision, outcome }) => {
  const isMine = decision?.responder.toLowerCase() === approval.you.toLowerCase();
  finish(decision ? isMine ? "mine" : "theirs" : outcome, decision);
};

const showEdit = () => {
  const text = byId("edited").value;
  const used = bytes(approval.card) - bytes(approval.text) + bytes(text);
  showCount(byId("bytes"), used, approval.maxBytes, "bytes with its card");
  byId("difference").replaceChildren(isEdited() ? difference(approval.text, text) : "None yet.");
  for (const place of ["card-note", "options"]) choose(place, isEdited() ? "edited" : "draft");
};

onSubmit(byId("form"), async (response) => {
  const acceptedText = response === "Approve" && isEdited() ? byId("edited").value : null;
  const comments = byId("comments").value;
  const body = { response, comments, acceptedText, digest: approval.digest };
  try {
    const { decision, signedDigest } = await ask({ method: "POST", body });
    fill({ text: acceptedText ?? approval.text, digest: signedDigest ?? approval.digest });
    finish(decision.approverResponse, decision);
  } catch (problem) {
    if (problem.status !== 409 && problem.status !== 410) throw problem;
    showOver(problem);
  }
});
byId("edit").addEventListener("click", () => {
  const isOpen = byId("editor").hidden;
  reveal({ editor: isOpen });
  byId("edit").ariaExpanded = String(isOpen);
  choose("edit", isOpen ? "open" : "closed");
  byId("edited").value = approval.text;
  showEdit();
  if (isOpen) byId("edited").focus();
});
byId("edited").addEventListener("input", showEdit);
addEventListener("hashchange", () => location.reload());

const show = () => {
  const { title, details, requireComment, state } = approval;
  document.title = `${title} · Signpost`;
  fill({ title, details, text: approval.text, digest: approval.digest });
  describe("request", [["You", approval.you], ["Asked by", approval.requestor],
    ...Object.entries(approval.inputs), ["May sign", anyOf(approval.assignedTo)],
    ["Deadline", when(approval.expiresAt)]]);
  choose("finish", approval.finishReason);
  byId("card").replaceChildren(renderCard(approval.card));
  if (requireComment.length) fill({ optional: `needed to ${anyOf(requireComment).toLowerCase()}` });
  for (const button of byId("options").children)
    button.hidden = !approval.options.includes(button.value);
  reveal({ approval: true, form: state === "open", edit: approval.allowEdits });
  if (state !== "open") showOver(approval);
};

try {
  approval = await ask();
  show();
} catch (problem) {
  fill({ title: "This can't be shown", details: problem.message });
  choose("help", problem.status === 401 ? "link" : "other");
}
