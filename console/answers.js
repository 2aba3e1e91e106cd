// Owns how answers are told: who said what, when, for whom, and what it changed in the draft.

import { difference } from "./difference.js";
import { el, when } from "./dom.js";

const VERBS = { Approve: "signed", Reject: "rejected", "Request changes": "asked for changes" };
const PROOFS = { link: "By their own link", "sign-in": "Signed in", switch: "By the switch here" };

/** Write a person as whoever reads it knows them: by name, and by the address that flows use. */
export const nameOf = ({ displayName, email }) =>
  (displayName && displayName !== email ? `${displayName} (${email})` : email);

/** Say who answered what, and when. */
export const answered = ({ responder, approverResponse, onBehalfOf, responseDate }, how = "") =>
  el("p", {}, el("strong", {}, nameOf(responder)),
    ` ${VERBS[approverResponse] ?? `answered ${approverResponse}`}${how}`,
    `${onBehalfOf ? ` for ${onBehalfOf}` : ""}, `, when(responseDate));

/** List one answer with its comment, how it was proved, and its changes to the draft. */
export const answerItem = (draft) => (response) => {
  const { acceptedText, comments, proof, channel } = response;
  const isChanged = acceptedText !== null && acceptedText !== draft;
  const item = el("li", {}, answered(response, isChanged ? " with changes" : ""));
  if (comments) item.append(el("blockquote", {}, comments));
  if (proof) item.append(el("p", { className: "hint" },
    `${PROOFS[proof] ?? proof}${channel === "inbox" ? ", from an inbox" : ""}.`));
  if (isChanged && draft) item.append(difference(draft, acceptedText));
  return item;
};
