// Owns how an Adaptive Card looks here: the official library draws it in the colours of the page.

const tone = (name) => ({ default: `var(--${name})`, subtle: "var(--muted)" });
const box = (background) => ({ backgroundColor: `var(--${background})`, foregroundColors: {
  default: tone("text"), accent: tone("accent"), good: tone("accent"), attention: tone("danger"),
} });
const FONT = { fontFamily: "inherit", fontSizes: { small: 13, default: 15, large: 19 } };
const HOST = {
  supportsInteractivity: false, // what is signed is looked at, not pressed
  spacing: { small: 6, default: 10, medium: 16, large: 22, extraLarge: 28, padding: 18 },
  fontTypes: { default: FONT, monospace: FONT },
  containerStyles: { default: box("raised"), emphasis: box("sunken") },
};

/** Render a card as it would be posted; text in it stays text. */
export const renderCard = (content) => {
  const card = new AdaptiveCards.AdaptiveCard();
  card.hostConfig = new AdaptiveCards.HostConfig(HOST);
  card.parse(content);
  return card.render();
};
