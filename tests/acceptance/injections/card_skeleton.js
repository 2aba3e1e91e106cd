// Draws cards with the official renderer, and tells what is left of each without its letters.
(cards) => {
  const signature = (node) => `${node.tagName}.${node.className}`;
  const isLine = (node) => node.classList.contains("ac-richTextBlock");
  const isRun = (node) => node.tagName === "SPAN" && node.className === "ac-textRun";
  const isLetters = (node) => [...node.childNodes].every((child) => child.nodeType === 3);
  const isAnchor = (node) => node.tagName === "A" && node.className === "ac-anchor ac-selectable";
  const isGap = (node) => node.className === "ac-horizontal-separator" && !node.hasChildNodes();
  const isLink = (run) =>
    run.childNodes.length === 1 && run.children.length === 1 && isAnchor(run.firstChild) &&
    isLetters(run.firstChild);
  const strange = (line) =>
    [...line.children].filter((run) => !isRun(run) || !(isLetters(run) || isLink(run)));
  // A line is a line, whatever runs it has, and many lines are as good as one.
  const skeleton = (node) => {
    if (isLine(node)) return "line" + strange(node).map((run) => run.outerHTML);
    const inner = [...node.children].filter((each) => !isGap(each)).map(skeleton);
    return `${signature(node)}[${inner.filter((each, n) => each !== inner[n - 1])}]`;
  };
  const linkOf = (anchor) => ({
    shown: anchor.textContent, href: anchor.getAttribute("href"), protocol: anchor.protocol,
    host: anchor.host, user: anchor.username + anchor.password,
  });
  return cards.map((content) => {
    const card = new AdaptiveCards.AdaptiveCard();
    card.hostConfig = new AdaptiveCards.HostConfig({ supportsInteractivity: true });
    card.parse(content);
    const drawn = card.render();
    document.body.replaceChildren(drawn);
    const attributes = [...drawn.querySelectorAll("*")].flatMap((node) => node.getAttributeNames());
    return {
      skeleton: skeleton(drawn),
      attributes: [...new Set(attributes)].sort(),
      links: [...document.links].map(linkOf),
      text: [...drawn.querySelectorAll(".ac-richTextBlock")].map((line) => line.textContent),
      hit: window.hit ?? null,
    };
  });
}
