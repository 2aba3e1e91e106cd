// Shows what the local webhooks received, each card rendered by the official adaptivecards library.

const POLL_MS = 1000;
const SHOWN = 50;
const make = (tag, className, text = "") =>
  Object.assign(document.createElement(tag), { className, textContent: text });
const byId = (id) => document.getElementById(id);
const clock = new Intl.DateTimeFormat(document.documentElement.lang,
  { dateStyle: "medium", timeStyle: "short" });

const tone = (name) => ({ default: `var(--${name})`, subtle: `var(--${name}-subtle)` });
const style = (background) => ({
  backgroundColor: `var(--${background})`,
  borderColor: "var(--line)",
  foregroundColors: {
    default: tone("text"), dark: tone("text"), light: tone("text"), accent: tone("accent"),
    good: tone("good"), warning: tone("warning"), attention: tone("attention"),
  },
});
const font = (family) => ({
  fontFamily: family,
  fontSizes: { small: 12, default: 14, medium: 14, large: 18, extraLarge: 24 },
  fontWeights: { lighter: 300, default: 400, bolder: 600 },
});
// Colours are custom properties, so that one configuration serves light and dark.
const hostConfig = {
  supportsInteractivity: true,
  spacing: { small: 8, default: 12, medium: 16, large: 20, extraLarge: 24, padding: 16 },
  separator: { lineThickness: 1, lineColor: "var(--line)" },
  fontTypes: { default: font("inherit"), monospace: font("ui-monospace, monospace") },
  containerStyles: {
    default: style("card"), emphasis: style("emphasis"), accent: style("emphasis"),
    good: style("emphasis"), warning: style("emphasis"), attention: style("emphasis"),
  },
  actions: { maxActions: 6, spacing: "default", buttonSpacing: 8, actionAlignment: "left",
    showCard: { actionMode: "inline", inlineTopMargin: 12 } },
  adaptiveCard: { allowCustomStyle: false },
  textBlock: { headingLevel: 3 },
};

const renderCard = (content) => {
  const card = new AdaptiveCards.AdaptiveCard();
  card.hostConfig = new AdaptiveCards.HostConfig(hostConfig);
  card.onExecuteAction = (action) => {
    if (action instanceof AdaptiveCards.OpenUrlAction && /^https?:\/\//i.test(action.url ?? ""))
      window.open(action.url, "_blank", "noopener,noreferrer");
  };
  const body = make("div", "card");
  try {
    card.parse(content);
    body.append(card.render() ?? "This card is empty.");
  } catch (error) {
    body.textContent = `This card can't be shown: ${error.message}`;
  }
  return body;
};

const isAiLabelled = (message) =>
  [message, message.attachments[0].content.msteams ?? {}]
    .flatMap((part) => part.entities ?? [])
    .some((entity) => entity.additionalType?.includes("AIGeneratedContent"));

const renderMessage = ({ receivedAt, message }) => {
  const item = make("li", "message");
  const head = make("div", "head");
  const when = Object.assign(make("time", "", clock.format(new Date(receivedAt))),
    { dateTime: receivedAt });
  head.append(make("strong", "", "Workflows"), when);
  if (isAiLabelled(message)) head.append(make("span", "label", "AI generated"));
  item.append(head, renderCard(message.attachments[0].content));
  return item;
};

const nameOf = (person) => person.split("@")[0].replace(/^./, (first) => first.toUpperCase());
const link = (id, name, initial, count) => {
  const item = make("li", "");
  const anchor = Object.assign(make("a", ""), { href: `#${encodeURIComponent(id)}` });
  if (id === selected()) anchor.setAttribute("aria-current", "page");
  anchor.append(make("span", "avatar", initial), make("span", "name", name),
    make("span", "count", count ? String(count) : ""));
  item.append(anchor);
  return item;
};
const selected = () => decodeURIComponent(location.hash.slice(1)) || "General";

let latest = { channel: [], chats: {} };
let drawn = { id: "", count: 0 };

// Known messages stay as they are: an opened part of a card must not close with every poll.
const renderThread = (id, received) => {
  const thread = byId("thread");
  if (drawn.id !== id || drawn.count > received.length) {
    thread.replaceChildren();
    drawn = { id, count: Math.max(0, received.length - SHOWN) };
  }
  const fresh = received.slice(drawn.count).map(renderMessage);
  thread.append(...fresh);
  while (thread.childElementCount > SHOWN) thread.firstElementChild.remove();
  drawn.count = received.length;
  fresh.at(-1)?.scrollIntoView({ block: "nearest" });
};

const renderConversation = () => {
  const id = selected();
  const isChannel = id === "General";
  const received = isChannel ? latest.channel : latest.chats[id] ?? [];
  byId("title").textContent = isChannel ? "General" : nameOf(id);
  byId("about").textContent = isChannel ? "Channel" : `Chat with ${id}`;
  byId("empty").hidden = received.length > 0;
  byId("empty").textContent = isChannel
    ? "No posts yet. A post appears here once somebody has signed it."
    : "No messages yet.";
  renderThread(id, received);
};

const render = () => {
  const focused = document.activeElement?.closest("nav a")?.hash;
  const people = Object.entries(latest.chats);
  byId("channels").replaceChildren(link("General", "General", "G", latest.channel.length));
  byId("chats").replaceChildren(
    ...people.map(([id, chat]) => link(id, nameOf(id), nameOf(id)[0], chat.length)));
  byId("nobody").hidden = people.length > 0;
  [...document.querySelectorAll("nav a")].find((anchor) => anchor.hash === focused)?.focus();
  renderConversation();
};

let tag = "";
const poll = async () => {
  try {
    const answer = await fetch("/messages");
    byId("lost").textContent = "";
    if (answer.headers.get("etag") === tag) return;
    tag = answer.headers.get("etag");
    latest = await answer.json();
    render();
  } catch {
    byId("lost").textContent = "Local Teams does not answer. It is tried again every second.";
  }
};

addEventListener("hashchange", () => { render(); byId("title").focus(); });
document.addEventListener("visibilitychange", () => document.hidden || poll());
render();
await poll();
setInterval(() => document.hidden || poll(), POLL_MS);
