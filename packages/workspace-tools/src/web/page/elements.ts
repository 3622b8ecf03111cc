export type Attributes = Readonly<Record<string, string>>;

const setOf = (names: string): ReadonlySet<string> => new Set(names.split(' '));

/** Elements whose content is no text of the page, or is not shown. */
const unread = setOf(
  'audio canvas datalist embed iframe noembed noframes object script select style svg template video',
);
const paragraphs = setOf(
  'address article aside blockquote details dl fieldset figure footer form h1 h2 h3 h4 h5 h6 header hr main nav ol p pre section table ul',
);
const lines = setOf('caption dd div dt figcaption legend li summary');

/** How an element is set apart: by an empty line (2), on lines of its own (1), or not. */
export function distanceOf(name: string): 0 | 1 | 2 {
  if (paragraphs.has(name)) return 2;
  return lines.has(name) ? 1 : 0;
}

const undisplayed = /(?:display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse))/i;
const MAX_STYLE_CHARS = 2000;

/** Whether people do not see an element, as far as it says so itself: style sheets are not looked at. */
export function isHidden(name: string, attributes: Attributes): boolean {
  if (unread.has(name) || attributeOf(attributes, 'hidden') !== undefined) return true;
  if (name === 'dialog') return attributeOf(attributes, 'open') === undefined;
  return undisplayed.test((attributeOf(attributes, 'style') ?? '').slice(0, MAX_STYLE_CHARS));
}

export function attributeOf(attributes: Attributes, name: string): string | undefined {
  return Object.hasOwn(attributes, name) ? attributes[name] : undefined;
}

const MAX_LINK_CHARS = 2000;
const followed = ['http:', 'https:', 'mailto:'];

/** Where a link leads, absolute; undefined for what stays on the page, or leads to nothing that can be fetched. */
export function linkTarget(href: string | undefined, base: string): string | undefined {
  if (href === undefined || href.startsWith('#') || href.length > MAX_LINK_CHARS) return undefined;
  const url = URL.parse(href, base);
  if (url === null || !followed.includes(url.protocol)) return undefined;
  // In Markdown a parenthesis ends the address.
  return url.href.replaceAll('(', '%28').replaceAll(')', '%29');
}
