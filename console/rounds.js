// Owns how the rounds of a run are told: who is awaited in the one that is on, and those before.

import { answerItem } from "./answers.js";
import { difference } from "./difference.js";
import { byId, el, fill, reveal, when } from "./dom.js";
import { draftsOf } from "./drafts.js";

const awaited = ({ person, since, onBehalfOf }) => el("li", {}, el("strong", {}, person),
  `${onBehalfOf ? ` for ${onBehalfOf}` : ""}, since `, when(since));

const earlier = (round, responses, next) => {
  const { number, text, outcome, variants } = round;
  const more = el("details", {},
    el("summary", {}, `Draft ${number}: ${outcome}`),
    el("div", { className: "drafts" }, ...draftsOf(variants)),
    el("h3", {}, "Answers"),
    el("ul", { className: "answers" }, ...responses.map(answerItem(text))));
  more.append(el("h3", {}, `What draft ${next.number} changed`), difference(text, next.text));
  return more;
};

/** Keep what the reader opened open. */
const replace = (place, children) => {
  const open = [...place.children].filter((each) => each.open)
    .map((each) => each.firstElementChild.textContent);
  for (const child of children) child.open = open.includes(child.firstElementChild.textContent);
  place.replaceChildren(...children);
};

/** Show who holds up the round that is on. */
export const showAwaited = ({ waitingFor }) =>
  byId("awaited").replaceChildren(...waitingFor.map(awaited));

/** Show the answers of the newest round, what its draft changed, and the rounds before it. */
export const showRounds = ({ rounds, responses }) => {
  const of = (round) => responses.filter((response) => response.round === round?.number);
  const [newest, before] = rounds.toReversed();
  byId("answers").replaceChildren(...of(newest).map(answerItem(newest?.text)));
  if (before) byId("change").replaceChildren(difference(before.text, newest.text));
  replace(byId("rounds"), rounds.slice(0, -1).toReversed().map((round) =>
    earlier(round, of(round), rounds[round.number])));
  reveal({ answered: of(newest).length, changed: before, earlier: before });
  fill({ drafts: rounds.length > 1 ? `Number ${rounds.length}` : "" });
};
