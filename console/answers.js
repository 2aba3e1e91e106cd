// Owns how answers are told: who said what, when, for whom, and what it changed in the draft.

import { difference } from "./difference.js";
import { el, when } from "./dom.js";
import { letter } from "./drafts.js";

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

/** List one answer with its comment, how it was proved, its draft, and its changes to that. */
export const answerItem = (draft, variants = []) => (response) => {
  const { acceptedText, comments, proof, channel, digest } = response;
  const isChanged = acceptedText !== null && acceptedText !== draft;
  const which = variants.findIndex((each) => each.digest === digest);
  const item = el("li", {}, answered(response, isChanged ? " with changes"
    : variants.length > 1 ? ` (${letter(which)})` : ""));
  if (comments) item.append(el("blockquote", {}, comments));
  if (proof) item.append(el("p", { className: "hint" },
    `${PROOFS[proof] ?? proof}${channel === "inbox" ? ", from an inbox" : ""}.`));
  if (isChanged && draft) item.append(difference(draft, acceptedText));
  return item;
};
