// Owns the page's header: where one can go, and who one is here.

import { become, call, me } from "./api.js";
import { el } from "./dom.js";

const PAGES = [["/approvals", "Approvals"], ["/instructions", "Instructions"]].slice(0,
  location.pathname.startsWith("/approvals/") ? 1 : 2); // who only signs needs no instructions
const header = document.querySelector("body > header");

/** Lead to the organisation's sign-in and back; the token of a link is left out on the way. */
const signInLink = () => el("a", { className: "button",
  href: `/.auth/login/aad?post_login_redirect_uri=${encodeURIComponent(location.pathname)}` },
"Sign in");

/** Choose who to be. Nothing happens before the button is pressed, also by keyboard. */
const chooser = (people) => {
  const named = people.map(({ email, displayName }) => [email, displayName ?? email]);
  if (me() && !named.some(([email]) => email === me())) named.push([me(), me()]);
  const select = el("select", { id: "me" }, ...[["", "nobody (operator)"], ...named].map(
    ([value, name]) => el("option", { value }, name)));
  select.value = me();
  const press = el("button", { hidden: true }, "Switch");
  select.addEventListener("change", () => { press.hidden = select.value === me(); });
  const form = el("form", { className: "who" }, el("label", { htmlFor: "me" }, "You are"),
    select, press);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    become(select.value);
  });
  return form;
};

/** Show it all; gives what the API says of whoever asks, undefined where it says nothing. */
export const showMe = async () => {
  try {
    const known = await call("/api/me", { isQuiet: true });
    header.append(el("nav", { ariaLabel: "Pages" }, ...PAGES.map(([href, name]) => el("a", { href,
      ariaCurrent: location.pathname === href ? "page" : null }, name))));
    if (known.signIn === "local") header.append(chooser(known.people));
    else if (known.you) header.append(el("p", { className: "who" }, "Signed in as ",
      el("strong", { title: known.you }, known.displayName ?? known.you)));
    else if (known.signIn !== "off") header.append(signInLink());
    return known;
  } catch {
    return undefined; // the page says what it can't load
  }
};
